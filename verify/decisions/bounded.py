"""Decision about the mean of bounded observations, such as counts: no variance is assumed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maxout.verify.decisions.bounds import betting_lower, student
from maxout.verify.decisions.means import MeanEquality
from maxout.verify.decisions.outcome import (
    INCONCLUSIVE,
    REFUTED,
    VERIFIED,
    Outcome,
    check_alpha,
)


@dataclass(frozen=True)
class BoundedMeanEquality:
    """E X = predicted, 0 <= X <= ceiling surely.

    Both ends of the interval are bets, one against X and one against ceiling - X: valid at every
    sample size, whatever the law on [0, ceiling]. Refuted where the interval misses the prediction;
    verified where it lies within a margin of it, and so does the Student interval.

    Attributes:
      ceiling: the largest possible observation, a fact of combinatorics.
      planned: variance to plan samples with; too small a plan costs certainty, never honesty.
      margin: in units of the mean.
    """

    ceiling: float
    planned: float
    margin: float

    def decide(self, data: np.ndarray, predicted: float, alpha: float) -> Outcome:
        check_alpha(alpha)
        if float(data.min()) < 0 or float(data.max()) > self.ceiling:
            raise ArithmeticError(
                f"observations must lie in [0, {self.ceiling:g}]; "
                f"got {data.min():g} to {data.max():g}"
            )
        values = np.asarray(data, dtype=float)
        low = betting_lower(values, alpha / 2)
        high = self.ceiling - betting_lower(self.ceiling - values, alpha / 2)
        check_low, check_high = student(values, alpha)
        note = ""
        if not low <= predicted <= high:
            status = REFUTED
        elif min(low, check_low) >= predicted - self.margin and (
            max(high, check_high) <= predicted + self.margin
        ):
            status = VERIFIED
        else:
            status, note = INCONCLUSIVE, "the interval is wider than the margin"
        return Outcome(
            status,
            float(values.mean()),
            (low, high),
            values.size,
            self.detectable(values.size, alpha),
            alpha,
            note,
        )

    def detectable(self, samples: int, alpha: float) -> float:
        """Smallest error refuted with chance ``POWER``, at the planned variance."""
        return self._as_planned().detectable(samples, alpha) + self._lag(samples, alpha)

    def samples_needed(self, alpha: float) -> int:
        """Samples at which a true prediction is verified, at the planned variance."""
        samples = self._as_planned().samples_needed(alpha)
        while self._as_planned().detectable(samples, alpha) + self._lag(samples, alpha) > (
            self.margin
        ):
            samples = samples * 5 // 4 + 1
        return samples

    def _as_planned(self) -> MeanEquality:
        return MeanEquality(self.planned, self.margin)

    def _lag(self, samples: int, alpha: float) -> float:
        # A stake of at most 0.9/ceiling wins 0.9/ceiling times the error an observation.
        return self.ceiling * float(np.log(2 / alpha)) / (0.9 * samples)
