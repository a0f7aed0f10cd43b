"""Values of the catalogue's statements on logarithms along the input."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import sympy as sp
from scipy.special import digamma, polygamma

from maxout.numerics.balls import enclose
from maxout.numerics.enclosure import Enclosure
from maxout.numerics.frame import norm_statistics
from maxout.theory.network import Network
from maxout.theory.symbols import x_norm

_ROUTE = "float64"
_ROUNDING = 2e-16


def log_growth(network: Network) -> tuple[float, float]:
    """Return sum over hidden layers of ln(c/n_l) + 2 E ln r, and an estimate of its error."""
    log_c = float(enclose(sp.log(network.c), {}, 17))
    total, error = 0.0, 0.0
    for units, layers in Counter(network.widths).items():
        found = norm_statistics(network.rank, units)
        one = log_c - math.log(units) + 2 * found.log_mean
        total += layers * one
        # ln n and 2 E ln r cancel to the growth of a layer: their rounding stays.
        error += layers * (2 * found.error + _ROUNDING * (abs(log_c) + 2 * math.log(units) + 1))
    return total, error + _ROUNDING * abs(total)


def log_gain_mean(network: Network, order: int | None, values: dict[Any, Any]) -> Enclosure:
    """Value E ln ||J(x)u||^2 along the input at zero bias."""
    growth, error = log_growth(network)
    rest = math.log(2) + float(digamma(network.outputs / 2)) - math.log(network.inputs)
    return _estimate(growth + rest, error)


def log_gain_variance(network: Network, order: int | None, values: dict[Any, Any]) -> Enclosure:
    """Value Var ln ||J(x)u||^2 along the input at zero bias."""
    total, error = float(polygamma(1, network.outputs / 2)), 0.0
    for units, layers in Counter(network.widths).items():
        found = norm_statistics(network.rank, units)
        total += 4 * layers * found.log_variance
        error += 4 * layers * found.error
    return _estimate(total, error)


def lyapunov_top(network: Network, order: int | None, values: dict[Any, Any]) -> Enclosure:
    """Value the growth rate a layer along the input, of networks of one width."""
    growth, error = log_growth(network)
    layers = 2 * len(network.widths)
    return _estimate(growth / layers, error / layers)


def log_length_mean(network: Network, order: int | None, values: dict[Any, Any]) -> Enclosure:
    """Value E ln (||x||^2/n) of the last hidden layer at zero bias.

    Raises:
      ValueError: for an input of zeros, whose logarithm is infinite.
    """
    norm = values[x_norm]
    if norm == 0:
        raise ValueError("the logarithm of a length needs norm > 0; got 0")
    growth, error = log_growth(network)
    start = float(enclose(sp.log(sp.S(norm) ** 2 / network.inputs), {}, 17))
    return _estimate(growth + start, error)


def _estimate(value: float, error: float) -> Enclosure:
    return Enclosure.estimate(value, error + 4 * _ROUNDING * (1 + abs(value)), _ROUTE)
