"""The checks of a subdivision pass on right ones, large too, and find each kind of damage."""

from dataclasses import replace

import numpy as np
import pytest

from maxout.numerics.regions import MaxoutLayers, Subdivision, check, sample, subdivide, topology
from maxout.numerics.regions.affine import Maps
from maxout.theory.network import Network

WINDOW = (-3.0, 3.0, -3.0, 3.0)


def draw(widths: tuple[int, ...], rank: int, seed: int, bias: str = "gaussian") -> MaxoutLayers:
    network = Network(2, widths, outputs=2, rank=rank, c=1, bias=bias)
    return sample(network, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def layers() -> MaxoutLayers:
    return draw((6, 6), 3, seed=1)


@pytest.fixture(scope="module")
def found(layers: MaxoutLayers) -> Subdivision:
    return subdivide(layers, WINDOW)


@pytest.mark.parametrize("bias", ["gaussian", "zero"])
@pytest.mark.parametrize(
    ("widths", "rank"), [((20, 20, 20), 2), ((16, 16), 5), ((30,), 4), ((5,) * 8, 3)]
)
def test_right_subdivisions_pass(widths: tuple[int, ...], rank: int, bias: str) -> None:
    layers = draw(widths, rank, seed=len(widths), bias=bias)
    found = subdivide(layers, WINDOW)
    report = check(found, layers)
    assert found.undecided == 0
    assert report.findings == ()
    assert report.vertices - report.edges + report.faces == 1
    assert report.faces == found.count > 20
    assert report.unsure == 0


@pytest.mark.parametrize("seed", range(20))
def test_small_ones_pass_over_many_networks(seed: int) -> None:
    layers = draw((5, 4, 3), 2 + seed % 4, seed=seed)
    found = subdivide(layers, WINDOW)
    assert found.undecided == 0
    assert check(found, layers).ok


def test_a_missing_cell_is_found(found: Subdivision, layers: MaxoutLayers) -> None:
    keep = np.arange(found.count) != found.count // 2
    damaged = replace(
        found,
        cells=found.cells.take(np.flatnonzero(keep)),
        winners=found.winners[keep],
        maps=Maps(found.maps.value[keep], found.maps.error[keep]),
    )
    findings = " ".join(check(damaged, layers).findings)
    assert "Euler" in findings
    assert "areas" in findings
    assert "do not belong to two cells" in findings


def test_a_wrong_winner_is_found(found: Subdivision, layers: MaxoutLayers) -> None:
    winners = found.winners.copy()
    winners[3, 0] = (winners[3, 0] + 1) % 3
    findings = " ".join(check(replace(found, winners=winners), layers).findings)
    assert "neighbours" in findings
    assert "1 cells whose winners" in findings


def test_a_wrong_map_is_found(found: Subdivision, layers: MaxoutLayers) -> None:
    value = found.maps.value.copy()
    value[7, 0, 1] += 1e-12  # far above the rounding of coefficients of size 1
    findings = check(replace(found, maps=Maps(value, found.maps.error)), layers).findings
    assert "1 cells whose gradients are not the network's at an interior point" in findings
    value = found.maps.value.copy()
    value[7, 2, 1] += 1e-11
    findings = check(replace(found, maps=Maps(value, found.maps.error)), layers).findings
    assert findings == ("1 cells whose values are not the network's at an interior point",)


def test_a_moved_corner_is_found(found: Subdivision, layers: MaxoutLayers) -> None:
    corners = found.cells.corners.copy()
    corners[np.abs(corners[:, :2]).max(axis=1).argmin(), 0] += 1e-9
    report = check(replace(found, cells=replace(found.cells, corners=corners)), layers)
    assert not report.ok


def test_another_network_is_found(found: Subdivision, layers: MaxoutLayers) -> None:
    (weight, bias), *rest = layers.hidden
    other = MaxoutLayers([(weight, bias + 1e-3 * np.eye(6, 3)), *rest], layers.output)
    findings = " ".join(check(found, other).findings)
    assert "values" in findings


def test_topology_counts_each_corner_and_edge_once() -> None:
    """Two crossing lines: 4 cells, 9 corners, 12 edges, 4 of them shared."""
    weight = np.array([[[0.0, 0], [1, 0]], [[0, 0], [0, 1]]])
    found = subdivide(MaxoutLayers([(weight, np.array([[0, 0.5], [0, -0.25]]))]), WINDOW)
    complex_ = topology(found)
    assert (found.count, complex_.vertices, complex_.edges, len(complex_.shared)) == (4, 9, 12, 4)
