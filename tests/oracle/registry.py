"""Oracles: for the right side of a statement, another way to the same number.

An oracle shares no formula and no code with what it checks: it integrates a definition, adds up a
recursion in plain Python, or counts. It knows a network by its sizes alone (``At``). Points lie off
every symmetry of the formulas: c is neither 1/M_K nor 1, widths differ, there are several outputs,
and every layer has its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, Protocol

import sympy as sp

from maxout.numerics.predict import predict
from maxout.theory.block import Block
from maxout.theory.conv_network import ConvNetwork
from maxout.theory.network import Network
from maxout.theory.statement import Relation, Statement


@dataclass(frozen=True)
class At:
    """Where an oracle is asked.

    Attributes:
      n: widths with those of input and output, (n_0, n_1, ..., n_{L-1}, n_L).
      K: rank.
      exact_c: c; None for 1/M_K.
      bias: law of the biases.
      t: order; None where the statement has none.
      given: the statement's parameters, by the names that ``predict`` takes.
      block: what every layer has beside weights and maximum, by the names that ``Block`` takes.
      lying: of convolutions, by the names that ``ConvNetwork`` takes, channels and size among them;
        of ``n`` only the outputs then count.
    """

    n: tuple[int, ...] = (2, 3, 2)
    K: int = 3
    exact_c: Fraction | None = Fraction(2, 5)
    bias: str = "zero"
    t: int | None = None
    given: Mapping[str, Fraction | int | str] = field(default_factory=dict)
    block: Mapping[str, Any] = field(default_factory=dict)
    lying: Mapping[str, Any] = field(default_factory=dict)

    @property
    def L(self) -> int:
        return len(self.n) - 1

    @property
    def c(self) -> float:
        assert self.exact_c is not None
        return float(self.exact_c)

    def __getitem__(self, parameter: str) -> float:
        return float(self.given[parameter])

    def __str__(self) -> str:
        order = "" if self.t is None else f" t={self.t}"
        given = "".join(f" {name}={value}" for name, value in self.given.items())
        given += "".join(
            f" {name}={value}" for name, value in (*self.block.items(), *self.lying.items())
        )
        return f"{'-'.join(map(str, self.n))} K={self.K} c={self.exact_c} {self.bias}{order}{given}"

    @property
    def network(self) -> Network:
        inputs, *widths, outputs = self.n
        if self.lying:
            c = _exact(self.exact_c)
            return ConvNetwork(**self.lying, outputs=outputs, rank=self.K, c=c, bias=self.bias)
        block = Block(**{name: _exact(value) for name, value in self.block.items()})
        return Network(inputs, widths, outputs, self.K, _exact(self.exact_c), self.bias, block)

    @property
    def parameters(self) -> dict[str, Any]:
        return {name: _exact(value) for name, value in self.given.items()}

    def predict(self, statement: Statement) -> float:
        """What the program says of the statement here."""
        return float(predict(statement, self.network, order=self.t, **self.parameters))


def _exact(value: Fraction | int | str | None) -> Any:
    if value is None or isinstance(value, str):
        return value
    return sp.Rational(value.numerator, value.denominator)


@dataclass(frozen=True)
class Oracle:
    """Another way to the value of a right side.

    Attributes:
      value: the way.
      points: where it is compared.
      relative: how far the two may be apart, as a share of the oracle's value.
      reason: why so far.
    """

    value: Callable[[At], float]
    points: tuple[At, ...]
    relative: float
    reason: str

    @cached_property
    def expected(self) -> tuple[float, ...]:
        """Its value at every point."""
        return tuple(float(self.value(at)) for at in self.points)

    def disagreements(self, statement: Statement) -> Iterator[str]:
        """Where and how the program's value misses the oracle's."""
        for at, expected in zip(self.points, self.expected, strict=True):
            try:
                found = at.predict(statement)
            except Exception as error:  # a value that cannot be computed is none that agrees
                yield f"{statement.key} at {at}: {type(error).__name__}: {error}"
                continue
            if not abs(found - expected) <= self.relative * abs(expected):
                yield f"{statement.key} at {at}: {found!r}, by the oracle {expected!r}"


ROUNDING = 1e-11
"""The oracles compute in float64 with rules that reach it; some hundred roundings add up."""


@dataclass(frozen=True)
class Bounded:
    """A value of the left side of a bound, which must be on its right side of the right side.

    Attributes:
      left: the way to it: of a network that the statement speaks about, or nearer to the bound.
      points: where it is compared.
    """

    left: Callable[[At], float]
    points: tuple[At, ...]

    @cached_property
    def expected(self) -> tuple[float, ...]:
        """The left side at every point."""
        return tuple(float(self.left(at)) for at in self.points)

    def disagreements(self, statement: Statement) -> Iterator[str]:
        """Where the relation does not hold."""
        for at, left in zip(self.points, self.expected, strict=True):
            right = at.predict(statement)
            holds = {Relation.LE: left <= right, Relation.GE: left >= right}
            if not holds[statement.relation]:
                claim = f"{left!r} {statement.relation.value} {right!r}"
                yield f"{statement.key} at {at}: {claim}, the left side by the oracle"


class Checked(Protocol):
    """What can contradict a statement."""

    def disagreements(self, statement: Statement) -> Iterator[str]:
        """Where and how."""


ORACLES: dict[str, list[Checked]] = {}


def oracle(
    *keys: str,
    at: tuple[At, ...],
    relative: float = ROUNDING,
    reason: str = "float64, rules that reach it",
) -> Callable[[Callable[[At], float]], Callable[[At], float]]:
    """Enter a function as the oracle of statements; a statement may have several."""

    def enter(value: Callable[[At], float]) -> Callable[[At], float]:
        for key in keys:
            ORACLES.setdefault(key, []).append(Oracle(value, at, relative, reason))
        return value

    return enter


def bounded(
    *keys: str, at: tuple[At, ...]
) -> Callable[[Callable[[At], float]], Callable[[At], float]]:
    """Enter a function as the left side of bounds."""

    def enter(left: Callable[[At], float]) -> Callable[[At], float]:
        for key in keys:
            ORACLES.setdefault(key, []).append(Bounded(left, at))
        return left

    return enter


def noticed(statement: Statement) -> str:
    """The first point at which an oracle contradicts what is made of the statement; empty if none.

    A value that cannot be computed contradicts its oracle too.
    """
    found = (
        line for one in ORACLES.get(statement.key, ()) for line in one.disagreements(statement)
    )
    return next(found, "")
