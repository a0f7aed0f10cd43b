"""What stands in every hidden layer beside weights and maximum: dropout, normalization, a skip.

One record for all layers. A block without any of them is *plain*: x' = max_k (W_k x + b_k).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from maxout.theory import symbols
from maxout.theory.errors import DomainError
from maxout.theory.field import Field, integer, one_of, real

NORMS = ("none", "rms", "layer")
PLACES = ("behind", "before", "linear")
SKIPS = ("none", "plain", "linear", "normalized", "pre-norm")
MAX_INNER = 10**9


def _words(words: tuple[str, ...]) -> str:
    return f"one of {', '.join(map(repr, words))}"


DROPOUT = Field(
    "dropout",
    symbols.dropout,
    "a number at least 0 and below 1",
    (0, 0.1, 0.5),
    "chance that dropout behind each maximum sets a unit to 0 (training mode, inverted)",
    real(lambda p: bool(p >= 0) and bool(p < 1)),
)
NORMALIZATION = Field(
    "norm",
    sp.Symbol("norm"),
    _words(NORMS),
    NORMS,
    "normalization of every block, gain 1 and shift 0: none, rms or layer",
    one_of(NORMS),
)
PLACE = Field(
    "norm_place",
    sp.Symbol("norm_place"),
    _words(PLACES),
    PLACES,
    "where it normalizes: behind the maximum, before it (over all n K features), or behind a "
    "linear layer that follows the maximum",
    one_of(PLACES),
)
INNER = Field(
    "inner",
    symbols.inner,
    f"an integer from 1 to {MAX_INNER:,}",
    (4, 64, 256),
    "units of the maximum inside a block that ends in a linear layer",
    integer(1, MAX_INNER),
)
SKIP = Field(
    "skip",
    sp.Symbol("skip"),
    _words(SKIPS),
    SKIPS,
    "skip connection: none; plain x + beta max(Wx); linear x + beta V max(Wx); normalized "
    "x + beta N(max(Wx)); pre-norm x + beta max(W N(x))",
    one_of(SKIPS),
)
BRANCH_SCALE = Field(
    "branch_scale",
    symbols.beta,
    "a positive finite number",
    (1, 0.5, 0.1),
    "factor beta of the branch beside a skip connection",
    real(lambda beta: bool(beta.is_positive)),
)
BLOCK_FIELDS = (DROPOUT, NORMALIZATION, PLACE, INNER, SKIP, BRANCH_SCALE)
DEFAULTS: dict[str, Any] = {
    "dropout": sp.Integer(0),
    "norm": "none",
    "norm_place": "behind",
    "inner": None,
    "skip": "none",
    "branch_scale": sp.Integer(1),
}
PREFIX = "block with "


@dataclass(frozen=True, init=False)
class Block:
    """What every hidden layer of a network has beside weights and maximum.

    Args:
      dropout: p, 0 <= p < 1: units behind each maximum are set to 0 with chance p and multiplied by
        1/(1-p) otherwise, independent of all else. One mask serves all pieces of a unit.
      norm: "none", "rms" (sqrt(m) h/|h|) or "layer" (the same of h less its mean); gain 1, shift 0,
        epsilon 0.
      norm_place: "behind" the maximum, "before" it (over all n K features), or "linear": behind a
        linear layer N(0, 1/fan_in) that follows the maximum.
      inner: units of the maximum where a linear layer follows it inside the block; None for as many
        as the block has outputs.
      skip: "none"; "plain", x + beta max(Wx); "linear", x + beta V max(Wx) with V ~ N(0, 1/fan_in);
        "normalized", x + beta N(max(Wx)); or "pre-norm", x + beta max(W N(x)).
      branch_scale: beta.

    Raises:
      MaxoutError: for a value outside its field's domain, or values that do not go together.
    """

    dropout: sp.Expr
    norm: str
    norm_place: str
    inner: int | None
    skip: str
    branch_scale: sp.Expr

    def __init__(
        self,
        dropout: Any = 0,
        norm: str = "none",
        norm_place: str = "behind",
        inner: int | None = None,
        skip: str = "none",
        branch_scale: Any = 1,
    ) -> None:
        vars(self).update(
            dropout=DROPOUT(dropout),
            norm=NORMALIZATION(norm),
            norm_place=PLACE(norm_place),
            inner=None if inner is None else INNER(inner),
            skip=SKIP(skip),
            branch_scale=BRANCH_SCALE(branch_scale),
        )
        if self.norm == "none":
            if self.skip in ("normalized", "pre-norm"):
                raise DomainError(f"skip {self.skip!r} needs a normalization: norm rms or layer")
            if self.norm_place != "behind":
                raise DomainError("norm_place needs a normalization: norm rms or layer")
        if self.skip == "none" and self.branch_scale != 1:
            raise DomainError(
                "branch_scale needs a skip connection: skip plain, linear, normalized or pre-norm"
            )
        if self.inner is not None and "linear" not in (self.norm_place, self.skip):
            raise DomainError("inner needs a linear layer: norm_place or skip linear")

    @property
    def plain(self) -> bool:
        """Whether it is weights and maximum alone."""
        return not self.parts

    @property
    def parts(self) -> dict[str, Any]:
        """What differs from a plain block, by field name."""
        return {n: v for n, v in vars(self).items() if v != DEFAULTS[n]}

    def without(self, *names: str) -> Block:
        """The block with these fields as in a plain one."""
        return Block(**{n: v for n, v in self.parts.items() if n not in names})

    def __str__(self) -> str:
        return " ".join(f"{name}={value}" for name, value in self.parts.items())


PLAIN = Block()
