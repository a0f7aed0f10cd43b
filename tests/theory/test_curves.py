"""Curves and regions against independent routes: quadrature, other statements, small cases."""

import math

import numpy as np
import pytest
import sympy as sp
from scipy import integrate, stats

from maxout.numerics.balls.evaluator import enclose
from maxout.numerics.curves.mean_breakpoints import breakpoint_rates, kink_rate
from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.curves import curve_means
from maxout.theory.errors import DoesNotApplyError, MaxoutError
from maxout.theory.network import Network
from maxout.theory.order.norm import SquaredNormMoment
from maxout.theory.parameters import environment
from maxout.theory.regions import region_bounds
from maxout.theory.regions.feature_gradients import (
    GRADIENT_SOURCES,
    gradient_constant,
    gradient_moment_exact,
    gradient_moment_upper,
)

NETWORKS = pytest.mark.parametrize(
    "network",
    [
        Network(1, (5, 4, 3), 2, 4, bias="zero"),
        Network(2, (3, 4), 1, 3, c=1, bias="zero"),
        Network(5, (6, 2, 7), 3, 5, c=2, bias="zero"),
        Network(3, (4, 4), 1, 1, bias="zero"),
    ],
    ids=str,
)


def value(network: Network, expression: sp.Expr) -> float:
    return float(enclose(expression, network.environment()))


def at(key: str, network: Network, order: int | None = None, **given) -> float:
    return float(predict(CATALOGUE[key], network, order, **given))


@pytest.mark.parametrize("rank", [2, 3, 7, 40])
def test_kink_rate_is_kac_and_rices_integral(rank: int) -> None:
    density = stats.norm.pdf
    rate, _ = integrate.quad(
        lambda y: density(y) ** 2 * stats.norm.cdf(y) ** (rank - 2), -12, 12, epsabs=1e-14
    )
    # C(K, 2) pairs exchange the lead at E|X_j' - X_k'| = 2/sqrt(pi) times that.
    assert math.comb(rank, 2) * 2 / math.sqrt(math.pi) * rate == pytest.approx(
        kink_rate(rank), rel=1e-10
    )


@NETWORKS
def test_aligned_moment_is_the_exact_moment_along_the_input(network: Network) -> None:
    for s in (1, 2, 3):
        exact = at("jacobian.moment.exact", network, s, cosine=1)
        assert value(network, curve_means.aligned_moment(s)) == pytest.approx(exact, rel=1e-12)


@NETWORKS
def test_no_angle_has_a_larger_even_moment_than_the_aligned_one(network: Network) -> None:
    for s in (1, 2, 3):
        aligned = value(network, curve_means.aligned_moment(s))
        for cosine in (0, 0.3, 0.9):
            if network.inputs == 1:
                continue
            exact = at("jacobian.moment.exact", network, s, cosine=cosine)
            assert exact <= aligned * (1 + 1e-12)


@pytest.mark.parametrize("network", [Network(2, (9, 7, 2), 1, 3, c=1, bias="zero")], ids=str)
def test_float_breakpoints_are_the_symbolic_ones(network: Network) -> None:
    """The float64 route against mpmath's integral of the same transform, in another variable."""
    statement = CATALOGUE["curve.breakpoints"]
    slow = float(enclose(statement.right(), environment(statement, network), 8))
    assert at("curve.breakpoints", network) == pytest.approx(slow, rel=1e-7)


def test_at_rank_two_every_unit_adds_the_same() -> None:
    for widths in ((7,), (2, 9), (30, 4, 11)):
        network = Network(2, widths, 1, 2, bias="zero")
        assert at("curve.plane.regions", network) == pytest.approx(2 * sum(widths), rel=1e-13)


def test_one_layer_of_rank_three_has_three_regions_a_unit() -> None:
    network = Network(2, (9,), 1, 3, bias="zero")
    assert at("curve.plane.regions", network) == pytest.approx(27, rel=1e-13)
    assert at("curve.plane.regions.rank3", network) == 27


def test_in_the_plane_the_locus_is_made_of_rays() -> None:
    """Rays of expected number 2 pi lambda: their density at radius r is lambda/r."""
    network = Network(2, (4, 6), 1, 5, bias="zero")
    density = at("curve.locus.density", network, norm=2)
    assert density == pytest.approx(at("curve.plane.regions", network) / (2 * math.pi * 2))


def test_in_space_the_locus_of_rank_two_units_is_made_of_planes() -> None:
    """Each unit of a single layer bends along a plane through 0: area pi in the unit ball."""
    network = Network(3, (5,), 1, 2, bias="zero")
    # The cone's area in the unit ball is the integral of D(1)/r over it: 2 pi D(1).
    assert 2 * math.pi * at("curve.locus.density", network, norm=1) == pytest.approx(5 * math.pi)


def test_a_single_unit_before_another_layer_is_refused() -> None:
    network = Network(2, (4, 1, 4), 1, 3, bias="zero")
    with pytest.raises(DoesNotApplyError, match="at least 2 units"):
        at("curve.breakpoints", network)
    with pytest.raises(MaxoutError, match="at least 2 units"):
        breakpoint_rates(network)


def test_plane_statements_need_two_inputs() -> None:
    with pytest.raises(DoesNotApplyError, match="n_0 = 2"):
        at("curve.plane.regions", Network(3, (4,), 1, 3, bias="zero"))


@NETWORKS
def test_exact_gradient_moments_average_the_jacobian_over_directions(network: Network) -> None:
    """E||grad zeta||^{2s} against a Gauss rule for the angle, and the chi-square of the row."""
    if network.inputs == 1:
        cosines, weights = np.array([1.0]), np.array([1.0])
    else:
        # cos of the angle between two directions has density (1-c^2)^{(n_0-3)/2}.
        power = (network.inputs - 3) / 2
        from scipy.special import roots_jacobi

        cosines, weights = roots_jacobi(12, power, power)
        weights = weights / weights.sum()
    before = Network(
        network.inputs, network.widths[:-1], network.outputs, network.rank, network.c, "zero"
    )
    for s in (1, 2):
        jacobian = sum(
            w * at("jacobian.moment.exact", before, s, cosine=float(cosine))
            for cosine, w in zip(cosines, weights, strict=True)
        )
        # The output layer gave E(chi^2_{n_L})^s / n^s; a feature's row gives (2s-1)!! c^s / n^s,
        # and the average over directions turns (2s-1)!! into n_0 (n_0+2) ... (n_0+2s-2).
        outputs = math.prod(network.outputs + 2 * i for i in range(s))
        directions = math.prod(network.inputs + 2 * i for i in range(s))
        expected = jacobian / outputs * directions * float(network.c) ** s
        assert value(network, gradient_moment_exact(s)) == pytest.approx(expected)


@NETWORKS
def test_gradient_bounds_are_ordered(network: Network) -> None:
    for s in (1, 2, 3):
        exact = value(network, gradient_moment_exact(s))
        sharp = value(network, gradient_moment_upper(2 * s, "sharp"))
        paper = value(network, gradient_moment_upper(2 * s, "paper"))
        assert exact <= sharp * (1 + 1e-12)
        assert sharp <= paper
        if network.inputs == 1:
            assert exact == pytest.approx(sharp)


def test_second_moment_is_that_of_the_specification() -> None:
    network = Network(4, (5, 6, 7), 1, 3, c=sp.Rational(3, 2), bias="gaussian")
    second = float(SquaredNormMoment(sp.Integer(3), sp.Integer(1), sp.Integer(1)).evalf())
    bound = value(network, gradient_moment_upper(2, "sharp"))
    assert bound == pytest.approx(1.5 * (1.5 * second) ** 2)


@pytest.mark.parametrize("source", GRADIENT_SOURCES)
@pytest.mark.parametrize("c", ["1/4", "3"])
def test_the_constant_serves_every_layer_and_order(source: str, c: str) -> None:
    network = Network(4, (5, 3, 6, 4), 1, 3, c=sp.Rational(c), bias="gaussian")
    for largest in (1, 2, 3, 4):
        constant = value(network, gradient_constant(largest, source))
        for layer in (1, 2, 3, 4):
            for t in range(1, largest + 1):
                moment = value(network, gradient_moment_upper(t, source, sp.Integer(layer)))
                assert constant**t >= moment * (1 - 1e-12)


def test_few_units_are_bounded_by_their_patterns() -> None:
    few = Network(3, (1, 2), 2, 4, bias="gaussian")
    assert at("regions.count.upper", few) == 4**3
    many = Network(3, (2, 2), 2, 4, bias="gaussian")
    c_bias, c_grad = (value(many, part) for part in region_bounds.constants("paper"))
    scale = 2**5 * c_bias * c_grad * 4 * 4
    expected = scale**3 * math.comb(12, 6) * 6**3 / 6
    assert at("regions.count.upper", many) == pytest.approx(expected)
    assert c_bias == pytest.approx(math.sqrt(3 / (2 * math.pi * float(many.c))))


@pytest.mark.parametrize("order", [0, 1.5, "many"])
def test_bad_orders_are_refused(order) -> None:
    with pytest.raises(MaxoutError, match=r"order|could not|convert|SympifyError"):
        gradient_moment_upper(order, "sharp")


def test_unknown_source_is_refused() -> None:
    with pytest.raises(MaxoutError, match="source must be one of"):
        gradient_moment_upper(2, "folklore")
