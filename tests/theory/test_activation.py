"""The activation length's moments against a slow oracle: the recursion in plain floats."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
import sympy as sp

from maxout.numerics.balls.evaluator import enclose
from maxout.theory import symbols
from maxout.theory.activation import activation_length
from maxout.theory.errors import MaxoutError
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestNormalMoment

NORM = sp.Rational(3, 2)


def network(bias: str, rank: int = 4) -> Network:
    return Network(6, (8, 5, 7), 1, rank, c=sp.Rational(2, 5), bias=bias)


def value(expression: sp.Expr, net: Network) -> float:
    return float(enclose(expression, {**net.environment(), symbols.x_norm: NORM}))


def sum_power_mean(rank: int, units: int, order: int) -> float:
    """E (Xi_1^2 + ... + Xi_units^2)^order, one unit added at a time."""
    one = [
        float(enclose(LargestNormalMoment(sp.Integer(rank), 2 * i))) if i else 1.0
        for i in range(order + 1)
    ]
    total = [1.0] + [0.0] * order
    for _ in range(units):
        total = [
            sum(comb(k, i) * total[k - i] * one[i] for i in range(k + 1)) for k in range(order + 1)
        ]
    return total[order]


def naive_moments(net: Network, order: int) -> list[float]:
    """E A^k, k = 0..order, of the last hidden layer, layer by layer."""
    added = 1.0 if net.bias == "gaussian" else 0.0
    c = float(net.c)
    moments = [float(NORM**2 / net.inputs) ** k for k in range(order + 1)]
    for fan_in, units in net.hidden():
        shifted = [
            sum(comb(k, i) * moments[i] * (added / fan_in) ** (k - i) for i in range(k + 1))
            for k in range(order + 1)
        ]
        moments = [
            shifted[k] * c**k * sum_power_mean(net.rank, units, k) / units**k
            for k in range(order + 1)
        ]
    return moments


@pytest.mark.parametrize("bias", ["gaussian", "zero"])
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_moments_against_the_recursion(bias: str, order: int) -> None:
    net = network(bias)
    stated = value(activation_length.length_moment(order, bias=bias), net)
    assert stated == pytest.approx(naive_moments(net, order)[order], rel=1e-12)
    wrong = naive_moments(network("zero" if bias == "gaussian" else "gaussian"), order)[order]
    assert stated != pytest.approx(wrong, rel=0.1)


@pytest.mark.parametrize("bias", ["gaussian", "zero"])
def test_mean_and_variance_are_the_moments(bias: str) -> None:
    net = network(bias)
    mean, second = (value(activation_length.length_moment(t, bias=bias), net) for t in (1, 2))
    assert value(activation_length.length_mean(bias=bias), net) == pytest.approx(mean, rel=1e-13)
    variance = value(activation_length.length_variance(bias=bias), net)
    assert variance == pytest.approx(second - mean**2, rel=1e-12)


@pytest.mark.parametrize("bias", ["gaussian", "zero"])
def test_mean_of_the_input_is_its_own_length(bias: str) -> None:
    assert value(
        activation_length.length_mean(sp.Integer(0), bias), network(bias)
    ) == pytest.approx(float(NORM**2 / 6), rel=1e-14)


def test_the_papers_form_of_the_mean() -> None:
    """(||x||^2+1)/n_0 (cM)^l and a sum from j = 2, as printed."""
    net = network("gaussian")
    gain = float(net.c) * float(enclose(LargestNormalMoment(sp.Integer(4), 2)))
    widths = (6, *net.widths)
    printed = float(NORM**2 + 1) / 6 * gain**3
    printed += sum(gain ** (3 - j + 1) / widths[j - 1] for j in (2, 3))
    assert value(activation_length.length_mean(), net) == pytest.approx(printed, rel=1e-13)


def test_simulated_networks() -> None:
    """Weights and biases in plain NumPy; 4.5 standard errors."""
    rng, net, count = np.random.default_rng(5), network("gaussian"), 40_000
    x = np.zeros((count, 6))
    x[:, 0] = float(NORM)
    for fan_in, units in net.hidden():
        scale = np.sqrt(float(net.c) / fan_in)
        w = rng.standard_normal((count, units, net.rank, fan_in)) * scale
        b = rng.standard_normal((count, units, net.rank)) * scale
        x = (np.einsum("nukf,nf->nuk", w, x) + b).max(axis=2)
    length = np.sum(x**2, axis=1) / 7
    error = length.std() / np.sqrt(count)
    mean = value(activation_length.length_mean(), net)
    assert abs(length.mean() - mean) < 4.5 * error
    assert abs(length.mean() - value(activation_length.length_mean(bias="zero"), net)) > 20 * error
    squares = (length - mean) ** 2
    variance = value(activation_length.length_variance(), net)
    assert abs(squares.mean() - variance) < 4.5 * squares.std() / np.sqrt(count)


def test_rank_one_is_the_linear_network() -> None:
    net = network("zero", rank=1)
    assert value(activation_length.length_mean(bias="zero"), net) == pytest.approx(
        float(NORM**2 / 6 * sp.Rational(2, 5) ** 3), rel=1e-14
    )


@pytest.mark.parametrize("order", [0, -1, 1.5])
def test_orders_outside_the_domain(order: float) -> None:
    with pytest.raises(MaxoutError, match="order must be an integer >= 1"):
        activation_length.length_moment(order)


def test_biases_that_nobody_knows() -> None:
    for function in (activation_length.length_law, activation_length.length_mean):
        with pytest.raises(MaxoutError, match="'gaussian' or 'zero'; got 'any'"):
            function(bias="any")
