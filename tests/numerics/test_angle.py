"""Moments with gaussian biases: given cases, closed forms, nested quadrature, limits, sampling."""

import math

import numpy as np
import pytest
import sympy as sp
from scipy.special import log_ndtr

from maxout.numerics.jacobian.value_functions import jacobian_moment
from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.errors import MaxoutError, OutOfReachError
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestNormalMoment

CASE = Network(6, (8, 5, 7), 1, 4, bias="gaussian")


@pytest.mark.parametrize(
    ("norm", "value", "places"), [(0.1, 0.0507443690, 10), (1, 0.0661931, 7), (10, 0.0953484, 5)]
)
def test_given_cases(norm, value, places) -> None:
    """The third was found by a Gauss rule for r^2 that is good to one unit of the sixth digit."""
    found = jacobian_moment(CASE, norm, 0.6)
    assert abs(float(found) - value) < 2 * 10.0**-places
    assert found.error < 1e-12


def test_within_the_two_sided_bounds_and_tends_to_zero_bias() -> None:
    low, high = (
        float(predict(CATALOGUE[f"jacobian.mean.{side}.sharp"], CASE))
        for side in ("lower", "upper")
    )
    zero = Network(6, (8, 5, 7), 1, 4, bias="zero")
    limit = float(predict(CATALOGUE["jacobian.mean.exact"], zero, cosine=0.6))
    values = [float(jacobian_moment(CASE, 10.0**i, 0.6)) for i in range(-8, 9)]
    assert all(low < value < high for value in values)
    assert values == sorted(values)
    assert abs(values[-1] / limit - 1) < 1e-12  # what is left is of order 1/||x||^2
    for order in (2, 3, 4):
        exact = float(predict(CATALOGUE["jacobian.moment.exact"], zero, order=order, cosine=0.6))
        assert abs(float(jacobian_moment(CASE, 1e8, 0.6, order)) / exact - 1) < 1e-12


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_ranks_one_and_two_are_linear_networks(rank, order) -> None:
    network = Network(3, (4, 1, 6), 2, rank, c=sp.Rational(7, 10), bias="gaussian")
    exact = math.prod(2 + 2 * i for i in range(order)) / 3**order
    for units in (4, 1, 6):
        exact *= (0.7 / units) ** order * math.prod(units + 2 * i for i in range(order))
    for norm in (0, 0.5, 30):
        found = jacobian_moment(network, norm, 0.3, order)
        # The rule carries r^8 to a few 1e-14 a layer.
        assert abs(float(found) / exact - 1) < 5e-13


def test_one_layer_is_in_closed_form() -> None:
    network = Network(3, (5,), 2, 4, c=sp.Rational(3, 2), bias="gaussian")
    second = float(LargestNormalMoment(4, 2))
    for norm, cosine in ((0.2, 0.9), (3, -0.5), (0, 1)):
        cos2 = cosine**2 * norm**2 / (norm**2 + 1)
        exact = 2 / 3 * 1.5 * (1 + cos2 * (second - 1))
        assert abs(float(jacobian_moment(network, norm, cosine)) / exact - 1) < 1e-13


def largest_rule(rank: int) -> tuple[np.ndarray, np.ndarray]:
    """Points and masses of Xi_K, by the trapezoidal rule: right to rounding for smooth means."""
    step = 0.15
    x = np.arange(-9, 9, step)
    masses = step * rank * np.exp(-(x**2) / 2 + (rank - 1) * log_ndtr(x)) / math.sqrt(2 * math.pi)
    return x, masses


def chain_by_quadrature(
    widths: tuple[int, ...],
    rank: int,
    c: float,
    inputs: int,
    norm: float,
    cosine: float,
    order: int,
) -> float:
    """E (p^2 + q^2)^order after layers of one or two units, every random number a quadrature.

    Follows the vectors themselves: no moment of g or chi, no value function.
    """
    xi, xi_masses = largest_rule(rank)
    g, g_masses = np.polynomial.hermite_e.hermegauss(12)  # exact for the powers that occur
    g_masses = g_masses / math.sqrt(2 * math.pi)
    length, p = norm**2, cosine * norm / math.sqrt(norm**2 + 1)
    states = [np.array([value]) for value in (length, p, math.sqrt(1 - p**2), 1.0)]
    before = inputs
    for units in widths:
        s = math.sqrt(c / before)
        grids = [xi] * units + [g] * units
        masses = [xi_masses] * units + [g_masses] * units
        if units == 2:
            # By isotropy r and one normal along and one across are all that matters.
            grids = [xi, xi, g, g]
        mesh = np.meshgrid(*grids, indexing="ij")
        weight = math.prod(np.meshgrid(*masses, indexing="ij")).ravel()
        mesh = [m.ravel() for m in mesh]
        radius = np.sqrt(sum(m**2 for m in mesh[:units]))
        along, across = mesh[units], (np.abs(mesh[units + 1]) if units == 2 else 0 * mesh[units])
        length, p, q, mass = (state[:, None] for state in states)
        length = s**2 * (length + 1) * radius**2
        p_z, q_z = s * (radius * p + along * q), s * across * q
        theta2 = length / (length + 1)
        total = mass * weight
        states = [
            length.ravel(),
            (np.sqrt(theta2) * p_z).ravel(),
            np.sqrt((1 - theta2) * p_z**2 + q_z**2).ravel(),
            total.ravel(),
        ]
        before = units
    _, p, q, mass = states
    return float(mass @ (p**2 + q**2) ** order)


@pytest.mark.parametrize(
    ("widths", "rank", "order"),
    [((1,), 3, 1), ((1, 1), 3, 1), ((1, 1), 5, 2), ((1, 1), 4, 4), ((2,), 3, 3)],
)
def test_against_nested_quadrature_of_the_chain(widths, rank, order) -> None:
    c, inputs, norm, cosine, outputs = 1.3, 3, 0.8, 0.7, 2
    network = Network(inputs, widths, outputs, rank, c=sp.Rational(13, 10), bias="gaussian")
    chain = chain_by_quadrature(widths, rank, c, inputs, norm, cosine, order)
    output = math.prod(outputs + 2 * i for i in range(order)) / widths[-1] ** order
    found = jacobian_moment(network, norm, cosine, order)
    assert abs(float(found) / (output * chain) - 1) < 1e-11


def test_two_wide_layers_against_a_double_integral() -> None:
    """E theta^2 r^2 of two units, by a double sum over Xi, in the closed form of two layers."""
    rank, c, norm, cosine = 3, 0.9, 0.7, 0.8
    network = Network(4, (2, 6), 3, rank, c=sp.Rational(9, 10), bias="gaussian")
    x, masses = largest_rule(rank)
    square = (x[:, None] ** 2 + x[None, :] ** 2).ravel()
    weight = np.outer(masses, masses).ravel()
    second = float(LargestNormalMoment(rank, 2))
    along = cosine**2 * norm**2 / (norm**2 + 1)
    length = c / 4 * (norm**2 + 1) * square
    theta2 = length / (length + 1)
    size = c / 4 * 2 * (1 + along * (second - 1))
    turned = c / 4 * (weight @ (theta2 * square) * along + weight @ theta2 * (1 - along))
    exact = 3 / 6 * c / 2 * 6 * (size + (second - 1) * turned)
    assert abs(float(jacobian_moment(network, norm, cosine)) / exact - 1) < 1e-12


def test_deterministic_and_the_stated_error_holds_between_resolutions() -> None:
    network = Network(20, (30,) * 12, 3, 6, bias="gaussian")
    first, second = (jacobian_moment(network, 2, 0.5) for _ in range(2))
    assert first == second
    assert first.error < 1e-12


def test_extreme_sizes_stay_finite_in_logarithms() -> None:
    for c in (sp.Integer(10) ** 100, sp.Rational(1, 10**100)):
        network = Network(10, (20,) * 30, 1, 5, c=c, bias="gaussian")
        for norm in (0, sp.Integer(10) ** -200, sp.Integer(10) ** 200):
            found = jacobian_moment(network, norm, 0.6)
            assert abs(found.log) > 6000
            assert math.isfinite(found.log)
            # A logarithm of 7,000 is itself rounded by 4.5e-13.
            assert 4.5e-13 < found.error < 1e-11
    # The value itself overflows to what float64 has.
    assert jacobian_moment(Network(10, (20,) * 30, 1, 5, c=10**20, bias="gaussian")).value == np.inf


def test_large_rank_keeps_its_digits() -> None:
    """One layer is in closed form at any rank."""
    for rank in (10**6, 10**15):
        network = Network(3, (5,), 3, rank, c=1, bias="gaussian")
        second = float(LargestNormalMoment(sp.Integer(rank), 2).evalf(17))
        exact = 1 + 0.25 * 4 / 5 * (second - 1)
        assert abs(float(jacobian_moment(network, 2, 0.5)) / exact - 1) < 1e-13


def test_deep_and_wide_is_as_accurate() -> None:
    found = jacobian_moment(Network(1000, (1000,) * 100, 1, 5, bias="gaussian"))
    assert found.error < 1e-12


def test_statements_agree_with_the_function() -> None:
    mean = predict(CATALOGUE["jacobian.mean.gaussian"], CASE, cosine=0.6, norm=1)
    second = predict(CATALOGUE["jacobian.moment.gaussian"], CASE, order=2, cosine=0.6, norm=1)
    variance = predict(CATALOGUE["jacobian.variance.gaussian"], CASE, cosine=0.6, norm=1)
    assert not mean.value.certified
    assert mean.value.route == "value functions"
    assert abs(float(second) - float(mean) ** 2 - float(variance)) < 1e-15
    assert float(mean.value.radius) < 1e-14


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"norm": -1}, "norm must be"),
        ({"cosine": 1.01}, "cosine must be"),
        ({"order": 0}, "order must be"),
        ({"order": 5}, "order must be"),
        ({"norm": math.nan}, "norm must be"),
    ],
)
def test_bad_arguments(arguments, message) -> None:
    with pytest.raises(MaxoutError, match=message):
        jacobian_moment(CASE, **arguments)


def test_other_biases_are_refused() -> None:
    with pytest.raises(MaxoutError, match="bias='gaussian'"):
        jacobian_moment(Network(2, (3,), 1, 3, bias="zero"))
    with pytest.raises(OutOfReachError, match="t <= 4"):
        predict(CATALOGUE["jacobian.moment.gaussian"], CASE, order=5)


@pytest.mark.parametrize(
    ("key", "bias", "depth", "message"),
    [
        ("jacobian.mean.gaussian", "gaussian", 10_001, "at most 10,000 hidden layers"),
        ("gradients.gaussian.bias.exact", "gaussian", 10_001, "at most 10,000 hidden layers"),
        ("curve.breakpoints.sphere", "gaussian", 1001, "at most 1,000 hidden layers"),
        ("kernel.ntk.deep", "any", 20_000, "2 to 20,000 layers"),
    ],
)
def test_depths_beyond_a_method_are_refused_by_its_limit(key, bias, depth, message) -> None:
    network = Network(3, (2,) * depth, 1, 3, bias=bias)
    with pytest.raises(OutOfReachError, match=message):
        predict(CATALOGUE[key], network)
