"""P_m, A_m and B_m inside expressions: proved balls."""

from __future__ import annotations

from typing import Any

import sympy as sp
from flint import arb

from maxout.numerics.order import orthant_balls
from maxout.numerics.routes import encloses
from maxout.theory.order.orthant import (
    HalfNormalProbability,
    HalfNormalSurvival,
    OrthantProbability,
)


@encloses(OrthantProbability)
def orthant(evaluator: Any, expr: sp.Expr) -> arb:
    """P_m(rho): at the end of its domain only the exact correlation tells that it is 0."""
    m, rho = evaluator.integer(expr.args[0]), expr.args[1]
    exact = evaluator.env.get(rho, rho)
    if isinstance(exact, sp.Rational) and exact * (m - 1) == -1:
        return arb(0)
    return orthant_balls.orthant_ball(m, evaluator(rho))


@encloses(HalfNormalProbability)
def half_normal(evaluator: Any, expr: sp.Expr) -> arb:
    """A_m(rho)."""
    m, rho = expr.args
    return orthant_balls.half_normal_ball(evaluator.integer(m), evaluator(rho))


@encloses(HalfNormalSurvival)
def half_normal_survival(evaluator: Any, expr: sp.Expr) -> arb:
    """B_m(rho)."""
    m, rho = expr.args
    return orthant_balls.half_normal_survival_ball(evaluator.integer(m), evaluator(rho))
