"""P_m, A_m and B_m at any precision, in mpmath."""

from __future__ import annotations

from typing import Any

import sympy as sp
from mpmath import mp

from maxout.numerics.order import line_quadrature
from maxout.numerics.routes import evaluates
from maxout.theory.order.orthant import (
    HalfNormalProbability,
    HalfNormalSurvival,
    OrthantProbability,
)


def _number(rho: sp.Expr) -> Any:
    """A correlation at mpmath's current precision."""
    return mp.mpf(rho.evalf(mp.dps + 5)._mpf_) if not rho.is_Rational else mp.mpf(rho.p) / rho.q


@evaluates(OrthantProbability)
def orthant(expr: sp.Expr, prec: int) -> Any:
    """P_m(rho)."""
    m, rho = expr.args
    return line_quadrature.orthant(int(m), lambda: _number(rho), prec)


@evaluates(HalfNormalProbability)
def half_normal(expr: sp.Expr, prec: int) -> Any:
    """A_m(rho)."""
    return _half_normal(expr, line_quadrature.log_half_normal_cdf, prec)


@evaluates(HalfNormalSurvival)
def half_normal_survival(expr: sp.Expr, prec: int) -> Any:
    """B_m(rho)."""
    return _half_normal(expr, line_quadrature.log_half_normal_survival, prec)


def _half_normal(expr: sp.Expr, log_factor: line_quadrature.LogFactor, prec: int) -> Any:
    m, rho = expr.args
    return line_quadrature.half_normal(int(m), lambda: _number(rho), log_factor, prec)
