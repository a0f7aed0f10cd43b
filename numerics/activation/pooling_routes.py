"""Pooled windows inside expressions: the second moment proved, the product in float64."""

from __future__ import annotations

from typing import Any

import sympy as sp
from flint import arb

from maxout.numerics.activation.pooled_balls import pooled_ball
from maxout.numerics.order.moment_balls import moment_ball
from maxout.numerics.routes import encloses, estimates
from maxout.theory.activation.pooling import PooledMoment, PooledProduct


@encloses(PooledMoment)
def pooled_moment(evaluator: Any, expr: sp.Expr) -> arb:
    """M_{K,p}(rho)."""
    rank, cells = (evaluator.integer(argument) for argument in expr.args[:2])
    rho = evaluator(expr.args[2])
    if rho == 0:
        return moment_ball(rank * cells)
    if rho == 1 or cells == 1:
        return moment_ball(rank)
    return pooled_ball(rank, cells, rho)


@estimates(PooledProduct)
def pooled_product(evaluator: Any, expr: sp.Expr) -> arb:
    """N_{K,p}(rho), 0 <= rho <= 1."""
    # NumPy: here, when it is asked.
    from maxout.numerics.activation.pooled_pairs import half_squared_difference

    rank, cells = (evaluator.integer(argument) for argument in expr.args[:2])
    rho = evaluator(expr.args[2])
    if rho == 1:
        return moment_ball(rank)
    if rho == 0:
        return moment_ball(rank * cells, 1) ** 2
    whole = evaluator(PooledMoment(*expr.args))
    near, rest = float(rho.mid()), float((1 - rho).mid())
    value, error = half_squared_difference(rank, cells, near, rest)
    return evaluator.estimate(whole - arb(value) + arb(0, error), "float64")
