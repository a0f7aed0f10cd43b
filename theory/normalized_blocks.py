"""Conditions on networks whose blocks are normalized, and what a normalization loses."""

from __future__ import annotations

from typing import Any

from maxout.theory.block import DROPOUT, INNER, NORMALIZATION, PLACE, SKIP
from maxout.theory.domain import Condition
from maxout.theory.network import RANK, WIDTHS
from maxout.theory.parameters import COSINE, NORM

LOST = {"rms": 0, "layer": 1}
"""Directions that a normalization projects away before it divides."""

NAMES = {"rms": "RMS normalization", "layer": "layer normalization"}
_WHERE = {
    "behind": "behind the maximum",
    "before": "before the maximum, over all n K features",
    "linear": "behind a linear layer that follows the maximum",
}


def normalized(norm: str, place: str) -> Condition:
    """Blocks with one normalization at one place, and nothing else."""
    return Condition(
        f"{NAMES[norm]} {_WHERE[place]} in every block, no dropout, no skip connection",
        (NORMALIZATION, PLACE, DROPOUT, SKIP),
        lambda found, at, dropout, skip: (
            (found, at, skip) == (norm, place, "none") and dropout == 0
        ),
        changes=4,
    )


def units_at_least(least: int) -> Condition:
    """Else the inverse square that a normalization divides by has no such moment."""
    return Condition(
        f"every hidden layer has at least {least} units, else it is infinite",
        (WIDTHS,),
        lambda widths: min(widths) >= least,
    )


def inner_at_least(least: int) -> Condition:
    """The same of the maximum inside a block; it has as many units as the block where none are
    given."""
    return Condition(
        f"every maximum inside a block has at least {least} units, else it is infinite",
        (INNER, WIDTHS),
        lambda inner, widths: (inner or min(widths)) >= least,
    )


def features_at_least(least: int) -> Condition:
    """The same of all features of a layer."""
    return Condition(
        f"the last hidden layer has at least {least} features n K, else it is infinite",
        (WIDTHS, RANK),
        lambda widths, rank: widths[-1] * rank >= least,
        changes=2,
    )


def _across(cosine: Any) -> bool:
    return bool(abs(cosine) < 1)


ACROSS = Condition("u is not along x: -1 < rho_0 < 1", (COSINE,), _across)
INPUT = Condition("|x| > 0", (NORM,), lambda norm: bool(norm > 0))
