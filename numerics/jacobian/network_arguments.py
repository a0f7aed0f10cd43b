"""Values of functions of a network's layers inside expressions: what they share."""

from __future__ import annotations

import math
from operator import index
from typing import Any

import sympy as sp
from flint import arb, ctx

from maxout.numerics.balls.precision import working_precision
from maxout.numerics.jacobian.value_functions import EPS, Layers
from maxout.theory.errors import DomainError
from maxout.theory.network import MAX_RANK
from maxout.theory.network_function import NetworkFunction

_BITS = 90  # logarithms are taken at more than float64's


def entries(evaluator: Any, expr: NetworkFunction) -> tuple[int, tuple[int, ...]]:
    """Return rank K and (n_0, ..., n_{L-1}) of the network that a function speaks about."""
    rank, _, depth, n = expr.args[expr.own :]
    k, last = evaluator.integer(rank), evaluator.integer(depth)
    if k < 1 or k > MAX_RANK or last < 2:
        raise DomainError(
            f"a network needs rank 1 to {MAX_RANK:,} and depth L >= 2; got {k:,} and {last:,}"
        )
    units = evaluator.entries(n)[:last]
    if len(units) < last:
        raise DomainError(f"a network of depth {last:,} needs as many widths; got {len(units):,}")
    return k, tuple(index(value) for value in units)


def layers(evaluator: Any, expr: NetworkFunction) -> Layers:
    """Return the hidden layers of the network that a function speaks about."""
    rank, units = entries(evaluator, expr)
    log_c = float(log(evaluator, expr.args[expr.own + 1]))
    return Layers(rank, log_c, tuple(zip(units, units[1:], strict=False)))


def log(evaluator: Any, expr: sp.Expr) -> float:
    """Return the natural logarithm of a number >= 0, -inf at 0, rounded.

    Raises:
      DomainError: for a number that is not >= 0.
    """
    value = evaluator.precisely(expr, _BITS)
    if not isinstance(value, arb) or not value.mid() >= 0:
        raise DomainError(f"a number >= 0 is expected for {expr}; got {value}")
    if value.contains(0):
        return -math.inf
    with working_precision(_BITS):
        return float(value.log().mid())


def layer(evaluator: Any, expr: sp.Expr, low: int, high: int) -> int:
    """Return a layer's index between two ends.

    Raises:
      DomainError: beyond them.
    """
    index = evaluator.integer(expr)
    if not low <= index <= high:
        raise DomainError(f"layer must be from {low} to {high}; got {index}")
    return index


def exponential(evaluator: Any, log: float, error: float, route: str) -> arb:
    """Return exp(log) with a relative error estimated; exactly 0 for -inf."""
    if log == -math.inf:
        return arb(0)
    with working_precision(max(ctx.prec, 64)):
        value = arb(log).exp()
        # The logarithm is a float, rounded.
        relative = error + EPS * abs(log) / 2
        return evaluator.estimate(value + arb(0, (value * relative).abs_upper()), route)
