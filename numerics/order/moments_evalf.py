"""M_K, L_K, S_K and their kin at any precision: their integral, in mpmath."""

from __future__ import annotations

from typing import Any

import sympy as sp

from maxout.numerics.order import reduction_evalf
from maxout.numerics.routes import evaluates
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.precision_lock import workprec

_INTEGRAL = {
    LargestNormalMoment: reduction_evalf.line,
    LargestChi2Moment: reduction_evalf.half_normal,
    SmallestChi2Moment: reduction_evalf.survival,
}


@evaluates(*_INTEGRAL)
def moment(expr: sp.Expr, prec: int) -> Any:
    """E[X^t] = share K I(p; 1, K - 1), p the power of a normal in X^t."""
    rank, order = (int(argument) for argument in expr.args)
    integral = expr.integral(expr.powers * order, 1, rank - 1)
    value = _INTEGRAL[type(expr)](integral, prec + 10)
    with workprec(prec + 10):
        return integral.share * rank * value
