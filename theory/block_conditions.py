"""Conditions on blocks: which blocks a statement about dropout or a skip connection speaks of."""

from __future__ import annotations

from maxout.theory.block import DROPOUT, NORMALIZATION, PLACE, SKIP
from maxout.theory.domain import Condition

DROPOUT_ALONE = Condition(
    "dropout p > 0, no normalization, no skip connection",
    (DROPOUT, NORMALIZATION, SKIP),
    lambda dropout, norm, skip: bool(dropout > 0) and norm == skip == "none",
    changes=3,
)


def _skip(kind: str, words: str) -> Condition:
    return Condition(
        f"skip {words}, no dropout, no normalization",
        (SKIP, DROPOUT, NORMALIZATION),
        lambda skip, dropout, norm: skip == kind and dropout == 0 and norm == "none",
        changes=3,
    )


LINEAR_SKIP = _skip("linear", "linear: x + beta V max(Wx)")
PLAIN_SKIP = _skip("plain", "plain: x + beta max(Wx)")


def _normalized_skip(kind: str, words: str) -> Condition:
    return Condition(
        f"skip {words}, norm layer, no dropout",
        (SKIP, NORMALIZATION, PLACE, DROPOUT),
        lambda skip, norm, place, dropout: (
            skip == kind and norm == "layer" and place == "behind" and dropout == 0
        ),
        changes=4,
    )


NORMALIZED_SKIP = _normalized_skip("normalized", "normalized: x + beta N(max(Wx))")
PRE_NORM_SKIP = _normalized_skip("pre-norm", "pre-norm: x + beta max(W N(x))")
