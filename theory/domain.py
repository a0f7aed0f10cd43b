"""Where a statement holds, as conditions that can be run, and the range its value lies in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import sympy as sp

from maxout.theory import symbols
from maxout.theory.block import BLOCK_FIELDS, DROPOUT, NORMALIZATION, SKIP
from maxout.theory.convolution import CHANNELS
from maxout.theory.field import Field

if TYPE_CHECKING:
    from maxout.theory.network import Network

Decide = Callable[[sp.Rel, Mapping[sp.Basic, Any]], bool]
"""Says whether a relation holds, given symbol -> value; never by comparing floats."""


class Range(Enum):
    """Numbers that a value lies among whatever the network; ``None`` is no bound."""

    REAL = (None, None)
    NON_NEGATIVE = (0, None)
    AT_LEAST_ONE = (1, None)
    PROBABILITY = (0, 1)
    CORRELATION = (-1, 1)

    @property
    def least(self) -> int | None:
        return self.value[0]

    @property
    def most(self) -> int | None:
        return self.value[1]

    def __str__(self) -> str:
        low = "(-oo" if self.least is None else f"[{self.least}"
        high = "oo)" if self.most is None else f"{self.most}]"
        return f"{low}, {high}"


@dataclass(frozen=True)
class Point:
    """Where a statement is asked about: a network, an order t and values of its parameters.

    Attributes:
      order: t; None for statements that have none.
      values: symbol -> value, of the architecture and of the statement's parameters, exact.
    """

    network: Network
    order: int | None
    values: Mapping[sp.Basic, Any]

    def __getitem__(self, field: Field) -> Any:
        """The value of one field: of the network, the order, or a parameter."""
        if field.symbol == symbols.t:
            return self.order
        if field in BLOCK_FIELDS:
            return getattr(self.network.block, field.name)
        if hasattr(self.network, field.name):
            return getattr(self.network, field.name)
        return self.values[field.symbol]


def exactly(relation: sp.Rel, values: Mapping[sp.Basic, Any]) -> bool:
    """Decide a relation by SymPy alone.

    Raises:
      TypeError: for a relation that SymPy leaves undecided; ``numerics.predict.decide`` encloses.
    """
    return bool(relation.subs({s: v for s, v in values.items() if s in relation.free_symbols}))


@dataclass(frozen=True)
class Condition:
    """One condition of a statement.

    Attributes:
      words: the condition as the user reads it.
      reads: the fields it depends on; the options a user would change come first.
      test: values of ``reads`` -> whether it holds, or a relation in the symbols of
        ``theory.symbols`` that says so.
      changes: so many of ``reads`` are named in a refusal.
    """

    words: str
    reads: tuple[Field, ...]
    test: Callable[..., bool | sp.Rel]
    changes: int = 1

    def holds(self, point: Point, decide: Decide = exactly) -> bool:
        """Whether the condition holds at a point; ``decide`` is asked where numbers are needed."""
        found = self.test(*(point[field] for field in self.reads))
        return decide(found, point.values) if isinstance(found, sp.Rel) else bool(found)

    @property
    def options(self) -> str:
        """The options to change, as the command line spells them."""
        return " or ".join(f"--{f.name.replace('_', '-')}" for f in self.reads[: self.changes])

    def __str__(self) -> str:
        return f"{self.words} ({self.options})"


PLAIN_BLOCKS = Condition(
    "plain blocks: no dropout, no normalization, no skip connection",
    (DROPOUT, NORMALIZATION, SKIP),
    lambda dropout, norm, skip: dropout == 0 and norm == skip == "none",
    changes=3,
)

FULLY_CONNECTED = Condition(
    "fully connected layers", (CHANNELS,), lambda channels: len(channels) == 0
)


@dataclass(frozen=True, init=False)
class Domain:
    """The conditions under which a statement holds, and those under which it has a value here.

    Attributes:
      conditions: outside any of them the statement says nothing.
      limits: of the methods that evaluate it; outside them it holds, but has no number.
      blocks: the condition on the networks' blocks. Those of every statement are plain, unless it
        says otherwise, and it is then not repeated among its words.
      layers: the same on how the layers are connected: fully, unless it says otherwise.
    """

    conditions: tuple[Condition, ...]
    limits: tuple[Condition, ...]
    blocks: Condition
    layers: Condition

    def __init__(
        self,
        *conditions: Condition,
        limits: tuple[Condition, ...] = (),
        blocks: Condition = PLAIN_BLOCKS,
        layers: Condition = FULLY_CONNECTED,
    ) -> None:
        # A constructor of its own, for conditions in a row; as in ``theory.network``.
        vars(self).update(conditions=conditions, limits=limits, blocks=blocks, layers=layers)

    @property
    def of_networks(self) -> bool:
        """Whether it is one of a statement about networks, which says what their biases are."""
        return any([field.name for field in c.reads] == ["bias"] for c in self.conditions)

    @property
    def asked(self) -> tuple[Condition, ...]:
        """All conditions: of a statement about networks also those on layers and blocks."""
        if not self.of_networks:
            return self.conditions
        return (self.layers, self.blocks, *self.conditions)

    def failing(self, point: Point, decide: Decide = exactly) -> tuple[Condition, ...]:
        """The conditions that fail at a point, those on layers and blocks first."""
        return tuple(c for c in self.asked if not c.holds(point, decide))

    def contains(self, point: Point, decide: Decide = exactly) -> bool:
        """Whether every condition holds at a point."""
        return not self.failing(point, decide)

    def exceeding(self, point: Point, decide: Decide = exactly) -> tuple[Condition, ...]:
        """The limits that a point exceeds, in their order."""
        return tuple(c for c in self.limits if not c.holds(point, decide))

    @property
    def words(self) -> tuple[str, ...]:
        """Conditions and limits in words."""
        return (
            *((self.layers.words,) if self.layers is not FULLY_CONNECTED else ()),
            *((self.blocks.words,) if self.blocks is not PLAIN_BLOCKS else ()),
            *(condition.words for condition in self.conditions),
            *(f"{limit.words} for its value" for limit in self.limits),
        )
