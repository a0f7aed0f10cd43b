"""Numbers that samplers and decisions need: c, and variances of what is sampled.

Evaluated when an experiment is described, never inside a worker: ball arithmetic keeps its working
precision in one process-wide place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import sympy as sp

from maxout.numerics.balls.evaluator import enclose
from maxout.theory import symbols
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment


def weight_variance(network: Network) -> float:
    """Return c as a float."""
    return float(enclose(network.c, {}, 17))


@cache
def moment(statistic: Callable[..., sp.Expr], rank: int, order: int) -> float:
    """Return one of theory.order.moments' moments as a float."""
    return float(enclose(statistic(sp.Integer(rank), sp.Integer(order)), {}, 17))


def variance_of_power(statistic: Callable[..., sp.Expr], rank: int, order: int) -> float:
    """Return Var X^order for an order statistic X."""
    return moment(statistic, rank, 2 * order) - moment(statistic, rank, order) ** 2


def sum_moment(moments: Sequence[float], terms: int, order: int) -> float:
    """Return E (X_1 + ... + X_terms)^order from E X^0, ..., E X^order of one term."""
    factorials = np.array([math.factorial(i) for i in range(order + 1)], dtype=float)
    one = np.array(moments[: order + 1]) / factorials
    total = np.eye(1, order + 1)[0]
    for _ in range(terms):
        total = np.convolve(total, one)[: order + 1]
    return float(total[order] * factorials[order])


def _product_moment(network: Network, unit: Sequence[float], order: int) -> float:
    """E of ((1/n_0) chi^2_{n_L} prod_l (c/n_l) sum_i X_{l,i})^order, ``unit`` the E X^i."""
    value = math.prod(network.outputs + 2 * i for i in range(order)) / network.inputs**order
    c = weight_variance(network)
    for units in network.widths:
        value *= (c / units) ** order * sum_moment(unit, units, order)
    return float(value)


def kept(network: Network, unit: Sequence[float]) -> list[float]:
    """Return E (d^2 X)^i from E X^i of one unit, d = 0 or 1/(1-p) its dropout, independent of X.

    E d^{2i} = (1-p)^{1-2i}: without dropout the moments are X's own.
    """
    stays = 1 - float(network.block.dropout)
    return [unit[0], *(value * stays ** (1 - 2 * i) for i, value in enumerate(unit[1:], start=1))]


def ordered_moment(network: Network, order: int) -> float:
    """Return E Y^order >= E ||Ju||^{2 order}, Y the stochastic upper bound; any biases."""
    unit = [1.0, *(moment(LargestChi2Moment, network.rank, i) for i in range(1, order + 1))]
    return _product_moment(network, kept(network, unit), order)


def aligned_moment(network: Network, order: int) -> float:
    """Return E ||Ju||^{2 order} with u along x at zero bias, where it is largest."""
    unit = [1.0, *(moment(LargestNormalMoment, network.rank, 2 * i) for i in range(1, order + 1))]
    return _product_moment(network, kept(network, unit), order)


def aligned_second_moment(network: Network) -> float:
    """Return E ||Ju||^4 with u along x at zero bias: the most that gaussian or zero biases allow.

    Given the past, a unit's share is (v sin + Xi cos)^2 with moments 1 + cos^2 (M - 1) <= M and
    3 sin^4 + 6 sin^2 cos^2 M + cos^4 E Xi^4 <= E Xi^4. The latter needs E Xi^4 >= 3 M: the density
    of |Xi| over that of |N(0,1)| increases, and z^4 - 3z^2, of normal mean 0, changes sign once.
    """
    return aligned_moment(network, 2)


def rank2_second_moment(network: Network) -> float:
    """Return E ||Ju||^4 at K = 2, whatever the biases: units share chi^2_1 variables.

    Which of two pieces wins depends on h_1 - h_2 alone, which (h_1, h_2) -> (-h_2, -h_1) keeps
    while it exchanges winner and loser up to sign. So even functions of the winner have the mean
    that they have of N(0, 1).
    """
    return _product_moment(network, kept(network, [1.0, 1.0, 3.0]), 2)


def evaluate(network: Network, expression: sp.Expr, **values: float) -> float:
    """Return an expression of the theory at a network, other symbols by their Python names."""
    given = {getattr(symbols, name): sp.Rational(str(value)) for name, value in values.items()}
    return float(enclose(expression, {**network.environment(), **given}))


def wide_bias(network: Network, cosine: float, norm: float) -> float:
    """Return how far E ||Ju||^2 may lie below its wide limit, relative to the limit.

    The part of u along x alone contributes cos^2 times the limit at zero bias. Gaussian biases turn
    the augmented input: with X = ||x||^2, each layer keeps X/(X+1) of the squared part along it,
    and E of the growth over X_l is at most ||x||^{-2} times the growth after layer l.
    """
    if network.bias == "zero":
        return 1 - cosine**2
    start = cosine**2 * norm**2 / (norm**2 + 1)
    mean = moment(LargestNormalMoment, network.rank, 2) * weight_variance(network)
    growth, lost = 1.0, 0.0
    for fan_in, units in network.hidden():
        growth *= units / fan_in * mean
        lost += 1 / (norm**2 * growth)
    return 1 - start * (1 - lost)
