"""Curves: angles, adaptive polylines, length bounds and expected breakpoints; bad input."""

import math

import numpy as np
import pytest
from scipy import integrate

from maxout.numerics.curves.curve_quantities import (
    curve_length,
    expected_breakpoints,
    length_bounds,
    polyline,
    swept_angle,
)
from maxout.numerics.jacobian.value_functions import jacobian_moment
from maxout.numerics.predict import predict
from maxout.numerics.regions import count_polyline, sample
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.errors import DoesNotApplyError, MaxoutError
from maxout.theory.network import Network


def circle(t):
    return np.stack([np.cos(2 * np.pi * t), np.sin(2 * np.pi * t)], axis=-1)


def test_a_parametrized_curve_is_sampled_finely_enough() -> None:
    points = polyline(circle, 2)
    assert curve_length(points) == pytest.approx(2 * math.pi, rel=1e-6)
    assert curve_length(polyline(circle, 2, 1e-3)) == pytest.approx(2 * math.pi, rel=1e-3)
    assert swept_angle(points) == pytest.approx(2 * math.pi, rel=1e-12)


def test_corners_are_found() -> None:
    points = polyline(lambda t: np.stack([t, np.abs(t - 0.3)], axis=-1), 2)
    assert curve_length(points) == pytest.approx(math.sqrt(2), rel=1e-6)
    assert len(points) < 1000


@pytest.mark.parametrize(
    ("curve", "message"),
    [
        (lambda t: np.stack([t, t > 0.3], axis=-1), "jumps at parameter 0.3"),
        (lambda t: np.stack([t, np.where(t > 0.5, np.nan, t)], axis=-1), "not finite"),
        (lambda t: np.zeros((len(t), 2)), "coincide"),
        (lambda t: t, r"points of shape \(m, 2\)"),
        ([[0, 1], [0, 1], [1, 1]], "points 0 and 1 of the polyline coincide"),
        ([[0, 1], [1e-200, 1]], "points 0 and 1 of the polyline coincide"),
        ([[-1e200, 1], [1e200, 1]], "float64's range"),
        ([[0, 1], [math.nan, 1]], "finite numbers"),
        ([[0, 1], [math.inf, 1]], "finite numbers"),
        ([[0, 1]], "two or more points"),
        ([[0, 1, 2], [1, 1, 1]], "two or more points of 2 numbers"),
        ([], "two or more points"),
        ([[0, 0], [1, 1]], "meets the origin"),
        ([[-1, 0], [2, 0]], "segment 0 of the curve meets the origin"),
    ],
)
def test_bad_curves_are_refused(curve, message: str) -> None:
    with pytest.raises(MaxoutError, match=message):
        expected_breakpoints(Network(2, (3, 3), 1, 3, bias="zero"), curve)


def test_nothing_is_lost_when_a_curve_is_refused() -> None:
    points = np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 1.0]])
    before = points.copy()
    with pytest.raises(MaxoutError, match="coincide"):
        polyline(points, 2)
    assert (points == before).all()


def test_swept_angles() -> None:
    assert swept_angle([[1, 0], [0, 1]]) == pytest.approx(math.pi / 2)
    assert swept_angle([[1, 0], [0, 1], [1, 0]]) == pytest.approx(math.pi)  # back again
    assert swept_angle([[1, 0], [2, 0]]) == 0
    assert swept_angle([[-1, 1e-9], [1, 1e-9]]) == pytest.approx(math.pi - 2e-9, abs=1e-15)
    # (x, 1) along a straight line through the origin of R^2.
    assert swept_angle([[-1, 0], [1, 0]], augmented=True) == pytest.approx(math.pi / 2)


@pytest.mark.parametrize("points", [[[-2, 0.5], [1, 1.5]], [[0.3, -1], [0.3, 2], [4, 2]]])
@pytest.mark.parametrize("bias", ["zero", "gaussian"])
def test_the_integral_of_the_root_against_quadrature(points, bias: str) -> None:
    network = Network(2, (6, 5), 3, 4, bias=bias)

    def speed(x: np.ndarray, u: np.ndarray) -> float:
        norm = float(np.linalg.norm(x))
        cosine = max(-1.0, min(1.0, float(x @ u) / norm))
        if bias == "zero":
            mean = float(predict(CATALOGUE["jacobian.mean.exact"], network, cosine=cosine))
        else:
            mean = float(jacobian_moment(network, norm, cosine))
        return math.sqrt(mean)

    expected = 0.0
    for a, b in zip(points, points[1:], strict=False):
        a, b = np.array(a, float), np.array(b, float)
        length = float(np.linalg.norm(b - a))
        nodes, weights = np.polynomial.legendre.leggauss(40)
        expected += (
            length
            / 2
            * sum(
                w * speed(a + (1 + z) / 2 * (b - a), (b - a) / length)
                for z, w in zip(nodes, weights, strict=True)
            )
        )
    found = length_bounds(network, points)
    assert found.exact == pytest.approx(expected, rel=1e-6)  # the 40-point rule's own error
    assert found.exact <= found.sharp <= found.paper


def test_the_quadrature_is_graded_near_the_origin() -> None:
    """The cosine turns within 10^-6 of the foot; an adaptive routine told of it agrees."""
    network = Network(2, (6, 5), 1, 4, bias="zero")
    near = 1e-6
    across, along = (
        float(predict(CATALOGUE["jacobian.mean.exact"], network, cosine=c)) for c in (0, 1)
    )
    expected, _ = integrate.quad(
        lambda s: math.sqrt(across + (along - across) * s**2 / (s**2 + near**2)),
        -1,
        2,
        points=[-1e-3, -1e-5, -near, 0, near, 1e-5, 1e-3],
        limit=500,
        epsabs=1e-13,
    )
    found = length_bounds(network, [[-1, near], [2, near]])
    assert found.exact == pytest.approx(expected, rel=1e-9)


def test_second_order_is_not_below_the_first() -> None:
    network = Network(3, (6, 5), 2, 3, bias="gaussian")
    points = [[0, 1, 0], [2, 1, 1], [2, -1, 0]]
    first, second = (length_bounds(network, points, order) for order in (1, 2))
    assert first.exact <= second.exact <= second.sharp
    assert length_bounds(network, points, 3).sharp < length_bounds(network, points, 3).paper


def test_any_biases_get_the_bounds_that_hold_for_them() -> None:
    found = length_bounds(Network(2, (4, 4), 1, 3), [[0, 1], [1, 1]])
    assert found.exact is None
    assert found.sharp < found.paper
    assert length_bounds(Network(2, (4, 4), 1, 3), [[0, 1], [1, 1]], 3).sharp is None
    with pytest.raises(MaxoutError, match="bias='gaussian' or bias='zero'"):
        expected_breakpoints(Network(2, (4, 4), 1, 3), [[0, 1], [1, 1]])


def test_expected_breakpoints_of_deeper_layers_with_gaussian_biases() -> None:
    """The chain of lengths and angles against networks whose breakpoints are counted."""
    network = Network(3, (7, 6, 5), 1, 3, bias="gaussian")
    points = [[-2, 0.5, 0], [1, 1.5, 1]]
    expected = expected_breakpoints(network, points)
    generator = np.random.default_rng(5)
    layer_of = np.repeat(np.arange(3), network.widths)
    counts = []
    for _ in range(600):
        unit = count_polyline(sample(network, generator), points).unit
        counts.append(np.bincount(layer_of[unit[unit >= 0]], minlength=3))
    error = np.std(counts, axis=0, ddof=1) / math.sqrt(len(counts))
    # Six standard errors of the mean (the seed is fixed), plus six of the chain.
    assert (np.abs(np.mean(counts, axis=0) - expected.layers) < 6 * (error + expected.error)).all()
    assert expected.sampled > 0
    assert expected.error < 0.02 * expected.total


def test_one_gaussian_layer_needs_no_chain() -> None:
    network = Network(2, (6,), 1, 3, bias="gaussian")
    found = expected_breakpoints(network, [[-1, 0], [1, 0]])
    # A quarter turn of (x, 1), 3/(2 pi) a radian and unit at rank 3.
    assert found.layers == pytest.approx([6 * 3 / (2 * math.pi) * math.pi / 2])
    assert found.sampled == 0


@pytest.mark.parametrize("radius", [0.3, 2.0])
def test_on_a_sphere_the_statements_are_the_integrals_along_a_circle(radius: float) -> None:
    network = Network(3, (7, 6, 5), 2, 4, bias="gaussian")
    keys = ("breakpoints", "length.mean.upper")
    statements = {key: CATALOGUE[f"curve.{key}.sphere"] for key in keys}

    def circle(t: np.ndarray) -> np.ndarray:
        angle = 2 * np.pi * t
        return radius * np.stack([np.cos(angle), np.sin(angle), np.zeros_like(t)], axis=-1)

    along = length_bounds(network, circle)
    found = predict(statements["length.mean.upper"], network, norm=radius, length=along.length)
    # A polygon inside the circle, sampled to 1e-6 of its length.
    assert float(found) == pytest.approx(along.exact, rel=1e-4)
    chain = expected_breakpoints(network, circle, seed=3)
    value = predict(statements["breakpoints"], network, norm=radius, sweep=2 * math.pi)
    # The first layer is exact in both; the others are independent samples.
    assert abs(float(value) - chain.total) < float(value.value.radius) + 4 * chain.error
    one = Network(3, (7,), 1, 3, bias="gaussian")
    exact = predict(statements["breakpoints"], one, norm=radius, sweep=2 * math.pi)
    assert float(exact) == pytest.approx(expected_breakpoints(one, circle).total, rel=1e-4)


def test_no_curve_lies_on_a_sphere_of_the_line() -> None:
    for key in ("curve.breakpoints.sphere", "curve.length.mean.upper.sphere"):
        with pytest.raises(DoesNotApplyError, match="n_0 >= 2"):
            predict(CATALOGUE[key], Network(1, (4,), 1, 3, bias="gaussian"))
