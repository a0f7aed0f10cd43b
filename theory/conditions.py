"""The conditions that statements of the catalogue are made of.

Tests compare integers and exact numbers of SymPy, never floats. Fields come in the order in which
a user would change them.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from maxout.theory.domain import Condition
from maxout.theory.network import BIAS, INPUTS, OUTPUTS, RANK, WEIGHT_VARIANCE, WIDTHS
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.parameters import (
    BIAS_VARIANCE,
    CORRELATION,
    COSINE,
    EXPONENT,
    KURTOSIS,
    LAYER,
    NORM,
    ORDER,
    ORTHANT_SIZE,
    OTHER_NORM,
    OTHER_PLACE,
    PAIR_CORRELATION,
    PARTICIPATION,
    PLACE,
    SWEEP,
    UNIT,
)

# Biases


def _biases(words: str, *laws: str) -> Condition:
    return Condition(words, (BIAS,), lambda bias: bias in laws)


ANY_BIAS = _biases(
    "biases independent of the weights, otherwise arbitrary", "any", "gaussian", "zero"
)
WHATEVER_BIAS = _biases("whatever the biases", "any", "gaussian", "zero")
GAUSSIAN = _biases("gaussian biases N(0, c/fan_in)", "gaussian")
ZERO = _biases("zero biases", "zero")
GAUSSIAN_OR_ZERO = _biases("gaussian biases N(0, c/fan_in) or zero biases", "gaussian", "zero")
GIVEN_VARIANCE = _biases("biases of one given variance (bias any), or zero biases", "any", "zero")
BY_BIAS = {"any": ANY_BIAS, "gaussian": GAUSSIAN, "zero": ZERO}

VARIANCE_FITS_BIAS = Condition(
    "sigma_b^2 = 0 at zero biases (bias any for others)",
    (BIAS_VARIANCE, BIAS),
    lambda variance, bias: bias != "zero" or variance == 0,
    changes=2,
)


# Rank and order


def rank_at_least(least: int) -> Condition:
    return Condition(f"K >= {least}", (RANK,), lambda rank: rank >= least)


def rank_at_most(most: int) -> Condition:
    return Condition(f"K <= {most:,}", (RANK,), lambda rank: rank <= most)


def rank_is(*ranks: int) -> Condition:
    return Condition(f"K = {' or '.join(map(str, ranks))}", (RANK,), lambda rank: rank in ranks)


def order_at_most(most: int) -> Condition:
    return Condition(f"t <= {most}", (ORDER,), lambda order: order <= most)


PLACE_EXISTS = Condition("r <= K", (PLACE, RANK), lambda place, rank: place <= rank, changes=2)
PLACES_IN_ORDER = Condition(
    "r < s <= K",
    (PLACE, OTHER_PLACE, RANK),
    lambda place, other, rank: place < other <= rank,
    changes=3,
)
RANK_ABOVE_ORDER = Condition("K > t", (RANK, ORDER), lambda rank, order: rank > order, changes=2)
RECOMMENDED = Condition(
    "c = 1/M_K",
    (WEIGHT_VARIANCE, RANK),
    lambda c, rank: _is_recommended(c, rank),
)


def _is_recommended(c: sp.Expr, rank: int) -> bool:
    """Whether c is 1/M_K itself, as the unevaluated moment or as its closed form."""
    moment = LargestNormalMoment(sp.Integer(rank), 2)
    if c == 1 / moment:
        return True
    # M_K is rational at K = 1 and 2 only (both 1); any other c that equals 1/M_K contains pi.
    if rank <= 2 or not c.is_Rational:
        return bool(sp.simplify(c * moment.doit() - 1) == 0)
    return False


# Units


def units_are(kind: str) -> Condition:
    return Condition(f"units of kind {kind}", (UNIT,), lambda unit: str(unit) == kind)


# Weights

HAS_DENSITY = Condition(
    "kappa_4 > -2, as of weights with a density", (KURTOSIS,), lambda kurtosis: bool(kurtosis > -2)
)
SPREAD_OVER_INPUTS = Condition(
    "P_x >= 1/n_0",
    (PARTICIPATION, INPUTS),
    lambda participation, inputs: bool(participation * inputs >= 1),
    changes=2,
)


# Shape

PLANE = Condition("n_0 = 2", (INPUTS,), lambda inputs: inputs == 2)
SEVERAL_INPUTS = Condition("n_0 >= 2", (INPUTS,), lambda inputs: inputs >= 2)
SEVERAL_OUTPUTS = Condition("n_L >= 2", (OUTPUTS,), lambda outputs: outputs >= 2)
ONE_WIDTH = Condition(
    "constant width n_1 = ... = n_{L-1}", (WIDTHS,), lambda widths: len(set(widths)) == 1
)
ONE_HIDDEN = Condition("one hidden layer (L = 2)", (WIDTHS,), lambda widths: len(widths) == 1)
TURNING = Condition(
    "every hidden layer but the last has at least 2 units",
    (WIDTHS,),
    lambda widths: min(widths[:-1], default=2) >= 2,
)
LAYER_EXISTS = Condition(
    "1 <= l <= L-1", (LAYER, WIDTHS), lambda layer, widths: layer <= len(widths)
)
EXPONENT_EXISTS = Condition(
    "1 <= j <= n_1 - 1",
    (EXPONENT, WIDTHS),
    lambda exponent, widths: exponent < widths[0],
    changes=2,
)


def few_inputs(most: int) -> Condition:
    """So many inputs as the constants of the bounds on regions are computed for."""
    return Condition(
        f"n_0 <= {most:,}, or N <= n_0",
        (INPUTS, WIDTHS),
        lambda inputs, widths: inputs <= most or sum(widths) <= inputs,
    )


# Inputs, directions and curves: what exists on a line is only what points along it


def _exists(words: str, field: Any) -> Condition:
    return Condition(
        words, (INPUTS, field), lambda inputs, cosine: inputs >= 2 or abs(cosine) == 1, changes=2
    )


DIRECTION = _exists("n_0 >= 2, or rho_0 = 1 or -1", COSINE)
ANGLE = _exists("n_0 >= 2, or rho_xy = 1 or -1", PAIR_CORRELATION)
SWEPT = Condition(
    "n_0 >= 2, or Theta = 0",
    (INPUTS, SWEEP),
    lambda inputs, sweep: inputs >= 2 or sweep == 0,
    changes=2,
)
AWAY_FROM_ORIGIN = Condition("|x| > 0", (NORM,), lambda norm: bool(norm > 0))
CORRELATED_INPUTS = Condition(
    "|x| > 0 and |y| > 0, or sigma_b^2 > 0",
    (NORM, OTHER_NORM, BIAS_VARIANCE),
    lambda x, y, variance: bool(variance > 0) or bool(x > 0) and bool(y > 0),
    changes=3,
)
COMMON_CORRELATION = Condition("0 <= rho_xy <= 1", (PAIR_CORRELATION,), lambda rho: bool(rho >= 0))
DIFFERENT_INPUTS = Condition("-1 < rho_xy < 1", (PAIR_CORRELATION,), lambda rho: bool(abs(rho) < 1))


# Correlations of normals


def correlation(words: str, test: Any, *more: Any) -> Condition:
    """A condition on rho, and on m where ``more`` names it."""
    return Condition(words, (CORRELATION, *more), test, changes=1 + len(more))


EQUICORRELATED = correlation(
    "-1/(m-1) <= rho <= 1", lambda rho, m: bool(rho * (m - 1) >= -1), ORTHANT_SIZE
)
EQUICORRELATED_ODD = correlation(
    "-1/(2m) <= rho <= 1", lambda rho, m: bool(rho * 2 * m >= -1), ORTHANT_SIZE
)
INTERIOR = correlation(
    "-1/(m-1) < rho < 1 and rho > -1/2",
    lambda rho, m: bool(rho * (m - 1) > -1) and bool(2 * rho > -1) and bool(rho < 1),
    ORTHANT_SIZE,
)
FOUR_NORMALS = correlation("-1/3 < rho < 1", lambda rho: bool(3 * rho > -1) and bool(rho < 1))
HALF_NORMALS = correlation("0 <= rho < 1", lambda rho: bool(rho >= 0) and bool(rho < 1))
HALF_NORMALS_INTERIOR = correlation("0 < rho < 1", lambda rho: bool(rho > 0) and bool(rho < 1))


FEW_NORMALS = Condition("m <= 12", (ORTHANT_SIZE,), lambda m: m <= 12)
"""Sums of so many terms that cancel."""


# Cubes of inputs
