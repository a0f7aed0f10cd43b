"""c with dropout: one for training mode, one for evaluation mode, and what each costs the other.

At zero bias a layer multiplies the mean of the normalized activation length by c M_K/(1-p) in
training mode (behind its mask) and by c M_K in evaluation mode, exactly at any width. So no c keeps
both. Source: this project, docs/dropout.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from maxout.numerics.balls.enclosure import Enclosure
from maxout.numerics.balls.evaluator import enclose
from maxout.numerics.balls.precision import DIGITS
from maxout.theory.block import DROPOUT
from maxout.theory.errors import DomainError
from maxout.theory.network import RANK
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.parameters import WINDOW

FEW_DIGITS = DIGITS.up_to(1000, "where c is that of a mode")
MODES = {
    "train": "c = (1-p)/M_K",
    "eval": "c = 1/M_K",
}


@dataclass(frozen=True)
class DropoutChoice:
    """c for one mode.

    Attributes:
      mode: the mode whose length c keeps, a key of ``MODES``.
      rank: K, with the cells of a pooling that follows.
      dropout: p, exact.
      c: weight variance times fan_in.
      train, evaluation: factor of the mean normalized activation length a layer in either mode,
        exact.
    """

    mode: str
    rank: int
    dropout: sp.Expr
    c: Enclosure
    train: sp.Expr
    evaluation: sp.Expr


def choose_with_dropout(
    rank: int, dropout: Any, mode: str = "train", digits: int = 20, window: int = 1
) -> DropoutChoice:
    """Return c for layers with inverted dropout behind them.

    Args:
      rank: K, an integer from 1 to 10^15.
      dropout: p, 0 <= p < 1.
      mode: "train" for c = (1-p)/M_K, which keeps the mean length while masks are drawn, or "eval"
        for c = 1/M_K, which keeps it without them.
      digits: correct digits asked for, 1 to 1,000.
      window: cells of a max pooling that follows; K times as many pieces then.

    Raises:
      MaxoutError: for a value outside its domain.
    """
    if mode not in MODES:
        raise DomainError(f"mode must be one of {', '.join(MODES)}; got {str(mode)[:60]!r}")
    k = RANK(RANK(rank) * WINDOW(window))
    p, digits = DROPOUT(dropout), FEW_DIGITS(digits)
    stays = (1 - p) if mode == "train" else sp.Integer(1)
    c = enclose(stays / LargestNormalMoment(sp.Integer(k), 2), {}, digits)
    return DropoutChoice(mode, k, p, c, stays / (1 - p), stays)
