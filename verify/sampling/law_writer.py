"""Writes an expression in random symbols out as a straight line of array operations.

Layers are concrete numbers, equal subexpressions are written once; a sum over units whose index
only tells random symbols apart becomes one more axis of the arrays. Every random symbol has a
stream of its own, so that a symbol has the same draws wherever it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
import sympy as sp

from maxout.numerics.balls.evaluator import enclose
from maxout.theory.random_symbols import (
    ChiSquared,
    Largest,
    Normal,
    OrderStatistic,
    Recursion,
    Variate,
)
from maxout.verify.sampling.law_steps import Drawing, Operand, Operation, Slot, Step, rows_of

_UFUNCS: dict[type[sp.Basic], np.ufunc] = {
    sp.Add: np.add,
    sp.Mul: np.multiply,
    sp.Max: np.maximum,
    sp.Min: np.minimum,
    sp.Pow: np.power,
    sp.Abs: np.abs,
    sp.exp: np.exp,
    sp.log: np.log,
    sp.cos: np.cos,
    sp.sin: np.sin,
    sp.acos: np.arccos,
    sp.atan2: np.arctan2,
}
# Rounded the same on every processor, which NumPy's general power is not.
_POWERS: dict[sp.Expr, np.ufunc] = {sp.Integer(2): np.square, sp.Rational(1, 2): np.sqrt}


class Writer:
    """Writes an expression out, subexpression by subexpression, as ``steps``.

    Args:
      values: symbol -> number; IndexedBase -> tuple.
    """

    def __init__(self, values: Mapping[sp.Basic, Any]) -> None:
        self.steps: list[Step] = []
        self._values = values
        self._numbers: dict[sp.Basic, sp.Basic] = {}
        for name, value in values.items():
            if isinstance(name, sp.IndexedBase):
                self._numbers |= {name[i]: sp.Integer(v) for i, v in enumerate(value)}
            else:
                self._numbers[name] = sp.sympify(value, strict=True)
        self._known: dict[sp.Expr, Operand] = {}
        self._units: dict[int, sp.Dummy] = {}  # number of rows -> the index that runs over them
        self._rows: dict[sp.Expr, int] = {}  # and back
        self._places: dict[tuple[str, int], tuple[bool, ...]] = {}
        self._laws: dict[str, Any] = {}

    def concrete(self, expr: sp.Expr, given: Mapping[sp.Basic, sp.Basic] | None = None) -> sp.Expr:
        """Put numbers in the place of symbols; an index first, since it may name a width."""
        return expr.xreplace(dict(given or {})).xreplace(self._numbers).xreplace(self._numbers)

    def operand(self, expr: sp.Expr) -> Operand:
        """Return the number or the slot of a concrete expression."""
        if expr not in self._known:
            self._known[expr] = self._write(expr)
        return self._known[expr]

    def _write(self, expr: sp.Expr) -> Operand:
        if isinstance(expr, Variate):
            return self._variate(expr)
        if isinstance(expr, Recursion):
            return self._recursion(expr)
        if not expr.has(Variate) and not expr.free_symbols & self._known.keys():
            return float(enclose(expr, self._values, 17))
        if isinstance(expr, (sp.Sum, sp.Product, OrderStatistic)):
            return self._over_range(expr)
        if isinstance(expr, (sp.Add, sp.Mul)):
            return self._several(expr)
        if isinstance(expr, sp.Pow) and expr.exp.is_negative:
            return self._emit(np.reciprocal, expr.base**-expr.exp)
        if isinstance(expr, sp.Pow) and expr.exp in _POWERS:
            return self._emit(_POWERS[expr.exp], expr.base)
        ufunc = next((u for kind, u in _UFUNCS.items() if isinstance(expr, kind)), None)
        if ufunc is None:
            raise NotImplementedError(f"no draws of {type(expr).__name__}: {expr}")
        if ufunc.nin < len(expr.args):
            return self._fold(ufunc, expr.args)
        return self._emit(ufunc, *expr.args)

    def _several(self, expr: sp.Expr) -> Operand:
        # What is not random is one number. Arrays of one row come before those of many.
        random = [a for a in expr.args if a.has(Variate) or a.free_symbols & self._known.keys()]
        rest = expr.func(*(a for a in expr.args if a not in random))
        operands = [self.operand(a) for a in random]
        terms = sorted(zip(random, operands, strict=True), key=lambda pair: rows_of(pair[1]))
        ordered = [term for term, _ in terms]
        if rest != expr.func.identity:
            ordered.insert(0, rest)
        return self._fold(_UFUNCS[expr.func], ordered)

    def _fold(self, ufunc: np.ufunc, terms: Sequence[sp.Expr]) -> Operand:
        return reduce(
            lambda found, term: self._apply(ufunc, found, self.operand(term)),
            terms[1:],
            self.operand(terms[0]),
        )

    def _emit(self, ufunc: np.ufunc, *terms: sp.Expr) -> Operand:
        return self._apply(ufunc, *map(self.operand, terms))

    def _apply(self, ufunc: np.ufunc, *operands: Operand) -> Operand:
        if not any(isinstance(operand, Slot) for operand in operands):
            return float(ufunc(*operands))
        target = self._slot(max(map(rows_of, operands)))
        self.steps.append(Operation(target, ufunc, operands))
        return target

    def _slot(self, rows: int = 0) -> Slot:
        return Slot(len(self.steps), rows)

    def _variate(self, expr: Variate) -> Slot:
        name, indices = expr.label
        places = tuple(index in self._rows for index in indices)
        if self._places.setdefault((name, len(indices)), places) != places:
            raise NotImplementedError(
                f"{name} is indexed by a unit of a sum in one place and by a number in another"
            )
        label = ",".join([name, *("*" if i in self._rows else str(i) for i in indices)])
        law = expr.freedom if isinstance(expr, ChiSquared) else type(expr)
        if self._laws.setdefault(label, law) != law:
            raise RuntimeError(f"the random symbol {expr} has two laws")
        freedom = None
        if isinstance(expr, ChiSquared):
            freedom = float(enclose(expr.freedom, self._values, 17))
            if freedom < 0:
                raise RuntimeError(f"a chi-square needs a freedom >= 0; got {expr}")
        elif not isinstance(expr, Normal):
            raise NotImplementedError(f"no draws of {type(expr).__name__}: {expr}")
        target = self._slot(max((self._rows.get(i, 0) for i in indices), default=0))
        self.steps.append(Drawing(target, label, freedom))
        return target

    def _over_range(self, expr: sp.Expr) -> Operand:
        kinds = {sp.Sum: np.add, sp.Product: np.multiply, Largest: np.maximum}
        ufunc = kinds.get(type(expr), np.minimum)
        *more, (index, first, last) = expr.limits  # the innermost comes first
        body = type(expr)(expr.function, *more) if more else expr.function
        terms = range(self._integer(first), self._integer(last) + 1)
        if not terms:
            if ufunc.identity is None:
                raise RuntimeError(f"the extreme of nothing: {expr}")
            return float(ufunc.identity)
        if (
            terms[0] == 1
            and not isinstance(expr, OrderStatistic)
            and self._tells_apart(index, body)
        ):
            return self._over_units(ufunc, body, index, len(terms))
        return self._fold(ufunc, [self.concrete(body, {index: sp.Integer(i)}) for i in terms])

    def _over_units(self, ufunc: np.ufunc, body: sp.Expr, index: sp.Symbol, rows: int) -> Operand:
        if rows not in self._units:
            self._units[rows] = sp.Dummy(f"unit_1..{rows}", integer=True, positive=True)
            self._rows[self._units[rows]] = rows
        inner = self.operand(body.xreplace({index: self._units[rows]}))
        if not rows_of(inner):  # the same for every unit
            repeat = np.multiply if ufunc is np.add else np.power
            return self._apply(repeat, inner, float(rows))
        target = self._slot()
        self.steps.append(Operation(target, ufunc, (inner,), over_rows=True))
        return target

    def _tells_apart(self, index: sp.Symbol, body: sp.Expr) -> bool:
        """Whether an index only tells random symbols apart, and no other one does so here."""
        if body.free_symbols & self._rows.keys():
            return False
        # A chi-square's freedom may not depend on the row either.
        placeholder = sp.Dummy(real=True)
        bare = body.replace(
            lambda e: (
                isinstance(e, Normal)
                or (isinstance(e, ChiSquared) and index not in e.freedom.free_symbols)
            ),
            lambda e: placeholder,
        )
        return index not in bare.free_symbols

    def _recursion(self, expr: Recursion) -> Operand:
        index, first, last = expr.limits
        held = [self.operand(start) for start in expr.start]
        for i in range(self._integer(first), self._integer(last) + 1):
            place: dict[sp.Basic, sp.Basic] = {index: sp.Integer(i), **self._hold(expr, held)}
            for name, term in expr.intermediates:
                place[name] = self._name(name, self.operand(self.concrete(term, place)))
            held = [self.operand(self.concrete(update, place)) for update in expr.updates]
        return self.operand(self.concrete(expr.value, self._hold(expr, held)))

    def _hold(self, expr: Recursion, held: list[Operand]) -> dict[sp.Basic, sp.Basic]:
        return {s: self._name(s, v) for s, v in zip(expr.states, held, strict=True)}

    def _name(self, symbol: sp.Symbol, operand: Operand) -> sp.Dummy:
        """Return a symbol of the same assumptions that stands for what was found."""
        name = sp.Dummy(symbol.name, **symbol.assumptions0)
        self._known[name] = operand
        return name

    def _integer(self, expr: sp.Expr) -> int:
        value = self.concrete(expr)
        if not value.is_Integer:
            raise RuntimeError(f"a range needs integer ends; got {expr}")
        return int(value)
