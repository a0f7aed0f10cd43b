"""The factor of a branch beside a skip connection that keeps so many blocks within a factor e.

What is kept is the statement of the catalogue that grows fastest with each kind of block; the
growths themselves are its right sides. Source: this project, docs/skips.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import sympy as sp

from maxout.numerics.predict import predict
from maxout.theory.block import SKIP, Block
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.errors import DomainError
from maxout.theory.field import Field, integer
from maxout.theory.network import RANK, Network

KINDS = SKIP.typical[1:]
MAX_BLOCKS = 10_000
BLOCKS = Field(
    "blocks",
    sp.Symbol("blocks", integer=True, positive=True),
    f"an integer from 1 to {MAX_BLOCKS:,}",
    (6, 24),
    "blocks with a skip connection",
    integer(1, MAX_BLOCKS),
)
_KEPT = {
    "plain": "skip.plain.length",
    "linear": "skip.linear.length",
    "normalized": "skip.normalized.jacobian",
    "pre-norm": "skip.prenorm.jacobian",
}
_WORDS = {
    "plain": "mean of ||x||^2, and of ||J(x)u||^2 along x; wide limit, x of mean 0",
    "linear": "mean of ||x||^2, and the most that the mean of ||J(x)u||^2 can be; any width",
    "normalized": "mean of ||J(x)u||^2 across x; wide limit, ||x||^2 = n",
    "pre-norm": "mean of ||J(x)u||^2 across x; wide limit, x of mean 0 and ||x||^2 = n",
}


@dataclass(frozen=True)
class BranchScale:
    """A branch's factor, with what it keeps.

    Attributes:
      kind: of ``KINDS``.
      rank, blocks: K and the number of blocks.
      beta: the factor: x + beta times the branch.
      factor: what is kept grows by this over all blocks, e at most.
      unscaled: the same at beta = 1; inf beyond float64.
      kept: what that is, in words.
    """

    kind: str
    rank: int
    blocks: int
    beta: float
    factor: float
    unscaled: float
    kept: str


def growth(kind: str, rank: int, blocks: int, beta: Any, c: Any = None) -> float:
    """Return by what factor so many blocks multiply what ``BranchScale.kept`` says of their kind.

    Args:
      kind: "plain", "linear", "normalized" or "pre-norm" (the last two with LayerNorm).
      rank: K.
      blocks: their number, from 1 to 10,000.
      beta: the branch's factor.
      c: weight variance times fan_in inside the branch; None for 1/M_K.

    Raises:
      MaxoutError: for a value outside its domain.
    """
    if kind not in KINDS:
        raise DomainError(f"skip must be one of {', '.join(KINDS)}; got {str(kind)[:60]!r}")
    norm = "layer" if kind in ("normalized", "pre-norm") else "none"
    # Right sides of these statements are free of the width, but for the norm of x.
    network = Network(
        2,
        (2,) * BLOCKS(blocks),
        2,
        RANK(rank),
        c,
        "zero",
        Block(skip=kind, norm=norm, branch_scale=beta),
    )
    statement = CATALOGUE[_KEPT[kind]]
    across = {"cosine": 0} if norm == "layer" else {}
    try:
        return float(predict(statement, network, norm=sp.sqrt(2), **across))
    except OverflowError:
        return math.inf


def branch_scale(kind: str, rank: int, blocks: int, c: Any = None) -> BranchScale:
    """Return the branch's factor that keeps ``blocks`` blocks within a factor e.

    For "linear" it is 1/sqrt(blocks c M_K), under which the factor is (1 + 1/blocks)^blocks; for
    the others the one at which the factor is e, to 12 digits.

    Args and errors as ``growth``.
    """
    unscaled = growth(kind, rank, blocks, 1, c)
    if kind == "linear":
        per_block = growth(kind, rank, 1, 1, c) - 1  # c M_K
        beta = 1 / math.sqrt(blocks * per_block)
    else:
        beta = _where_e(kind, rank, blocks, c)
    factor = growth(kind, rank, blocks, beta, c)
    return BranchScale(kind, rank, blocks, beta, factor, unscaled, _WORDS[kind])


def _where_e(kind: str, rank: int, blocks: int, c: Any) -> float:
    """The factor at which a growth, which increases with it, is e."""
    from scipy.optimize import brentq  # SciPy, not always needed

    def excess(beta: float) -> float:
        return math.log(growth(kind, rank, blocks, beta, c)) - 1

    low = high = 1 / blocks
    while excess(low) > 0:
        low /= 2
    while excess(high) < 0:
        high *= 2
    return float(brentq(excess, low, high, rtol=1e-12))
