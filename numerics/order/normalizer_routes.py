"""E X^-t, E ln X and Var ln X inside expressions, X = r^2 or rho^2: proved balls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp
from flint import arb, ctx

from maxout.numerics.balls.precision import working_precision
from maxout.numerics.order import normalizer_integral as integral
from maxout.numerics.routes import encloses
from maxout.theory.errors import DomainError
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.order.normalizer import InverseSquareMoment, LogSquareMean, LogSquareVariance

MAX_RANK = {0: 10_000, 1: 200}
"""Of r^2 and of rho^2: nodes grow like sqrt(K) a rule."""

_KNOWN: dict[Any, arb] = {}
_SQUARES: dict[tuple[int, ...], integral.Square] = {}


def _square(evaluator: Any, rank: int, units: int, lost: int, bits: int) -> integral.Square:
    """One for all its moments and logarithms, which share the values of its transform."""
    key = (rank, units, lost, bits, ctx.prec)
    if key not in _SQUARES:
        _SQUARES[key] = _described(evaluator, rank, units, lost, bits)
    return _SQUARES[key]


def _described(evaluator: Any, rank: int, units: int, lost: int, bits: int) -> integral.Square:
    if rank > MAX_RANK[lost]:
        raise DomainError(
            f"the rank must be at most {MAX_RANK[lost]:,} for the "
            f"{'spread' if lost else 'length'} of a layer; got {rank:,}"
        )
    k, m = sp.Integer(rank), sp.Integer(units)
    one, two, four = (LargestNormalMoment(k, t) for t in (1, 2, 4))
    mean = (m - 1) * (two - one**2) if lost else m * two
    square = m * four + m * (m - 1) * two**2
    centre = float(evaluator(one))
    return integral.Square(
        rank, units, lost, evaluator(mean), evaluator(square / mean**2), centre, bits
    )


def _value(
    evaluator: Any, expr: sp.Expr, least: int, compute: Callable[[integral.Square], arb]
) -> arb:
    rank, units, lost, *order = (evaluator.integer(argument) for argument in expr.args)
    if units - lost < least:
        letter = "rho" if lost else "r"
        what = f"E {letter}^-{2 * order[0]}" if order else f"ln {letter}^2"
        raise DomainError(
            f"{what} is infinite for {units:,} units: it needs at least {least + lost}"
        )
    known = evaluator.closed(expr)
    if not isinstance(known, expr.func):
        return evaluator(known)
    key = (type(expr), rank, units, lost, *order, ctx.prec)
    if key not in _KNOWN:
        wanted = ctx.prec - 8
        # Powers of a unit's transform lose log2(m) bits, ratios of a kernel some more.
        with working_precision(wanted + units.bit_length() + 40):
            _KNOWN[key] = compute(_square(evaluator.anew(), rank, units, lost, wanted))
    return _KNOWN[key]


@encloses(InverseSquareMoment)
def inverse_square(evaluator: Any, expr: sp.Expr) -> arb:
    """E X^-t."""
    order = evaluator.integer(expr.args[3])
    return _value(
        evaluator, expr, 2 * order + 1, lambda square: integral.inverse_moment(square, order)
    )


@encloses(LogSquareMean)
def log_square(evaluator: Any, expr: sp.Expr) -> arb:
    """E ln X."""
    return _value(evaluator, expr, 1, integral.log_mean)


@encloses(LogSquareVariance)
def log_square_variance(evaluator: Any, expr: sp.Expr) -> arb:
    """Var ln X."""
    return _value(evaluator, expr, 1, integral.log_variance)
