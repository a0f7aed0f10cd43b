"""Decisions about the mean of bounded observations, such as counts: no variance is assumed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from maxout.theory.statement import Relation
from maxout.verify.decisions.confidence_bounds import betting_lower, student
from maxout.verify.decisions.means import MeanEquality
from maxout.verify.decisions.outcome import (
    UNREACHABLE,
    DecisionError,
    Outcome,
    check_alpha,
    check_size,
    compared,
    observations,
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
      width: half-width of the interval to plan samples for, where it is not the margin.
    """

    ceiling: float
    planned: float
    margin: float
    width: float = 0.0

    relation: ClassVar[Relation] = Relation.EQ

    def __post_init__(self) -> None:
        for name in ("ceiling", "planned", "margin", "width"):
            check_size(name, getattr(self, name))
        if not self.ceiling:
            raise DecisionError("the ceiling must be above 0; got 0")

    def decide(self, data: np.ndarray, predicted: float, alpha: float) -> Outcome:
        check_alpha(alpha)
        values = observations(data)
        if float(values.min()) < 0 or float(values.max()) > self.ceiling:
            raise DecisionError(
                f"observations must lie in [0, {self.ceiling:g}]; "
                f"got {values.min():g} to {values.max():g}"
            )
        low = betting_lower(values, alpha / 2)
        high = self.ceiling - betting_lower(self.ceiling - values, alpha / 2)
        check = student(values, alpha)
        status, note = compared(self.relation, (low, high), predicted, self.margin, check=check)
        mean, n = float(values.mean()), values.size
        return Outcome(status, mean, (low, high), n, self.detectable(n, alpha), alpha, note)

    def detectable(self, samples: int, alpha: float) -> float:
        """Smallest error refuted with chance ``POWER``, at the planned variance."""
        return self._as_planned().detectable(samples, alpha) + self._lag(samples, alpha)

    def samples_needed(self, alpha: float) -> int:
        """Samples at which a true prediction is verified, at the planned variance."""
        width = self.width or self.margin
        samples = self._as_planned().samples_needed(alpha)
        while samples < UNREACHABLE and self.detectable(samples, alpha) > width:
            samples = samples * 5 // 4 + 1
        return min(samples, UNREACHABLE)

    def _as_planned(self) -> MeanEquality:
        return MeanEquality(self.planned, self.width or self.margin)

    def _lag(self, samples: int, alpha: float) -> float:
        # A stake of at most 0.9/ceiling wins 0.9/ceiling times the error an observation.
        return self.ceiling * float(np.log(2 / alpha)) / (0.9 * samples)


@dataclass(frozen=True)
class BoundedMeanAtMost(BoundedMeanEquality):
    """E X <= predicted, 0 <= X <= ceiling surely: the same interval by two bets.

    Refuted where its lower end exceeds the prediction, verified where its upper end, and that of
    the Student interval, is at most predicted + margin.
    """

    relation = Relation.LE


@dataclass(frozen=True)
class BoundedMeanAtLeast(BoundedMeanEquality):
    """E X >= predicted, 0 <= X <= ceiling surely: the same interval by two bets.

    Refuted where its upper end is below the prediction, verified where its lower end, and that of
    the Student interval, is at least predicted - margin.
    """

    relation = Relation.GE
