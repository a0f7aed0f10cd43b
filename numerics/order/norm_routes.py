"""Values of E ln r, Var ln r and E 1/r inside expressions, from the float64 integrals."""

from __future__ import annotations

from typing import Any

import sympy as sp
from flint import arb

from maxout.numerics.order.norm_logarithms import NormStatistics, norm_statistics
from maxout.numerics.routes import estimates
from maxout.theory.errors import DomainError
from maxout.theory.network import MAX_RANK, MAX_WIDTH
from maxout.theory.order.norm import InverseNormMean, LogNormMean, LogNormVariance

ROUTE = "float64"


def _closed(evaluator: Any, expr: sp.Expr) -> arb | None:
    """The value in closed form, at ranks 1 and 2."""
    known = evaluator.closed(expr)
    return None if isinstance(known, expr.func) else evaluator(known)


def _statistics(evaluator: Any, expr: sp.Expr) -> NormStatistics:
    rank, units = (evaluator.integer(argument) for argument in expr.args)
    if not (1 <= rank <= MAX_RANK and 1 <= units <= MAX_WIDTH):
        raise DomainError(
            f"the norm r of a layer needs rank 1 to {MAX_RANK:,} and 1 to {MAX_WIDTH:,} units; "
            f"got {rank:,} and {units:,}"
        )
    return norm_statistics(rank, units)


@estimates(LogNormMean, LogNormVariance)
def log_norm(evaluator: Any, expr: sp.Expr) -> arb:
    """E ln r or Var ln r, by the class of the expression; an absolute error."""
    closed = _closed(evaluator, expr)
    if closed is not None:
        return closed
    found = _statistics(evaluator, expr)
    value = found.log_mean if isinstance(expr, LogNormMean) else found.log_variance
    return evaluator.estimate(arb(value) + arb(0, found.error), ROUTE)


@estimates(InverseNormMean)
def inverse_norm_mean(evaluator: Any, expr: sp.Expr) -> arb:
    """E 1/r; a relative error.

    Raises:
      DomainError: for one unit, where it is infinite.
    """
    if evaluator.integer(expr.args[1]) == 1:
        raise DomainError("E 1/r is infinite for a layer of one unit; it needs at least 2 units")
    closed = _closed(evaluator, expr)
    if closed is not None:
        return closed
    found = _statistics(evaluator, expr)
    error = found.error * found.inverse_mean
    return evaluator.estimate(arb(found.inverse_mean) + arb(0, error), ROUTE)
