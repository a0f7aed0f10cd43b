"""What one result of the catalogue says: key, two sides, relation, assumptions, source, status."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import sympy as sp

from maxout.theory import symbols


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


@dataclass(frozen=True)
class Source:
    """Where a result comes from: ``key`` into theory.sources.BIBLIOGRAPHY, and its name there."""

    key: str
    name: str

    def __str__(self) -> str:
        from maxout.theory.sources import BIBLIOGRAPHY

        return f"{BIBLIOGRAPHY[self.key].short}: {self.name}"


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
      assumptions: short phrases, each a condition.
      biases: bias settings under which it holds; empty where no network is involved.
      source: the paper, or this project.
      proof: page and anchor in docs/ with the proof or derivation.
      status: "proved" or "conjecture".
      orders: orders t that the statement is shown and verified at; empty where it has none.
      minimum_rank, maximum_rank: ranks K at which the right side holds and can be evaluated.
      numeric: False where the right side is a law, not a number.
      parameters: symbols of the right side beyond the architecture.
      symbolic_order: False where the form of the right side depends on the order, so that it can
        only be shown at a concrete one.
      constant_width: True where all hidden layers must have one width.
      inputs: n_0 where it speaks about one number of inputs only.
      hidden_layers: L - 1 where it speaks about one depth only.
      narrowest: units that every hidden layer but the last must have at least.
      quantity: what the left side is, by the same dotted name in every statement about it
        ("jacobian.mean"); those of one quantity stand side by side in ``maxout ladder``.
      rung: the statement's place there, one of ``RUNGS``; given together with ``quantity``.
    """

    key: str
    title: str
    left: str
    relation: Relation
    build: Callable[[sp.Expr | int], sp.Expr]
    assumptions: tuple[str, ...]
    biases: tuple[str, ...]
    source: Source
    proof: str
    status: str = "proved"
    orders: tuple[int, ...] = ()
    minimum_rank: int = 1
    maximum_rank: int | None = None
    numeric: bool = True
    parameters: tuple[sp.Symbol, ...] = ()
    symbolic_order: bool = True
    constant_width: bool = False
    inputs: int | None = None
    hidden_layers: int | None = None
    narrowest: int = 1
    quantity: str = ""
    rung: str = ""

    def __post_init__(self) -> None:
        if self.status not in ("proved", "conjecture"):
            raise ValueError(f"status must be 'proved' or 'conjecture'; got {self.status!r}")
        if bool(self.quantity) != bool(self.rung):
            raise ValueError(f"{self.key}: give both quantity and rung, or neither")
        if self.rung and RUNGS.get(self.rung) != self.relation:
            raise ValueError(
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

    def applies_to(self, bias: str, rank: int) -> bool:
        """Whether the statement speaks about networks with this bias law and rank."""
        return (not self.biases or bias in self.biases) and (
            self.minimum_rank <= rank and (self.maximum_rank is None or rank <= self.maximum_rank)
        )
