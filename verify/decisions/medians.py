"""Decision about a median, for what converges in probability: nothing is assumed of the law."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from maxout.theory.statement import Relation
from maxout.verify.decisions.binomial import binomial_quantile
from maxout.verify.decisions.outcome import (
    ASSURANCE,
    INCONCLUSIVE,
    PLANNED_POWER,
    UNREACHABLE,
    Outcome,
    check_alpha,
    check_size,
    compared,
    observations,
    z,
)

_EFFICIENCY = math.sqrt(math.pi / 2)  # of a normal sample's median: planning only


@dataclass(frozen=True)
class MedianEquality:
    """The median of X is within ``bias`` of predicted.

    The interval lies between two order statistics, which cover the median with a chance that is
    binomial whatever the law. Refuted where it misses [predicted - bias, predicted + bias],
    verified where it lies within a further margin of that.

    Attributes:
      deviation: standard deviation to plan samples with; too small a plan costs certainty, never
        honesty.
      margin: in units of the median.
      bias: how far the median may truly be from the limit, stated by the theory.
    """

    deviation: float
    margin: float
    bias: float = 0.0

    def __post_init__(self) -> None:
        for name in ("deviation", "margin", "bias"):
            check_size(name, getattr(self, name))

    def decide(self, data: np.ndarray, predicted: float, alpha: float) -> Outcome:
        check_alpha(alpha)
        values = np.sort(observations(data))
        n = values.size
        # The k-th smallest exceeds the median with chance Pr(Bin(n, 1/2) <= k - 1) <= alpha/2.
        k = binomial_quantile(alpha / 2, n, 0.5)
        middle = float(np.median(values))
        detectable = self.detectable(n, alpha)
        if k < 1:
            note = "too few samples for an interval of the median"
            return Outcome(INCONCLUSIVE, middle, (None, None), n, detectable, alpha, note)
        interval = float(values[k - 1]), float(values[n - k])
        status, note = compared(Relation.EQ, interval, predicted, self.margin, self.bias)
        return Outcome(status, middle, interval, n, detectable, alpha, note)

    def _error(self, samples: int) -> float:
        return _EFFICIENCY * self.deviation / math.sqrt(samples)

    def detectable(self, samples: int, alpha: float) -> float:
        """Smallest error beyond ``bias`` refuted with chance ``POWER`` (normal approximation)."""
        return (z(1 - alpha / 2) + z(PLANNED_POWER)) * self._error(samples)

    def samples_needed(self, alpha: float) -> int:
        """Samples at which a true prediction is verified with chance ``ASSURANCE``."""
        check_alpha(alpha)
        # Room for the steps between order statistics, and at least a handful beyond the interval.
        reach = z(1 - alpha / 2) + z((1 + ASSURANCE) / 2)
        if reach * self._error(1) >= self.margin * math.sqrt(UNREACHABLE / 2):
            return UNREACHABLE
        planned = math.ceil(1.1 * (reach * self._error(1) / (self.margin or 1)) ** 2)
        return max(planned, math.ceil(4 * math.log2(2 / alpha)))
