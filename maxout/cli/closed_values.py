"""Moments of order statistics to any digits: by closed forms where they are known."""

from __future__ import annotations

import sympy as sp

from maxout.numerics.balls.enclosure import Enclosure
from maxout.numerics.balls.evaluator import enclose
from maxout.numerics.order.order_moments import CLOSED_FROM
from maxout.theory.errors import MaxoutError
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.order.orthant import is_closed

CLOSED_UP_TO = 8  # the last rank whose M_K the theory reduces to elementary and dilogarithms
MAX_DIGITS = 1000
"""Digits at most where no closed form is known: the time grows faster than their cube."""


def evaluated(expr: sp.Expr, rank: int, digits: int) -> Enclosure:
    """The value of an order statistic's moments, at many digits by a closed form.

    Raises:
      MaxoutError: for more than ``MAX_DIGITS`` digits where no closed form is known.
    """
    if digits >= CLOSED_FROM and rank <= CLOSED_UP_TO:
        exact = expr.doit()
        if is_closed(exact):
            return enclose(exact, {}, digits)
    if digits > MAX_DIGITS:
        raise MaxoutError(
            f"digits must be at most {MAX_DIGITS:,} where no closed form is known, as at rank "
            f"{rank}; got {digits:,}"
        )
    return enclose(expr, {}, digits)


def closed_form(rank: int) -> sp.Expr | None:
    """c as an elementary or dilogarithm expression; None where none is known (rank > 8)."""
    if rank > CLOSED_UP_TO:
        return None
    exact = 1 / LargestNormalMoment(sp.Integer(rank), 2).doit()
    return exact if is_closed(exact) else None
