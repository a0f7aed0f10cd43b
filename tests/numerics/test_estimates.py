"""Estimated errors cover the true ones, which are found in closed form, by mpmath or by quadrature,
and are not absurdly large."""

from __future__ import annotations

import math
from itertools import pairwise

import mpmath
import numpy as np
import pytest
import sympy as sp
from scipy.special import log_ndtr

from maxout.numerics.balls.enclosure import Enclosure
from maxout.numerics.balls.evaluator import enclose
from maxout.numerics.gradients import layer_gradients
from maxout.numerics.jacobian.length_grid import LengthGrid
from maxout.numerics.jacobian.value_functions import (
    Layers,
    at_input,
    jacobian_moment,
    value_functions,
)
from maxout.numerics.kernels.kernel_integral import winner_value
from maxout.numerics.kernels.winner_table import kernel_table
from maxout.numerics.order.norm_logarithms import norm_statistics
from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.curves.curve_means import AngularSpeed
from maxout.theory.kernels.infinite_width import MaxKernel, PairNNGP, PairNTK, WinnerProbability
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.order.norm import InverseNormMean, LogNormMean, SquaredNormMoment
from maxout.theory.symbols import K, L, c, n

SEVENTH = sp.Rational(1, 7)


def off(log: float, truth: mpmath.mpf) -> float:
    """Relative error of exp(log)."""
    return float(abs(mpmath.expm1(mpmath.mpf(log) - mpmath.log(truth))))


def one_layer(rank: int, units: int, constant: sp.Rational, p2: sp.Rational, order: int):
    """E (p'^2 + q'^2)^t after one layer, from the moments of r^2, at 40 digits."""
    total = sp.Integer(0)
    for j in range(order + 1):
        across = math.prod(units - 1 + 2 * k for k in range(order - j))
        for i in range(j + 1):
            ways = math.comb(order, j) * across * math.comb(2 * j, 2 * i)
            ways *= math.prod(range(1, 2 * (j - i), 2))
            powers = p2**i * (1 - p2) ** (order - i)
            total += ways * powers * SquaredNormMoment(sp.Integer(rank), sp.Integer(units), i)
    outputs = math.prod(2 + 2 * i for i in range(order))
    exact = enclose(total * (constant / 6 / units) ** order * outputs, {}, 35)
    return mpmath.mpf(exact.midpoint)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("rank", [1, 2, 3, 4, 5, 10, 30, 1000, 10**6])
def test_moments_of_one_hidden_layer(rank: int, order: int) -> None:
    """The rule for r^2 meets E r^(2t), with nothing else in between."""
    with mpmath.workdps(35):
        for units in (1, 2, 3, 5, 8, 20, 37, 100, 1000, 10**6):
            for constant in (sp.Integer(1), SEVENTH):
                network = Network(6, (units,), 2, rank, c=constant, bias="gaussian")
                for norm, cosine in ((1, 1), (2, sp.Rational(1, 2)), (0, 1)):
                    p2 = sp.Rational(cosine) ** 2 * norm**2 / sp.Integer(norm**2 + 1)
                    truth = one_layer(rank, units, constant, p2, order)
                    found = jacobian_moment(network, norm, cosine, order)
                    assert off(found.log, truth) <= found.error
                    # The most for units and ranks of a million.
                    assert found.error < 3e-14 * order


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("widths", [(4, 1, 6), (3,) * 10, (20,) * 30, (100, 50, 7) * 10, (8, 5, 7)])
@pytest.mark.parametrize("constant", [sp.Rational(7, 10), sp.Integer(5), sp.Rational(1, 10**6)])
def test_moments_at_rank_two(widths: tuple, order: int, constant: sp.Rational) -> None:
    """A linear network's, at any depth."""
    with mpmath.workdps(35):
        truth = mpmath.mpf(math.prod(2 + 2 * i for i in range(order))) / 3**order
        for units in widths:
            scale = mpmath.mpf(int(constant.p)) / int(constant.q) / units
            truth *= scale**order * math.prod(units + 2 * i for i in range(order))
        for norm in (0, sp.Rational(1, 2), 30):
            network = Network(3, widths, 2, 2, c=constant, bias="gaussian")
            found = jacobian_moment(network, norm, sp.Rational(3, 10), order)
            assert off(found.log, truth) <= found.error
            # Rounding of a logarithm c^(t (L-1)), and some 1e-15 a layer and order.
            assert found.error < 4e-16 * abs(found.log) + 5e-14 * order * len(widths)


@pytest.mark.parametrize("rank", [3, 5, 50, 10**6])
@pytest.mark.parametrize("widths", [(4, 1, 6), (3,) * 10, (8, 5, 7), (1, 1), (100, 3)])
def test_value_functions_on_a_finer_grid(rank: int, widths: tuple) -> None:
    layers = Layers.of(Network(3, widths, 2, rank, c=sp.Rational(7, 10), bias="gaussian"))
    for log_x in (-np.inf, -3.0, 5.0):
        for order in (1, 2, 4):
            found = at_input(layers, order, log_x)
            *_, last = value_functions(layers, order, LengthGrid(3), np.array([log_x]))
            finer = np.log(last.values[:, 0]) + last.log_factor
            assert (np.abs(np.expm1(found.logs - finer)) <= found.errors).all()
            assert found.errors.max() < 1e-12


def gradients_on(layers: Layers, log_x: float, refine: int) -> np.ndarray:
    lengths = layer_gradients.gaussian_lengths(layers, log_x)
    return layer_gradients.gaussian_on_grid(layers, log_x, lengths, refine)


@pytest.mark.parametrize("rank", [2, 3, 5, 50, 10**6])
@pytest.mark.parametrize("widths", [(4, 1, 6), (3,) * 10, (8, 5, 7), (1, 1), (100, 3)])
@pytest.mark.parametrize("constant", [sp.Rational(7, 10), sp.Integer(100)])
def test_gradients_with_gaussian_biases(rank: int, widths: tuple, constant: sp.Expr) -> None:
    layers = Layers.of(Network(3, widths, 2, rank, c=constant, bias="gaussian"))
    for log_x in (-np.inf, -3.0, 5.0):
        found = layer_gradients.gaussian_gradients(layers, log_x)
        values = np.array([found.weights, found.biases])
        with np.errstate(invalid="ignore"):
            change = np.abs(np.expm1(values - gradients_on(layers, log_x, 3)))
        assert np.nanmax(change) <= found.error
        assert found.error < 1e-12
        if rank == 2:  # M_2 = 1 makes every mean c^(L-1-l), with any biases
            log_c = float(enclose(sp.log(constant), {}, 17))
            exact = log_c * np.arange(len(widths) - 1, -1, -1)
            assert np.max(np.abs(np.expm1(found.biases - exact))) <= found.error


@pytest.mark.parametrize("rank", [5, 20, 1000])
def test_the_resolution_counts_in_the_error_of_value_functions(rank: int) -> None:
    """At order 4 the coarse grid is off by more than all rounding."""
    layers = Layers.of(Network(3, (1,) * 4, 1, rank, c=sp.Integer(1), bias="gaussian"))
    values = at_input(layers, 4, 0.0)
    *_, last = value_functions(layers, 4, LengthGrid(1), np.array([0.0]))
    change = np.abs(np.expm1(np.log(last.values[:, 0]) + last.log_factor - values.logs))
    assert (change <= values.errors).all()
    assert change.max() > 3 * 4 * layers.rounding


def test_the_resolution_counts_in_the_error_of_gradients(monkeypatch) -> None:
    """Gradients have converged on either grid: two that do not agree are made to be seen."""
    layers = Layers.of(Network(3, (4, 2), 1, 5, c=sp.Integer(1), bias="gaussian"))
    carried = layer_gradients.gaussian_on_grid

    def off_on_the_coarse_grid(*arguments):
        *_, refine = arguments
        return carried(*arguments) + (1e-7 if refine == 1 else 0)

    monkeypatch.setattr(layer_gradients, "gaussian_on_grid", off_on_the_coarse_grid)
    assert layer_gradients.gaussian_gradients.__wrapped__(layers, 0.0).error > 0.99e-7


@pytest.mark.parametrize(("rank", "units"), [(3, 1), (3, 2), (5, 4), (4, 30), (3, 1000)])
def test_norm_statistics_against_mpmath(rank: int, units: int) -> None:
    found = norm_statistics(rank, units)
    exact = LogNormMean(sp.Integer(rank), sp.Integer(units)).evalf(22)
    assert abs(exact - sp.Float(found.log_mean, 30)) <= found.error
    if units > 1:
        exact = InverseNormMean(sp.Integer(rank), sp.Integer(units)).evalf(22)
        assert abs(exact / sp.Float(found.inverse_mean, 30) - 1) <= found.error
    assert found.error < 1e-13


def closed_kernels(rank: int, rho: mpmath.mpf) -> tuple[mpmath.mpf, mpmath.mpf, mpmath.mpf]:
    """(q, kappa, M) at rank 2 or 3, by the formulas as they stand in docs/kernels.md."""
    rho = min(rho, mpmath.mpf(1))
    root, pi = mpmath.sqrt(1 - rho**2), mpmath.pi
    if rank == 2:
        q = mpmath.mpf(1) / 2 + mpmath.asin(rho) / pi
        return q, rho / 2 + (root + rho * mpmath.asin(rho)) / pi, mpmath.mpf(1)
    one, two = mpmath.acos(-rho), mpmath.acos(rho / 2)
    q = mpmath.mpf(1) / 3 + 3 / (4 * pi**2) * (one**2 - two**2)
    kappa = rho * q + 3 / (2 * pi**2) * (root * one + mpmath.sqrt(4 - rho**2) * two)
    return q, kappa, 1 + mpmath.sqrt(3) / (2 * pi)


def pair_by_products(rank, depth, gain, variance, xx, xy, yy) -> tuple[mpmath.mpf, mpmath.mpf]:
    """Covariance and tangent kernel, carried as inner products."""
    xx, xy, yy = (gain * product + variance for product in (xx, xy, yy))
    tangent = xy
    for factor in (gain,) * (depth - 2) + (1,):
        scale = mpmath.sqrt(xx * yy)
        q, kappa, second = closed_kernels(rank, xy / scale)
        xy = factor * scale * kappa + variance
        xx, yy = (factor * second * product + variance for product in (xx, yy))
        tangent = xy + factor * q * tangent
    return xy, tangent


CORRELATIONS = ["-1", "-0.999999", "-0.3", "0", "0.5", "0.99", "0.99999999", "0.999999999999", "1"]


@pytest.mark.parametrize("correlation", [*CORRELATIONS, "0.9999999999999999999999999"])
@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("norms", [(1, 1), (1, 3)])
@pytest.mark.parametrize(("depth", "gain", "variance"), [(2, 1, 0), (3, 2, 0), (20, 0.75, 0.125)])
def test_kernels_of_two_inputs(norms, rank, correlation, depth, gain, variance) -> None:
    """Against the recursion in inner products at 90 digits, down to inputs that all but agree."""
    x, y = norms
    products = (sp.Integer(x**2), x * y * sp.Rational(correlation), sp.Integer(y**2))
    numbers = (sp.Rational(gain), sp.Rational(variance), *products)
    with mpmath.workdps(90):
        exact = pair_by_products(rank, depth, *(mpmath.mpf(int(v.p)) / int(v.q) for v in numbers))
        for kernel, truth in zip((PairNNGP, PairNTK), exact, strict=True):
            found = enclose(kernel(depth, rank, *numbers), {}, 15)
            assert not found.certified
            assert abs(mpmath.mpf(found.midpoint) - truth) <= mpmath.mpf(found.radius)
            # Some units of the table's 1e-14 a layer, times |x| |y|.
            assert float(found.radius) < 4e-13 * depth * x * y


def test_the_tangent_kernel_of_two_inputs_that_all_but_agree() -> None:
    network = Network(3, (50, 50), 1, 2, c=2, bias="any")
    given = {"correlation": sp.Rational("0.999999999999"), "norm": 1, "other_norm": 1}
    found = predict(CATALOGUE["kernel.ntk.deep"], network, **given).value
    assert found is not None
    assert abs(float(found) - 3.9999981993638) <= float(found.radius) + 5e-14  # as printed
    assert float(found.radius) < 1e-12


@pytest.mark.parametrize("rank", [4, 10])
@pytest.mark.parametrize("rho", ["-0.6", "0.3", "0.9", "0.9999"])
def test_one_unit_against_mpmath(rank: int, rho: str) -> None:
    at = sp.Rational(rho)
    found = enclose(WinnerProbability(rank, at), {}, 15)
    with mpmath.workprec(80):
        truth = winner_value(rank, mpmath.mpf(rho), 70)
        assert abs(mpmath.mpf(found.midpoint) - truth) <= mpmath.mpf(found.radius)
    assert float(found.radius) < 1e-13


@pytest.mark.parametrize("rank", [2, 3, 4, 10, 100, 1000])
def test_the_slope_of_the_tables_is_the_one_assumed(rank: int) -> None:
    """Errors of the angle count 1 + E Xi_K times."""
    table = kernel_table(rank)
    theta = np.linspace(0, np.pi, 4001)
    for values in (table.winner, table.mean_winner):
        slope = np.abs(np.diff(values(theta)) / np.diff(theta))
        assert slope.max() < 1 + table.mean


@pytest.mark.parametrize("rho", ["-0.999", "0.25", "0.999999"])
def test_the_kernel_is_the_integral_of_the_winner_probability(rho: str) -> None:
    kappa = enclose(MaxKernel(5, sp.Rational(rho)), {}, 15)
    r = sp.Symbol("r")
    below = LargestNormalMoment(5, 1) ** 2 + sp.Integral(
        WinnerProbability(5, r), (r, 0, sp.Rational(rho))
    )
    assert kappa.overlaps(enclose(below, {}, 15))
    assert float(kappa.radius) < 1e-12


@pytest.mark.parametrize(
    ("body", "low", "high", "exact"),
    [
        (lambda x: x**2, 0, 1, sp.Rational(1, 3)),
        (lambda x: 1 / sp.sqrt(x), 0, 4, sp.Integer(4)),
        (lambda x: sp.exp(x), -1, 2, sp.exp(2) - sp.exp(-1)),
        (lambda x: sp.sqrt(1 - x**2), -1, 1, sp.pi / 2),
        (lambda x: 1 / (1 + 25 * x**2), -1, 1, 2 * sp.atan(5) / 5),
    ],
)
def test_integrals(body, low, high, exact) -> None:
    x = sp.Symbol("x", real=True)
    found = enclose(sp.Integral(body(x), (x, low, high)), {}, 15)
    assert not found.certified
    assert found.overlaps(enclose(exact, {}, 30))
    assert float(found.radius) < 1e-14


def speed_after_one_unit(rank: int, scale: float, square: float) -> float:
    """W(1, X) of a layer of one unit, s^2 = scale: s E|g| E 1/(1 + s^2 (X+1) Xi^2)."""
    x = np.arange(-10, 10, 0.01)
    masses = 0.01 * rank * np.exp(-(x**2) / 2 + (rank - 1) * log_ndtr(x)) / math.sqrt(2 * math.pi)
    return math.sqrt(2 * scale / math.pi) * float(masses @ (1 / (1 + scale * (square + 1) * x**2)))


@pytest.mark.parametrize("rank", [2, 3, 10])
@pytest.mark.parametrize("square", [0, 1, 30])
def test_angular_speeds(rank: int, square: int) -> None:
    """Four standard errors of the draws cover the truth."""
    env = {K: rank, c: sp.Rational(3, 2), L: 3, n: (2, 1, 5, 1)}
    found = enclose(AngularSpeed(1, sp.Integer(square)), env, 15)
    truth = speed_after_one_unit(rank, 0.75, square)
    assert abs(float(found) - truth) <= float(found.radius)
    # A single unit's speed has heavy tails: it is often near zero.
    assert float(found.radius) < 0.1 * truth


def test_an_estimate_grows_with_what_is_made_of_it() -> None:
    """Balls carry the error of a function through the expression it stands in."""
    value = LogNormMean(sp.Integer(5), sp.Integer(7))
    found: list[Enclosure] = [enclose(f * value, {}, 15) for f in (1, 100, 10**6)]
    for small, large in pairwise(found):
        assert float(large.radius) > 30 * float(small.radius)
