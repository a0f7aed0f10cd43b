"""kappa_K and q_K at any precision, in mpmath."""

from __future__ import annotations

from typing import Any

import sympy as sp

from maxout.numerics.kernels.kernel_integral import kernel_value, winner_value
from maxout.numerics.routes import evaluates
from maxout.theory.kernels.infinite_width import MaxKernel, WinnerProbability


@evaluates(MaxKernel)
def kernel(expr: sp.Expr, prec: int) -> Any:
    """kappa_K(rho)."""
    rank, rho = expr.args
    return kernel_value(int(rank), rho._to_mpmath(prec + 20), prec)


@evaluates(WinnerProbability)
def winner(expr: sp.Expr, prec: int) -> Any:
    """q_K(rho)."""
    rank, rho = expr.args
    return winner_value(int(rank), rho._to_mpmath(prec + 20), prec)
