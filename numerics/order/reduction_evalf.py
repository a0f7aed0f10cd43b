"""I(p; j, m) at any precision, from its own integrand, in mpmath."""

from __future__ import annotations

from typing import Any

import sympy as sp

from maxout.numerics.order import line_quadrature
from maxout.numerics.routes import evaluates
from maxout.theory.order.reduction import (
    HalfNormalIntegral,
    PowerDensityIntegral,
    SurvivalIntegral,
)


@evaluates(PowerDensityIntegral)
def line(expr: sp.Expr, prec: int) -> Any:
    """Over the line, f = Phi."""
    return line_quadrature.line_integral(*(int(a) for a in expr.args), prec)


@evaluates(HalfNormalIntegral)
def half_normal(expr: sp.Expr, prec: int) -> Any:
    """Over z > 0, f = F."""
    p, j, m = (int(a) for a in expr.args)
    return line_quadrature.half_line_integral(p, j, m, line_quadrature.log_half_normal_cdf, prec)


@evaluates(SurvivalIntegral)
def survival(expr: sp.Expr, prec: int) -> Any:
    """Over z > 0, f = G."""
    p, j, m = (int(a) for a in expr.args)
    log_factor = line_quadrature.log_half_normal_survival
    return line_quadrature.half_line_integral(p, j, m, log_factor, prec)
