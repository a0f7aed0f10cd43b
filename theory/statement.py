"""What one result of the catalogue says: key, two sides, relation, domain, source, status."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import sympy as sp

from maxout.theory import symbols
from maxout.theory.block import BLOCK_FIELDS
from maxout.theory.convolution import CHANNELS, SIZES
from maxout.theory.domain import Domain, Range
from maxout.theory.network import BIAS, BIASES, FIELDS
from maxout.theory.sources import BIBLIOGRAPHY


class Relation(StrEnum):
    """How the left side of a statement stands to its right side."""

    LE = "<="
    GE = ">="
    EQ = "=="
    LE_ST = "<=_st"
    GE_ST = ">=_st"
    EQ_D = "=_d"
    LIMIT = "->"

    @property
    def latex(self) -> str:
        return {
            "<=": r"\leq",
            ">=": r"\geq",
            "==": "=",
            "<=_st": r"\leq_{\mathrm{st}}",
            ">=_st": r"\geq_{\mathrm{st}}",
            "=_d": r"\overset{d}{=}",
            "->": r"\to",
        }[self.value]


RUNGS = {
    "lower": Relation.GE,
    "lower.sharp": Relation.GE,
    "exact": Relation.EQ,
    "upper.sharp": Relation.LE,
    "upper": Relation.LE,
}
"""Places on the ladder of one quantity, from below: the paper's bounds outside, this project's
sharper ones inside, the exact value in the middle."""


class Status(StrEnum):
    """What a statement rests on.

    PROVED: a proof stands in docs/. CITED: a theorem of its source, sketched in docs/ and not
    proved again. DERIVED: by this project, from bounds of its source. CONJECTURE: seen in samples
    only.
    """

    PROVED = "proved"
    CITED = "cited"
    DERIVED = "derived"
    CONJECTURE = "conjecture"


@dataclass(frozen=True)
class Source:
    """Where a result comes from.

    Attributes:
      key: into theory.sources.BIBLIOGRAPHY.
      name: of the result there.
      after: keys of the work that it goes back to, or follows.
    """

    key: str
    name: str
    after: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Everything to cite."""
        return (self.key, *self.after)

    @property
    def short(self) -> str:
        """The source without the result's name, as tables print it."""
        first, *rest = (BIBLIOGRAPHY[key].short for key in self.keys)
        return f"{first} (after {', '.join(rest)})" if rest else first

    def __str__(self) -> str:
        return f"{self.short}: {self.name}"


@dataclass(frozen=True)
class Statement:
    """One result: left side, relation, right side, and what it rests on.

    Attributes:
      key: dotted name, section first (``jacobian.mean.upper``).
      title: the result in one line of words.
      left: LaTeX of the left side; the quantity an experiment estimates.
      relation: how left stands to right.
      build: order t -> right side, a SymPy expression in the symbols of ``theory.symbols`` (with
        Sum and Product over layers). Statements that have no order ignore the argument.
      definitions: short phrases that say what the letters mean and what is random.
      domain: the conditions under which it holds, executable.
      range: numbers that the right side lies among, whatever the network; a law's has none.
      source: the paper, older work, or this project.
      proof: page and anchor in docs/ with the proof or derivation.
      status: one of ``Status``.
      orders: orders t that the statement is shown and verified at; empty where it has none.
      numeric: False where the right side is a law, not a number.
      parameters: symbols of the right side beyond the architecture.
      symbolic_order: False where the form of the right side depends on the order, so that it can
        only be shown at a concrete one.
      quantity: what the left side is, by the same dotted name in every statement about it
        ("jacobian.mean"); those of one quantity stand side by side in ``maxout ladder``.
      rung: the statement's place there, one of ``RUNGS``; given together with ``quantity``.
    """

    key: str
    title: str
    left: str
    relation: Relation
    build: Callable[[sp.Expr | int], sp.Expr]
    definitions: tuple[str, ...]
    domain: Domain
    source: Source
    proof: str
    range: Range = Range.REAL
    status: Status = Status.PROVED
    orders: tuple[int, ...] = ()
    numeric: bool = True
    parameters: tuple[sp.Symbol, ...] = ()
    symbolic_order: bool = True
    quantity: str = ""
    rung: str = ""

    def __post_init__(self) -> None:
        known = {field.symbol for field in (*FIELDS, *BLOCK_FIELDS, CHANNELS, SIZES)} | set(
            self.parameters
        )
        known |= {symbols.t} if self.orders else set()
        domain = self.domain
        for condition in (*domain.conditions, *domain.limits, domain.blocks, domain.layers):
            if unknown := [field.name for field in condition.reads if field.symbol not in known]:
                raise RuntimeError(f"{self.key}: {condition.words!r} reads {', '.join(unknown)}")
        if bool(self.quantity) != bool(self.rung):
            raise RuntimeError(f"{self.key}: give both quantity and rung, or neither")
        if self.rung and RUNGS.get(self.rung) != self.relation:
            raise RuntimeError(
                f"{self.key}: rung must be one of {', '.join(RUNGS)} and fit the relation; "
                f"got {self.rung!r} with {self.relation.value!r}"
            )

    def right(self, order: int | None = None) -> sp.Expr:
        """The right side; at a concrete ``order`` where given, else symbolic in t if it can be."""
        if order is not None:
            return self.build(order)
        if self.orders and not self.symbolic_order:
            return self.build(self.orders[0])
        return self.build(symbols.t)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Everything it rests on, in words: definitions, then the conditions of its domain."""
        return (*self.definitions, *self.domain.words)

    @property
    def biases(self) -> tuple[str, ...]:
        """Laws of biases that it speaks about; empty where no network is involved."""
        asked = [c for c in self.domain.conditions if c.reads == (BIAS,)]
        return tuple(law for law in BIASES if asked and all(c.test(law) for c in asked))
