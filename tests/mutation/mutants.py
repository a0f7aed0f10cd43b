"""Wrong versions of the catalogue's statements, and the catalogue with one of them in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from maxout.theory.catalogue import CATALOGUE
from maxout.theory.kernels.infinite_width import MaxKernel, WinnerProbability
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.order.orthant import HalfNormalProbability, OrthantProbability
from maxout.theory.statement import Relation, Statement
from maxout.theory.symbols import K, L, n

Change = Callable[[sp.Expr], sp.Expr]


@dataclass(frozen=True)
class Mutant:
    """A statement that is wrong in one place.

    Attributes:
      label: what is wrong.
      statement: what stands in the catalogue then.
      unchanged: why it is the same statement after all; empty where it is another.
    """

    label: str
    statement: Statement
    unchanged: str = ""


@contextmanager
def broken(mutant: Mutant) -> Iterator[None]:
    """The catalogue with the mutant in it: everything that walks the catalogue meets it."""
    key = mutant.statement.key
    honest = CATALOGUE[key]
    CATALOGUE[key] = mutant.statement
    try:
        yield
    finally:
        CATALOGUE[key] = honest


class Elsewhere(sp.Expr):
    """An expression valued at another rank, depth or widths than the network has.

    Also what functions of the network look up by themselves is then that of the other network. The
    layer beyond the last has the width of the outputs.
    """

    is_real = True

    def __new__(cls, expr: sp.Expr, rank: int, depth: int, width: int) -> Elsewhere:
        return super().__new__(cls, expr, *map(sp.Integer, (rank, depth, width)))

    def _ball_(self, evaluate: Any) -> Any:
        expr, rank, depth, width = self.args
        first, *hidden, outputs = evaluate.env[n]
        return evaluate(
            expr,
            {
                K: evaluate.env[K] + int(rank),
                L: evaluate.env[L] + int(depth),
                n: (first, *(units + int(width) for units in hidden), outputs),
            },
        )


FACTORS = (sp.Rational(101, 100), sp.Rational(105, 100), sp.Integer(2), sp.Rational(1, 2))

SHIFTS: dict[str, tuple[sp.Basic, tuple[int, int, int]]] = {
    "K+1": (K, (1, 0, 0)),
    "L+1": (L, (0, 1, 0)),
    "n-1": (n.label, (0, 0, -1)),
}
"""Label -> what the right side must depend on, and the change of rank, depth and widths."""


def _largest_as_normal(rank: sp.Expr, order: sp.Expr) -> sp.Expr:
    return LargestNormalMoment(rank, 2 * order)


def _normal_as_largest(rank: sp.Expr, order: sp.Expr) -> sp.Expr:
    even = order.is_even
    return LargestChi2Moment(rank, order / 2) if even else sp.sqrt(LargestChi2Moment(rank, order))


EXCHANGES: dict[str, tuple[type[sp.Function], Callable[..., sp.Expr]]] = {
    "M for L": (LargestChi2Moment, _largest_as_normal),
    "L for M": (LargestNormalMoment, _normal_as_largest),
    "M for S": (SmallestChi2Moment, _largest_as_normal),
    "L for S": (SmallestChi2Moment, LargestChi2Moment),
    "A for P": (OrthantProbability, HalfNormalProbability),
    "P for A": (HalfNormalProbability, OrthantProbability),
    "q for kappa": (MaxKernel, WinnerProbability),
    "kappa for q": (WinnerProbability, MaxKernel),
}
"""Label -> the function that stands there, and what is put in its place."""

REVERSED = "reversed"
REVERSE = {
    Relation.LE: Relation.GE,
    Relation.GE: Relation.LE,
    Relation.LE_ST: Relation.GE_ST,
    Relation.GE_ST: Relation.LE_ST,
}


def mutants(statement: Statement) -> Iterator[Mutant]:
    """Every wrong version of a statement.

    An exchange of moments is made where the right side has the moment; a relation is reversed where
    it has a reverse.
    """
    right = statement.right(statement.orders[0] if statement.orders else None)
    for factor in FACTORS:
        yield Mutant(times(factor), rewritten(statement, _scaled(factor)))
    for label, (symbol, shift) in SHIFTS.items():
        reason = "" if depends(right, symbol) else f"its right side has no {label[0]}"
        change = _elsewhere(shift) if statement.numeric else _in_symbols(shift)
        yield Mutant(label, rewritten(statement, change), reason)
    for label, (kind, instead) in EXCHANGES.items():
        if right.has(kind):
            yield Mutant(label, rewritten(statement, _exchanged(kind, instead)))
    if statement.relation in REVERSE:
        other = replace(statement, relation=REVERSE[statement.relation], quantity="", rung="")
        yield Mutant(REVERSED, other)


def depends(right: sp.Expr, symbol: sp.Basic) -> bool:
    """Whether a right side speaks about a symbol, or about widths in any way."""
    return right.has(symbol) or (symbol == n.label and right.has(n))


def rewritten(statement: Statement, change: Change) -> Statement:
    """The statement with its right side changed, at whatever order."""
    build = statement.build
    return replace(statement, build=lambda t: change(build(t)))


def times(factor: sp.Rational) -> str:
    """The label of a factor."""
    return f"x {float(factor):g}"


def _scaled(factor: sp.Expr) -> Change:
    return lambda right: factor * right


def _elsewhere(shift: tuple[int, int, int]) -> Change:
    return lambda right: Elsewhere(right, *shift)


def _in_symbols(shift: tuple[int, int, int]) -> Change:
    """The same for a law, which is drawn from its expression."""
    rank, depth, width = shift

    def change(right: sp.Expr) -> sp.Expr:
        moved = right.xreplace({K: K + rank, L: L + depth})
        return moved.replace(
            lambda e: isinstance(e, sp.Indexed) and e.base == n, lambda e: e + width
        )

    return change


def _is_width(expr: sp.Basic) -> bool:
    return isinstance(expr, sp.Indexed) and expr.base == n


def _exchanged(kind: type[sp.Function], instead: Callable[..., sp.Expr]) -> Change:
    return lambda right: right.replace(kind, instead)
