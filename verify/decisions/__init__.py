"""Decision procedures: each decides, says what it could detect, and how many samples it needs."""

from maxout.verify.decisions.bounded import BoundedMeanEquality
from maxout.verify.decisions.depth import LogMeanEquality
from maxout.verify.decisions.laws import SameLaw, StochasticOrder
from maxout.verify.decisions.means import MeanAtLeast, MeanAtMost, MeanEquality
from maxout.verify.decisions.medians import MedianEquality
from maxout.verify.decisions.outcome import (
    INCONCLUSIVE,
    REFUTED,
    VERIFIED,
    Decision,
    Outcome,
)
from maxout.verify.decisions.proportions import ProportionEquality

__all__ = [
    "INCONCLUSIVE",
    "REFUTED",
    "VERIFIED",
    "BoundedMeanEquality",
    "Decision",
    "LogMeanEquality",
    "MeanAtLeast",
    "MeanAtMost",
    "MeanEquality",
    "MedianEquality",
    "Outcome",
    "ProportionEquality",
    "SameLaw",
    "StochasticOrder",
]
