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

    def __post_init__(self) -> None:
        if self.status not in ("proved", "conjecture"):
            raise ValueError(f"status must be 'proved' or 'conjecture'; got {self.status!r}")

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
