"""Draws of any expression in random symbols, many at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from maxout.verify.sampling.law_steps import Array, Drawing, Slot, Step
from maxout.verify.sampling.law_writer import Writer
from maxout.verify.sampling.streams import Stream


class Program:
    """An expression at concrete numbers, ready to be drawn.

    Args:
      expr: in random symbols and the keys of ``values``.
      values: symbol -> number; IndexedBase -> tuple, as in ``numerics.balls.evaluator.enclose``.

    Raises:
      NotImplementedError: for a node that has no rule here, or a random symbol that is indexed by
        a unit of a sum in one place and by a number in another.
      RuntimeError: for an expression without random symbols, a random symbol with two laws, a
        chi-square of negative freedom, or an extreme of nothing.
      LookupError: for a symbol without a value.
    """

    def __init__(self, expr: sp.Expr, values: Mapping[sp.Basic, Any]) -> None:
        writer = Writer(values)
        result = writer.operand(writer.concrete(expr))
        if not isinstance(result, Slot):
            raise RuntimeError("a law needs a right side with random symbols")
        self._result = result
        self._steps, self._last = _trimmed(writer.steps, result)

    @property
    def draws(self) -> int:
        """Random numbers that one draw takes."""
        return sum(step.target.values for step in self._steps if isinstance(step, Drawing))

    @property
    def values(self) -> int:
        """The most numbers a draw that are held at one time."""
        held: set[Slot] = set()
        most = 0
        for step, last in zip(self._steps, self._last, strict=True):
            held.add(step.target)
            most = max(most, sum(slot.values for slot in held))
            held = {slot for slot in held if slot.number not in last}
        return most

    def run(self, stream: Stream, count: int) -> Array:
        """Return so many independent draws, float64, (count,)."""
        arrays: dict[int, Array] = {}
        for step, last in zip(self._steps, self._last, strict=True):
            found = step.run(stream, count, arrays, last)
            for number in last:
                arrays.pop(number, None)
            arrays[step.target.number] = found
        return arrays[self._result.number]


def _trimmed(
    steps: Sequence[Step], result: Slot
) -> tuple[tuple[Step, ...], tuple[frozenset[int], ...]]:
    """Return the steps that the result needs, and of each the slots that no later one reads."""
    needed = {result.number}
    found = []
    for step in reversed(steps):
        if step.target.number in needed:
            read = {o.number for o in step.operands if isinstance(o, Slot)}
            found.append((step, frozenset(read - needed)))
            needed |= read
    kept, last = zip(*found[::-1], strict=True)
    return kept, last
