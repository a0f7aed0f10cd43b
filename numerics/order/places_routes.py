"""Moments of order statistics of any place, and products of two, inside expressions."""

from __future__ import annotations

from typing import Any

import sympy as sp
from flint import arb

from maxout.numerics.order.placed_balls import placed_ball
from maxout.numerics.routes import encloses
from maxout.theory.errors import OutOfReachError
from maxout.theory.order.places import CLOSED_PRODUCTS, PlacedMoment, PlacedProduct


@encloses(PlacedMoment)
def placed(evaluator: Any, expr: sp.Expr) -> arb:
    """E X_{r:K}^t, by a quadrature of its own: the sum over largest ones cancels."""
    place, rank, order = (evaluator.integer(argument) for argument in expr.args)
    if not (1 <= place <= rank and order >= 1):
        raise ArithmeticError(f"X_{{r:K}} needs 1 <= r <= K; got r = {place}, K = {rank}")
    return placed_ball(place, rank, order)


@encloses(PlacedProduct)
def product(evaluator: Any, expr: sp.Expr) -> arb:
    """E X_{r:K} X_{s:K}, by its closed form.

    Raises:
      OutOfReachError: beyond six normals.
    """
    known = evaluator.closed(expr).doit()
    if isinstance(known, PlacedProduct):
        raise OutOfReachError(
            f"products of two order statistics are closed up to K = {CLOSED_PRODUCTS}; got {known}"
        )
    return evaluator(known)
