"""Decisions about probabilities, from counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from maxout.theory.statement import Relation
from maxout.verify.decisions.binomial import binomial_quantile, clopper_pearson
from maxout.verify.decisions.outcome import (
    ASSURANCE,
    PLANNED_POWER,
    UNREACHABLE,
    DecisionError,
    Outcome,
    check_alpha,
    check_size,
    compared,
    z,
)


@dataclass(frozen=True)
class ProportionEquality:
    """Pr(event) = predicted, by the Clopper-Pearson interval: exact at every size.

    Attributes:
      probability: where the sample size is planned for; the decision itself does not use it.
      margin: in units of the probability.
      width: distance of the interval's ends to plan samples for, where it is not the margin.
    """

    probability: float
    margin: float
    width: float = 0.0

    relation: ClassVar[Relation] = Relation.EQ

    def __post_init__(self) -> None:
        check_size("probability", self.probability, 1.0)
        check_size("margin", self.margin)
        check_size("width", self.width)

    def decide(self, data: np.ndarray, predicted: float, alpha: float) -> Outcome:
        """Judge from ``data``, an array of booleans: did the event happen.

        Raises:
          DecisionError: where there are none.
        """
        check_alpha(alpha)
        n, k = data.size, int(np.count_nonzero(data))
        if not n:
            raise DecisionError("a share needs at least one observation; got none")
        interval = clopper_pearson(k, n, alpha)
        status, note = compared(self.relation, interval, predicted, self.margin)
        return Outcome(status, k / n, interval, n, self.detectable(n, alpha), alpha, note)

    def detectable(self, samples: int, alpha: float) -> float:
        """Smallest error refuted with chance ``POWER`` and more: by the binomial law of counts."""
        return self._farthest(samples, alpha, PLANNED_POWER)

    def samples_needed(self, alpha: float) -> int:
        """Samples at which a true prediction is verified with chance ``ASSURANCE``."""
        check_alpha(alpha)
        width = self.width or self.margin
        if not width:
            return UNREACHABLE
        # The normal approximation starts the search, which the exact binomial ends.
        reach = z(1 - alpha / 2) + z((1 + ASSURANCE) / 2)
        variance = self.probability * (1 - self.probability)
        samples = math.ceil(max(reach**2 * variance / width**2, 1))
        chance = (1 + ASSURANCE) / 2
        while samples < UNREACHABLE and self._farthest(samples, alpha, chance) > width:
            samples = samples * 21 // 20 + 1
        return min(samples, UNREACHABLE)

    def _farthest(self, samples: int, alpha: float, chance: float) -> float:
        """How far from ``probability`` the interval's ends are, each with this chance at most."""
        p = self.probability
        # At an end of [0, 1] there is one side only, and the count is certain.
        most = binomial_quantile(chance, samples, p)
        least = binomial_quantile(1 - chance, samples, p)
        above = clopper_pearson(most, samples, alpha)[1] - p if p < 1 else 0.0
        below = p - clopper_pearson(max(least, 0), samples, alpha)[0] if p > 0 else 0.0
        return max(above, below)


@dataclass(frozen=True)
class ProportionAtMost(ProportionEquality):
    """Pr(event) <= predicted, by the Clopper-Pearson interval: exact at every size.

    Refuted where its lower end exceeds the prediction, verified where its upper end is at most
    predicted + margin.
    """

    relation = Relation.LE


@dataclass(frozen=True)
class ProportionAtLeast(ProportionEquality):
    """Pr(event) >= predicted, by the Clopper-Pearson interval: exact at every size.

    Refuted where its upper end is below the prediction, verified where its lower end is at least
    predicted - margin.
    """

    relation = Relation.GE
