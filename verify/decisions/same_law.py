"""Decisions about laws: the same, or stochastically ordered, from two samples."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from maxout.theory.statement import Relation
from maxout.verify.decisions.outcome import (
    ASSURANCE,
    INCONCLUSIVE,
    POWER,
    UNREACHABLE,
    Outcome,
    check_alpha,
    check_size,
    compared,
    observations,
)


def excess(first: np.ndarray, second: np.ndarray) -> float:
    """Return sup_t (F_first(t) - F_second(t)) of the empirical distributions, at least 0."""
    points = np.sort(first)
    # The supremum is taken just after a point of the first sample.
    below_first = np.searchsorted(points, points, side="right") / first.size
    below_second = np.searchsorted(np.sort(second), points, side="right") / second.size
    return max(0.0, float(np.max(below_first - below_second)))


REUSED = 0.1
"""Share of common values from which on two samples are not independent draws. In float32 chance
alone makes some thousand of a million values meet; a stream read twice repeats whole shards."""


def repeated(first: np.ndarray, second: np.ndarray) -> float:
    """Return the share of the smaller sample's values that occur in the other one."""
    small, large = (first, second) if first.size <= second.size else (second, first)
    return float(np.isin(small, large).mean())


@dataclass(frozen=True)
class _Bands:
    """Shared: two Dvoretzky-Kiefer-Wolfowitz bands of chance alpha/2 each, Massart's constant.

    Attributes:
      margin: largest difference of the distribution functions that ``verified`` leaves open.
    """

    margin: float

    def __post_init__(self) -> None:
        check_size("margin", self.margin)

    def _half_width(self, samples: int, alpha: float) -> float:
        return 2 * math.sqrt(math.log(4 / alpha) / (2 * samples))

    def detectable(self, samples: int, alpha: float) -> float:
        """Distance of the laws refuted with chance ``POWER``: both bands and the noise."""
        return self._half_width(samples, alpha) + self._noise(samples, POWER)

    def samples_needed(self, alpha: float) -> int:
        """Samples of each kind at which equal laws are verified with chance ``ASSURANCE``."""
        check_alpha(alpha)
        reach = self._half_width(1, alpha) + self._noise(1, ASSURANCE)
        if reach >= self.margin * math.sqrt(UNREACHABLE):
            return UNREACHABLE
        return math.ceil((reach / self.margin) ** 2)

    @staticmethod
    def _noise(samples: int, chance: float) -> float:
        # Of the two-sample statistic under equal laws: Pr(D > d) <= 2 exp(-n d^2).
        return math.sqrt(math.log(2 / (1 - chance)) / samples)

    def _judge(self, distance: float, data: tuple[np.ndarray, np.ndarray], alpha: float) -> Outcome:
        samples = min(data[0].size, data[1].size)
        half = self._half_width(samples, alpha)
        interval = max(0.0, distance - half), min(1.0, distance + half)
        status, note = compared(Relation.EQ, interval, 0.0, self.margin)
        if (shared := repeated(*data)) > REUSED:
            status = INCONCLUSIVE
            note = f"{shared:.0%} of the values occur in both samples: a stream was reused"
        return Outcome(
            status, distance, interval, samples, self.detectable(samples, alpha), alpha, note
        )


def _pair(data: tuple[np.ndarray, np.ndarray], alpha: float) -> tuple[np.ndarray, np.ndarray]:
    check_alpha(alpha)
    first, second = data
    return observations(first), observations(second)


@dataclass(frozen=True)
class SameLaw(_Bands):
    """Two independent samples have one law; the quantity is sup |F - G|, predicted 0.

    Assumption: independent draws of continuous laws. Valid at every size; where many values are
    common a stream was reused, and nothing is concluded.
    """

    def decide(
        self, data: tuple[np.ndarray, np.ndarray], predicted: float, alpha: float
    ) -> Outcome:
        data = _pair(data, alpha)
        distance = max(excess(*data), excess(data[1], data[0]))
        return self._judge(distance, data, alpha)


@dataclass(frozen=True)
class StochasticOrder(_Bands):
    """The first sample's law is stochastically at most the second's.

    The quantity is sup_t (F_second(t) - F_first(t)), predicted 0: nowhere may the larger variable
    lie below t more often than the smaller.
    """

    def decide(
        self, data: tuple[np.ndarray, np.ndarray], predicted: float, alpha: float
    ) -> Outcome:
        smaller, larger = data = _pair(data, alpha)
        return self._judge(excess(larger, smaller), data, alpha)


@dataclass(frozen=True)
class StochasticOrderReversed(StochasticOrder):
    """The first sample's law is stochastically at least the second's.

    The quantity is sup_t (F_first(t) - F_second(t)), predicted 0: the order of the second sample
    and the first.
    """

    def decide(
        self, data: tuple[np.ndarray, np.ndarray], predicted: float, alpha: float
    ) -> Outcome:
        larger, smaller = data
        return super().decide((smaller, larger), predicted, alpha)
