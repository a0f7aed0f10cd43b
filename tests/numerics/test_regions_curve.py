"""Breakpoints along segments and polylines against exact arithmetic and dense grids."""

from fractions import Fraction
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maxout.numerics.regions import MaxoutLayers, count_polyline, count_segment, sample, subdivide
from maxout.numerics.regions import many_segments as many_module
from maxout.numerics.regions import segment as segment_module
from maxout.numerics.regions.many_segments import ManyLayers, count_polylines
from maxout.theory.errors import DomainError, MaxoutError
from maxout.theory.network import Network


def exact_breakpoints(layers: MaxoutLayers, a: Any, b: Any) -> list[Fraction]:
    """Positions of all breakpoints in exact arithmetic: each piece of each line by intersection."""
    start = [Fraction(v) for v in a]
    # The segment that the program sees runs along the rounded difference; so does this one.
    step = [Fraction(float(q) - float(p)) for p, q in zip(a, b, strict=True)]
    pieces = [(Fraction(0), Fraction(1), list(zip(step, start, strict=True)))]
    for weight, bias in layers.hidden:
        cut = []
        for low, high, maps in pieces:
            here: list[tuple[Fraction, Fraction, list[Any]]] = [(low, high, [])]
            for rows, biases in zip(weight, bias, strict=True):
                lines = [
                    (
                        sum(Fraction(w) * m[0] for w, m in zip(row, maps, strict=True)),
                        sum(Fraction(w) * m[1] for w, m in zip(row, maps, strict=True))
                        + Fraction(v),
                    )
                    for row, v in zip(rows, biases, strict=True)
                ]
                here = [
                    (s, e, [*done, line])
                    for first, last, done in here
                    for s, e, line in _envelope(lines, first, last)
                ]
            cut += here
        pieces = cut
    return [low for low, _, _ in pieces[1:]]


def _envelope(lines: list[Any], low: Fraction, high: Fraction) -> list[Any]:
    """The parts of [low, high] on which each line is the largest, in order."""
    parts = []
    for line in set(lines):
        start, end = low, high
        for other in lines:
            rise, lead = line[0] - other[0], line[1] - other[1]
            if rise > 0:
                start = max(start, -lead / rise)
            elif rise < 0:
                end = min(end, -lead / rise)
            elif lead < 0:
                end = start
        if start < end:
            parts.append((start, end, line))
    return sorted(parts)


def draw(inputs: int, widths: tuple[int, ...], rank: int, seed: int, bias: str) -> MaxoutLayers:
    network = Network(inputs, widths, outputs=2, rank=rank, c=1, bias=bias)
    return sample(network, np.random.default_rng(seed))


@pytest.mark.parametrize("bias", ["gaussian", "zero"])
@pytest.mark.parametrize(
    ("inputs", "widths", "rank"),
    [(1, (5, 5), 2), (4, (6, 5, 4), 3), (3, (4, 4), 7), (2, (8,), 4), (5, (3,), 1)],
)
def test_equals_exact_arithmetic(
    inputs: int, widths: tuple[int, ...], rank: int, bias: str
) -> None:
    generator = np.random.default_rng(rank)
    layers = draw(inputs, widths, rank, inputs, bias)
    # Off the origin: with zero biases every kink of a line through it is there.
    a, b = generator.normal(size=(2, inputs)) * 3 + np.arange(inputs) - 1.3
    if inputs == 1 and bias == "zero":
        a, b = np.array([0.5]), np.array([2.0])
    found = count_segment(layers, a, b)
    exact = exact_breakpoints(layers, a, b)
    assert found.undecided == 0
    assert found.count == len(exact)
    errors = found.error[found.unit >= 0, 0]
    for position, error, true in zip(found.breakpoints[:, 1], errors, exact, strict=True):
        assert abs(Fraction(position) - true) <= Fraction(error)
    assert errors.max(initial=0.0) < 1e-9


@settings(derandomize=True, deadline=None, max_examples=150)
@given(
    hnp.arrays(np.float64, (2, 3, 2), elements=st.integers(-2, 2).map(float)),
    hnp.arrays(np.float64, (2, 3, 2), elements=st.integers(-2, 2).map(float)),
    hnp.arrays(np.float64, (2, 3), elements=st.integers(-2, 2).map(float)),
)
def test_degenerate_positions_are_counted_or_reported(w1: Any, w2: Any, bias: Any) -> None:
    """Ties, parallel and equal lines, several breakpoints at one place."""
    layers = MaxoutLayers([(w1, bias), (w2, bias[::-1])])
    found = count_segment(layers, [-3.0, 1.0], [2.0, -2.0])
    exact = exact_breakpoints(layers, [-3.0, 1.0], [2.0, -2.0])
    if found.undecided == 0:
        assert found.count == len(exact)
    # Decided or not, the function is the network's: at most the last of two close breakpoints
    # moves, by rounding.
    t = np.linspace(0, 1, 301)
    points = np.array([-3.0, 1.0]) + t[:, None] * np.array([5.0, -3.0])
    piece = np.searchsorted(found.interval[:, 1], t).clip(max=len(found.segment) - 1)
    value = found.maps.value[piece, 0] * t[:, None] + found.maps.value[piece, 1]
    assert value == pytest.approx(layers.evaluate(points), abs=1e-11)


def test_a_dense_grid_sees_the_same_kinks() -> None:
    layers = draw(3, (10, 10), 3, seed=2, bias="gaussian")
    a, b = np.array([-2.0, 1, 0.5]), np.array([3.0, -1, 1])
    found = count_segment(layers, a, b)
    t = np.linspace(0, 1, 100_001)
    winners = layers.derivatives(a + t[:, None] * (b - a)).winners
    changes = (np.diff(winners, axis=0) != 0).any(axis=1)
    assert np.diff(found.breakpoints[:, 1]).min() > 2e-5  # the grid can tell them apart
    assert changes.sum() == found.count > 15
    assert np.abs(t[1:][changes] - found.breakpoints[:, 1]).max() <= 1e-5
    unit = np.diff(winners, axis=0)[changes].astype(bool).argmax(axis=1)
    assert (unit == found.unit[found.unit >= 0]).all()


def test_a_polyline_is_its_segments_one_after_the_other() -> None:
    layers = draw(3, (8, 8), 4, seed=3, bias="gaussian")
    points = np.random.default_rng(0).normal(size=(30, 3)) * 2
    whole = count_polyline(layers, points)
    parts = [count_segment(layers, p, q) for p, q in zip(points, points[1:], strict=False)]
    assert whole.undecided == 0
    assert whole.count == sum(part.count for part in parts)
    assert (np.diff(whole.segment) >= 0).all()
    # Matrix products of other shapes may round otherwise: positions agree to that.
    assert np.concatenate([part.breakpoints[:, 1] for part in parts]) == pytest.approx(
        whole.breakpoints[:, 1], abs=1e-12
    )


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    layers = draw(3, (8, 8), 4, seed=3, bias="gaussian")
    whole = count_segment(layers, [-9, 0, 1], [9, 1, 0])
    monkeypatch.setattr(segment_module, "BLOCK", 50)
    assert count_segment(layers, [-9, 0, 1], [9, 1, 0]).unit.tolist() == whole.unit.tolist()


def test_slopes_are_the_jacobian_along_the_segment() -> None:
    layers = draw(3, (8, 8), 4, seed=4, bias="gaussian")
    a, b = np.array([0.0, 0, 1]), np.array([2.0, -1, 3])
    found = count_segment(layers, a, b)
    middle = a + found.interval.mean(axis=1)[:, None] * (b - a)
    jacobian = layers.derivatives(middle).jacobian
    expected = jacobian @ ((b - a) / np.linalg.norm(b - a))
    # Coefficients of size 10 over sums of 8 terms in two layers.
    assert found.slopes() == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize(("widths", "rank"), [((7,), 3), ((6, 5), 2), ((5, 4, 4), 4)])
def test_at_zero_bias_a_loop_meets_as_many_kinks_as_the_plane_has_sectors(
    widths: tuple[int, ...], rank: int
) -> None:
    layers = draw(2, widths, rank, seed=8, bias="zero")
    loop = [(2, -1), (2, 1.5), (-1, 1.5), (-1, -1), (2, -1)]
    along = count_polyline(layers, loop)
    plane = subdivide(layers, (-1, 2, -1, 1.5))
    assert along.undecided == plane.undecided == 0
    assert along.count == plane.count


def test_a_segment_through_the_origin_at_zero_bias_is_reported() -> None:
    layers = draw(2, (3, 3), 2, seed=1, bias="zero")
    assert count_segment(layers, [-1, -0.7], [1, 0.7]).undecided > 0
    # Starting in the origin all pieces are equal there, exactly: nothing to decide.
    from_it = count_segment(layers, [0, 0], [1, 0.7])
    assert (from_it.count, from_it.undecided) == (0, 0)


def test_a_tie_along_the_whole_segment_is_reported() -> None:
    """Pieces that differ only across the segment, to rounding."""
    weight = np.array([[[0.1, 0.2], [0.3, -0.2]]])
    layers = MaxoutLayers([(weight, np.zeros((1, 2)))])
    found = count_segment(layers, [0.2, 0.1], [0.6, 0.3])
    assert found.undecided == 1


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([[0.0, 0.0]], "two or more points of 2"),
        ([[0.0], [1.0]], "two or more points of 2"),
        ([[0.0, 0.0], [np.nan, 1.0]], "finite"),
        ([[0.0, 0.0], [1.0, np.inf]], "finite"),
        ([[0.0, 0.0], [1.0, 1.0], [1.0, 1.0]], "points 1 and 2 of the polyline coincide"),
        ([[0.0, 1.0], [1e-320, 1.0]], "points 0 and 1 of the polyline coincide"),
        ([[0.0, 1e-200], [1e-200, 0.0]], "points 0 and 1 of the polyline coincide"),
        ([[0.0, 0.0], [1e308, 1.0]], "float64's range"),
        ([[0.0, 0.0], [1.0]], "two or more points of 2 numbers"),
        ("ab", "two or more points of 2 numbers"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_bad_curves_are_refused(points: Any, message: str) -> None:
    with pytest.raises(MaxoutError, match=message):
        count_polyline(draw(2, (2,), 2, seed=0, bias="zero"), points)


def test_points_of_different_sizes_are_refused() -> None:
    with pytest.raises(MaxoutError, match="two points of n_0 numbers"):
        count_segment(draw(2, (2,), 2, seed=0, bias="zero"), [0, 1], [0, 1, 2])


@pytest.mark.filterwarnings("error")
def test_a_network_beyond_the_range_of_float64_is_refused() -> None:
    weight = np.array([[[1e308, 0.0], [0.0, 1e308]]])
    with pytest.raises(MaxoutError, match="float64's range"):
        count_segment(MaxoutLayers([(weight, np.zeros((1, 2)))]), [-3, 1], [3, 2])


def test_many_networks_are_each_one_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each network, weights and polyline of its own, as ``count_polyline`` finds it alone."""
    generator = np.random.default_rng(5)
    networks = [draw(3, (6, 5), 3, seed, "gaussian") for seed in range(7)]
    weight = [np.stack([n.hidden[layer][0] for n in networks]) for layer in range(2)]
    bias = [np.stack([n.hidden[layer][1] for n in networks]) for layer in range(2)]
    outputs = [n.output for n in networks if n.output]
    output = (np.stack([w for w, _ in outputs]), np.stack([b for _, b in outputs]))
    many = ManyLayers(list(zip(weight, bias, strict=True)), output)
    corners = generator.normal(size=(7, 5, 3)) * 2
    monkeypatch.setattr(many_module, "BLOCK", 2000)  # a network's pieces fall into several blocks
    found = count_polylines(many, corners)
    assert found.pieces.undecided == 0
    for index, (layers, points) in enumerate(zip(networks, corners, strict=True)):
        alone = count_polyline(layers, points)
        here = found.network == index
        assert found.pieces.unit[here].tolist() == alone.unit.tolist()
        assert (found.pieces.segment[here] - 4 * index).tolist() == alone.segment.tolist()
        apart = np.abs(found.pieces.interval[here] - alone.interval)
        assert (apart <= found.pieces.error[here] + alone.error).all()
        doubt = found.pieces.maps.error[here] + alone.maps.error
        assert (np.abs(found.pieces.maps.value[here] - alone.maps.value) <= doubt).all()
    assert len(found.pieces.unit) > 7 * 20
    with pytest.raises(DomainError, match="7 networks"):
        count_polylines(many, corners[:3])
