"""The straight line of array operations that draws a law: draws of symbols, and ufuncs of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from maxout.verify.sampling.streams import Stream

Array = np.ndarray


@dataclass(frozen=True)
class Slot:
    """A place for an array of one value a draw, (count,), or of ``rows`` a draw, (rows, count)."""

    number: int
    rows: int = 0

    @property
    def values(self) -> int:
        """Numbers a draw."""
        return self.rows or 1


Operand = Slot | float


@dataclass(frozen=True)
class Drawing:
    """A random symbol's draws: normals, or chi-squares of ``freedom`` >= 0."""

    target: Slot
    label: str
    freedom: float | None = None
    operands: ClassVar[tuple[Operand, ...]] = ()

    def run(
        self, stream: Stream, count: int, arrays: dict[int, Array], last: frozenset[int]
    ) -> Array:
        shape = (self.target.rows, count) if self.target.rows else (count,)
        generator = stream.symbol(self.label)
        if self.freedom is None:
            return generator.standard_normal(shape)
        return generator.chisquare(self.freedom, shape) if self.freedom else np.zeros(shape)


@dataclass(frozen=True)
class Operation:
    """A ufunc of arrays and numbers; ``over_rows`` reduces one array over its rows."""

    target: Slot
    ufunc: np.ufunc
    operands: tuple[Operand, ...]
    over_rows: bool = False

    def run(
        self, stream: Stream, count: int, arrays: dict[int, Array], last: frozenset[int]
    ) -> Array:
        values = [arrays[o.number] if isinstance(o, Slot) else o for o in self.operands]
        if self.over_rows:
            return np.asarray(self.ufunc.reduce(values[0], axis=0))
        # An operand that is not needed again makes room for the result.
        for operand in self.operands:
            if not isinstance(operand, Slot) or operand.rows != self.target.rows:
                continue
            if operand.number in last:
                return np.asarray(self.ufunc(*values, out=arrays[operand.number]))
        return np.asarray(self.ufunc(*values))


Step = Drawing | Operation


def rows_of(operand: Operand) -> int:
    """Values a draw of an operand; 0 for one value."""
    return operand.rows if isinstance(operand, Slot) else 0
