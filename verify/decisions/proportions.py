"""Decisions about probabilities, from counts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from maxout.verify.decisions.outcome import (
    ASSURANCE,
    INCONCLUSIVE,
    PLANNED_POWER,
    REFUTED,
    VERIFIED,
    Outcome,
    check_alpha,
    z,
)


def clopper_pearson(count: int, size: int, alpha: float) -> tuple[float, float]:
    """Return the two-sided interval of a probability, exact at every size; alpha/2 a side."""
    low = float(stats.beta.ppf(alpha / 2, count, size - count + 1)) if count else 0.0
    high = float(stats.beta.isf(alpha / 2, count + 1, size - count)) if count < size else 1.0
    return low, high


@dataclass(frozen=True)
class ProportionEquality:
    """Pr(event) = predicted, by the Clopper-Pearson interval: exact at every size.

    Attributes:
      probability: where the sample size is planned for; the decision itself does not use it.
      margin: in units of the probability.
    """

    probability: float
    margin: float

    def decide(self, data: np.ndarray, predicted: float, alpha: float) -> Outcome:
        """Judge from ``data``, an array of booleans: did the event happen."""
        check_alpha(alpha)
        n, k = data.size, int(np.count_nonzero(data))
        low, high = clopper_pearson(k, n, alpha)
        note = ""
        if not low <= predicted <= high:
            status = REFUTED
        elif predicted - self.margin <= low and high <= predicted + self.margin:
            status = VERIFIED
        else:
            status, note = INCONCLUSIVE, "the interval is wider than the margin"
        return Outcome(status, k / n, (low, high), n, self.detectable(n, alpha), alpha, note)

    def _deviation(self) -> float:
        return math.sqrt(self.probability * (1 - self.probability))

    def detectable(self, samples: int, alpha: float) -> float:
        """Smallest error refuted with chance ``POWER`` (normal approximation)."""
        return (z(1 - alpha / 2) + z(PLANNED_POWER)) * self._deviation() / math.sqrt(samples)

    def samples_needed(self, alpha: float) -> int:
        """Samples at which a true prediction is verified with chance ``ASSURANCE``."""
        check_alpha(alpha)
        # The binomial tail is a little heavier than the normal one: a tenth more covers it where
        # the event is not rare (n p > 100).
        reach = z(1 - alpha / 2) + z((1 + ASSURANCE) / 2)
        return math.ceil(1.1 * (reach * self._deviation() / self.margin) ** 2)
