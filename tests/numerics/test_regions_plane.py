"""Regions of the plane against an exact, slow subdivision in rational arithmetic."""

from fractions import Fraction
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maxout.numerics.regions import (
    MaxoutLayers,
    check,
    decision_boundary,
    linear_regions,
    sample,
    subdivide,
)
from maxout.numerics.regions import split as split_module
from maxout.numerics.regions import subdivision as subdivision_module
from maxout.theory.errors import MaxoutError
from maxout.theory.network import Network

WINDOW = (-2.0, 3.0, -1.5, 2.5)
Point = tuple[Fraction, Fraction]
Exact = dict[tuple[int, ...], list[Point]]


def _clip(polygon: list[Point], line: tuple[Fraction, ...]) -> list[Point]:
    """Sutherland and Hodgman's clip by a x + b y + c >= 0, in exact arithmetic."""
    a, b, c = line
    kept = []
    for p, q in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        at_p, at_q = a * p[0] + b * p[1] + c, a * q[0] + b * q[1] + c
        if at_p >= 0:
            kept.append(p)
        if at_p * at_q < 0:
            s = at_p / (at_p - at_q)
            kept.append((p[0] + s * (q[0] - p[0]), p[1] + s * (q[1] - p[1])))
    return kept


def _area(polygon: list[Point]) -> Fraction:
    pairs = zip(polygon, polygon[1:] + polygon[:1], strict=True)
    return sum((p[0] * q[1] - q[0] * p[1] for p, q in pairs), Fraction(0)) / 2


def exact_regions(layers: MaxoutLayers, window: tuple[float, ...]) -> Exact:
    """Winners -> corners of every activation region, one cell and one unit at a time."""
    x0, x1, y0, y1 = map(Fraction, window)
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    one, zero = Fraction(1), Fraction(0)
    cells: list[tuple[list[Point], list[tuple[Fraction, ...]], tuple[int, ...]]]
    cells = [(corners, [(one, zero, zero), (zero, one, zero)], ())]
    for weight, bias in layers.hidden:
        lines = []
        for polygon, maps, winners in cells:
            pieces = [
                [
                    tuple(
                        sum((Fraction(w) * m[d] for w, m in zip(row, maps, strict=True)), zero)
                        + (Fraction(b) if d == 2 else 0)
                        for d in range(3)
                    )
                    for row, b in zip(rows, biases, strict=True)
                ]
                for rows, biases in zip(weight, bias, strict=True)
            ]
            lines.append((polygon, pieces, winners))
        cells = []
        for polygon, pieces, winners in lines:
            here: list[tuple[list[Point], list[Any], tuple[int, ...]]] = [(polygon, [], winners)]
            for unit in pieces:
                here = [
                    (part, [*maps, unit[k]], (*won, k))
                    for cell, maps, won in here
                    for k, part in _envelope(cell, unit)
                ]
            cells += here
    return {winners: polygon for polygon, _, winners in cells}


def _envelope(cell: list[Point], unit: list[tuple[Fraction, ...]]) -> list[tuple[int, list[Point]]]:
    parts = []
    for k, mine in enumerate(unit):
        if mine in unit[:k]:
            continue  # of equal pieces the first
        part = cell
        for other in unit:
            part = _clip(part, tuple(m - o for m, o in zip(mine, other, strict=True)))
        if len(part) > 2 and _area(part) > 0:
            parts.append((k, part))
    return parts


def draw(widths: tuple[int, ...], rank: int, seed: int, bias: str = "gaussian") -> MaxoutLayers:
    network = Network(2, widths, outputs=3, rank=rank, c=1, bias=bias)
    return sample(network, np.random.default_rng(seed))


@pytest.mark.parametrize("bias", ["gaussian", "zero"])
@pytest.mark.parametrize(
    ("widths", "rank"), [((4, 4), 2), ((3, 2, 2), 3), ((3, 3), 5), ((2, 2, 3), 2), ((3,), 1)]
)
def test_equals_the_exact_subdivision(widths: tuple[int, ...], rank: int, bias: str) -> None:
    layers = draw(widths, rank, seed=sum(widths) + rank, bias=bias)
    found = subdivide(layers, WINDOW)
    exact = exact_regions(layers, WINDOW)
    assert found.undecided == 0
    assert found.count == len(exact)
    for winners, polygon, corners in zip(
        found.winners,
        found.polygons(),
        np.split(found.cells.corners, found.cells.starts[1:]),
        strict=True,
    ):
        true = exact[tuple(int(k) for k in winners)]
        # Every computed corner is within its own error bound of an exact one, and all are found.
        assert len(true) == len(polygon)
        for x, y, _, radius, *_ in corners:
            off = min(max(abs(Fraction(x) - p), abs(Fraction(y) - q)) for p, q in true)
            assert off <= Fraction(radius)
    assert check(found, layers).ok
    assert linear_regions(found).max() + 1 == found.count


def tied_at_the_middle(layers: MaxoutLayers) -> MaxoutLayers:
    """The same network with output biases that make all outputs 0 at one point of the window."""
    assert layers.output is not None
    weight = layers.output[0]
    return MaxoutLayers(
        layers.hidden, (weight, -MaxoutLayers(layers.hidden).evaluate([0.3, 0.2]) @ weight.T)
    )


def integer_layers(shapes: list[tuple[int, int, int]]) -> st.SearchStrategy[MaxoutLayers]:
    """Small integer weights: parallel pieces, common points, pieces that are equal, ties."""
    small = st.integers(-2, 2).map(float)

    def layer(shape: tuple[int, int, int]) -> st.SearchStrategy[Any]:
        return st.tuples(
            hnp.arrays(np.float64, shape, elements=small),
            hnp.arrays(np.float64, shape[:2], elements=small),
        )

    return st.tuples(*map(layer, shapes)).map(MaxoutLayers)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(integer_layers([(2, 3, 2), (2, 2, 2)]))
def test_degenerate_positions_are_counted_or_reported(layers: MaxoutLayers) -> None:
    found = subdivide(layers, (-3, 3, -3, 3))
    exact = exact_regions(layers, (-3, 3, -3, 3))
    # Corners are small integer fractions here, so errors of 1e-15 make areas of at most 1e-13.
    assert found.areas().sum() == pytest.approx(36, abs=1e-12)
    if found.undecided == 0:
        assert found.count == len(exact)
        assert {tuple(map(int, w)) for w in found.winners} == set(exact)
    else:
        # Whatever rounding decided, cells of visible size are all there.
        visible = sum(area > 1e-9 for area in found.areas())
        assert visible == len(exact)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from([(3, 2), (2, 3), (2, 4)]))
def test_zero_biases_are_never_undecided(seed: int, shape: tuple[int, int]) -> None:
    """All boundaries meet in the origin, which every cell has as an exact corner."""
    width, rank = shape
    layers = draw((width, 3, 2), rank, seed, bias="zero")
    found = subdivide(layers, WINDOW)
    assert found.undecided == 0
    assert found.count == len(exact_regions(layers, WINDOW))


@pytest.mark.parametrize("edge", [0, 1, 2, 3])
def test_a_boundary_along_the_windows_edge_is_reported(edge: int) -> None:
    """max(0, +-(x - e)) with e on the window's edge: no region is cut, and rounding might have."""
    normal = np.array([[1.0, 0], [1, 0], [0, 1], [0, 1]])[edge]
    weight = np.stack([np.zeros(2), normal])[None]
    found = subdivide(MaxoutLayers([(weight, np.array([[0.0, -WINDOW[edge]]]))]), WINDOW)
    assert (found.count, found.undecided) == (1, 1)
    # The control: the same line well inside cuts, and nothing is undecided.
    inside = WINDOW[edge] + (-0.1 if edge % 2 else 0.1)
    found = subdivide(MaxoutLayers([(weight, np.array([[0.0, -inside]]))]), WINDOW)
    assert (found.count, found.undecided) == (2, 0)


def test_a_line_through_a_corner_is_reported() -> None:
    """x + y = 0.3 through the corner (0.1, 0.2): as floats the three numbers do not add up."""
    weight = np.array([[[0.0, 0.0], [1.0, 1.0]]])
    layers = MaxoutLayers([(weight, np.array([[0.0, -0.3]]))])
    found = subdivide(layers, (0.1, 1.0, 0.2, 1.0))
    assert found.undecided == 1
    assert sum(found.areas() > 1e-9) == 1


def test_equal_and_parallel_pieces_are_left_out_exactly() -> None:
    """Layers after the first compute equal pieces with different roundings; they must not tie."""
    base = draw((5, 4), 2, seed=3)
    doubled = [
        (np.concatenate([w, w, w], axis=1), np.concatenate([b, b, b - 0.5], axis=1))
        for w, b in base.hidden
    ]
    one, two = subdivide(base, WINDOW), subdivide(MaxoutLayers(doubled, base.output), WINDOW)
    assert two.undecided == 0
    assert one.count == two.count
    assert (one.winners == two.winners).all()


def test_a_repeated_unit_adds_no_region_and_says_so() -> None:
    base = draw((3,), 2, seed=5)
    weight, bias = base.hidden[0]
    twice = MaxoutLayers([(np.concatenate([weight, weight]), np.concatenate([bias, bias]))])
    found = subdivide(twice, WINDOW)
    assert found.undecided > 0
    assert found.count == subdivide(base, WINDOW).count


def test_a_bottleneck_of_one_unit_at_zero_bias_is_reported() -> None:
    """All units behind one unit change winners where it is 0: along the same lines exactly."""
    layers = draw((2, 1, 3), 2, seed=7, bias="zero")
    found = subdivide(layers, WINDOW)
    assert found.undecided > 0
    assert found.count == len(exact_regions(layers, WINDOW))


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    layers = draw((10, 10, 5), 3, seed=7)
    whole = subdivide(layers, WINDOW)
    monkeypatch.setattr(subdivision_module, "BLOCK", 200)
    monkeypatch.setattr(split_module, "BLOCK", 200)
    parts = subdivide(layers, WINDOW)
    assert parts.count == whole.count > 300
    assert sorted(map(bytes, parts.winners)) == sorted(map(bytes, whole.winners))


def test_the_region_of_a_point_is_the_one_whose_winners_it_has() -> None:
    """A grid of points: the winners of each, by a forward pass, are those of a region around it."""
    layers = draw((6, 6), 3, seed=11)
    found = subdivide(layers, WINDOW)
    x0, x1, y0, y1 = WINDOW
    grid = np.stack(np.meshgrid(np.linspace(x0, x1, 40), np.linspace(y0, y1, 40)), -1)
    own = layers.derivatives(grid.reshape(-1, 2))
    index = {bytes(w): i for i, w in enumerate(found.winners)}
    polygons = found.polygons()
    for point, winners in zip(grid.reshape(-1, 2), own.winners, strict=True):
        corners = polygons[index[bytes(winners.astype(np.uint8))]]
        side = np.roll(corners, -1, axis=0) - corners
        offset = point - corners
        # Corners are within 1e-12 of exact (checked above), grid points lie on the window's edge.
        assert (side[:, 0] * offset[:, 1] - side[:, 1] * offset[:, 0] > -1e-9).all()


def test_the_decision_boundary_is_where_the_top_two_outputs_meet() -> None:
    layers = tied_at_the_middle(draw((6, 5), 3, seed=2))
    found = subdivide(layers, WINDOW)
    boundary = decision_boundary(found)
    assert boundary.count > 5
    assert boundary.undecided == 0
    middles = boundary.segments.mean(axis=1)
    values = np.sort(layers.evaluate(middles), axis=1)
    assert np.abs(values[:, -1] - values[:, -2]).max() < 1e-12  # roundings of values of size 10
    assert (values[:, -2] - values[:, -3]).min() > 1e-9
    chosen = np.argsort(layers.evaluate(middles), axis=1)[:, -2:]
    assert (np.sort(chosen, axis=1) == boundary.classes).all()
    # Changes of the largest output along grid lines are crossings of pieces, on every line.
    for y in np.linspace(WINDOW[2] + 0.1, WINDOW[3] - 0.1, 23):
        x = np.linspace(WINDOW[0], WINDOW[1], 20001)
        top = layers.evaluate(np.column_stack([x, np.full_like(x, y)])).argmax(axis=1)
        ends = boundary.segments[:, :, 1] - y
        assert (np.diff(top) != 0).sum() == (ends[:, 0] * ends[:, 1] < 0).sum()


def test_two_outputs_have_one_piece_a_region_at_most() -> None:
    network = Network(2, (8, 8), outputs=2, rank=2, c=1, bias="gaussian")
    layers = tied_at_the_middle(sample(network, np.random.default_rng(1)))
    boundary = decision_boundary(subdivide(layers, WINDOW))
    assert len(set(boundary.region)) == boundary.count > 0


def test_linear_regions_merge_what_has_one_affine_map() -> None:
    """An output layer that does not read a unit cannot see its kinks."""
    layers = draw((6,), 2, seed=4)
    all_read = subdivide(MaxoutLayers(layers.hidden, (np.ones((1, 6)), [0.0])), WINDOW)
    blind = np.array([[1.0, 1, 1, 0, 0, 0]])
    half_read = subdivide(MaxoutLayers(layers.hidden, (blind, [0.0])), WINDOW)
    weight, bias = layers.hidden[0]
    three = subdivide(MaxoutLayers([(weight[:3], bias[:3])]), WINDOW)
    assert linear_regions(all_read).max() + 1 == all_read.count
    assert half_read.count == all_read.count
    assert linear_regions(half_read).max() + 1 == three.count < all_read.count


@pytest.mark.parametrize(
    "window",
    [(0, 0, 0, 1), (1, 0, 0, 1), (0, 1, 2, 2), (0, np.nan, 0, 1), (0, np.inf, 0, 1), (0, 1)]
    # An area that float64 cannot hold is none: products of sides or coordinates leave its range.
    + [(0, 5e-324, 0, 1), (0, 1e-300, 0, 1e-300), (-1e308, 1e308, 0, 1), (0, 1e200, 0, 1)]
    + [None, ("a", "b", "c", "d"), 3],
)
@pytest.mark.filterwarnings("error")
def test_a_window_without_area_is_refused(window: Any) -> None:
    with pytest.raises(MaxoutError, match="window"):
        subdivide(draw((2,), 2, seed=0), window)


@pytest.mark.filterwarnings("error")
def test_a_network_beyond_the_range_of_float64_is_refused() -> None:
    """max(1e308 x + y, x + 1e308 y) has two regions: an overflow must not count one."""
    weight = np.array([[[1.0, 0.0], [0.0, 1.0]]])
    for size in (1e308, 1e200):
        with pytest.raises(MaxoutError, match="float64's range"):
            subdivide(MaxoutLayers([(size * weight, np.zeros((1, 2)))]), WINDOW)
    deep = [(1e60 * weight, np.zeros((1, 2))), (np.full((1, 2, 1), 1e60), np.zeros((1, 2)))]
    with pytest.raises(MaxoutError, match="float64's range"):
        subdivide(MaxoutLayers(deep), WINDOW)
    assert subdivide(MaxoutLayers([(1e99 * weight, np.zeros((1, 2)))]), WINDOW).count == 2


def test_bad_networks_are_refused() -> None:
    with pytest.raises(MaxoutError, match="2 inputs, not 3"):
        subdivide(MaxoutLayers([(np.ones((1, 2, 3)), np.zeros((1, 2)))]), WINDOW)
    with pytest.raises(MaxoutError, match="from 1 to 256 where regions are found"):
        subdivide(MaxoutLayers([(np.ones((1, 300, 2)), np.zeros((1, 300)))]), WINDOW)
    with pytest.raises(MaxoutError, match="at least one hidden layer"):
        MaxoutLayers([])
    with pytest.raises(MaxoutError, match="finite"):
        MaxoutLayers([(np.full((1, 2, 2), np.nan), np.zeros((1, 2)))])
    with pytest.raises(MaxoutError, match="shape"):
        MaxoutLayers([(np.ones((1, 2, 2)), np.zeros(2))])
    with pytest.raises(MaxoutError, match="layer 1 has 1 units but the next one reads 3"):
        MaxoutLayers([(np.ones((1, 2, 2)), np.zeros((1, 2)))], (np.ones((1, 3)), [0.0]))
    with pytest.raises(MaxoutError, match="at least 2 outputs"):
        decision_boundary(subdivide(MaxoutLayers([(np.ones((1, 1, 2)), [[0.0]])]), WINDOW))
    with pytest.raises(MaxoutError, match="bias='gaussian' or bias='zero'"):
        sample(Network(2, (3,), c=1), np.random.default_rng(0))
