"""Decision procedures: each decides, says what it could detect, and how many samples it needs."""

from maxout.verify.decisions.bounded import (
    BoundedMeanAtLeast,
    BoundedMeanAtMost,
    BoundedMeanEquality,
)
from maxout.verify.decisions.depth import LogMeanEquality
from maxout.verify.decisions.means import MeanAtLeast, MeanAtMost, MeanEquality
from maxout.verify.decisions.medians import MedianEquality
from maxout.verify.decisions.outcome import (
    ERROR,
    INCONCLUSIVE,
    ONE_SIDED,
    REFUTED,
    VERIFIED,
    Decision,
    DecisionError,
    Outcome,
)
from maxout.verify.decisions.proportions import (
    ProportionAtLeast,
    ProportionAtMost,
    ProportionEquality,
)
from maxout.verify.decisions.same_law import SameLaw, StochasticOrder, StochasticOrderReversed

__all__ = [
    "ERROR",
    "INCONCLUSIVE",
    "ONE_SIDED",
    "REFUTED",
    "VERIFIED",
    "BoundedMeanAtLeast",
    "BoundedMeanAtMost",
    "BoundedMeanEquality",
    "Decision",
    "DecisionError",
    "LogMeanEquality",
    "MeanAtLeast",
    "MeanAtMost",
    "MeanEquality",
    "MedianEquality",
    "Outcome",
    "ProportionAtLeast",
    "ProportionAtMost",
    "ProportionEquality",
    "SameLaw",
    "StochasticOrder",
    "StochasticOrderReversed",
]
