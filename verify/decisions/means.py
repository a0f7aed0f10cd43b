"""Decisions about means: equal to, at most, at least, or near a predicted value."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from maxout.verify.decisions.bounds import betting_lower, catoni, student
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

_MOST_BLOCKS = 1 << 16

RARE = 0.5
"""Standard error of a sample mean, relative to the mean, from which on it shows nothing."""


class _Blocks:
    """Means of blocks of consecutive observations, where there are too many to solve with each.

    Block means are independent draws of the same mean and a fraction of the variance, so every
    bound stays valid; a remainder shorter than a block is left out.
    """

    def __init__(self, data: np.ndarray, variance: float) -> None:
        size = max(1, data.size // _MOST_BLOCKS)
        used = data.size // size * size
        self.data = data[:used].reshape(-1, size).mean(axis=1)
        self.variance = variance / size


@dataclass(frozen=True)
class _Mean:
    """Shared: a variance bound from the theory and the margin that ``verified`` demands.

    Attributes:
      variance: upper bound of the variance of one observation.
      margin: in units of the mean.
    """

    variance: float
    margin: float

    def _half_width(self, samples: int, alpha: float) -> float:
        return math.sqrt(2 * self.variance * math.log(2 / alpha) / samples)

    def detectable(self, samples: int, alpha: float) -> float:
        """Smallest error refuted with chance ``POWER``: half-width and noise (normal) together."""
        noise = z(PLANNED_POWER) * math.sqrt(self.variance / samples)
        return self._half_width(samples, alpha) + noise

    def samples_needed(self, alpha: float) -> int:
        """Samples at which a true prediction is verified with chance ``ASSURANCE``."""
        check_alpha(alpha)
        # The interval's far end is a half-width and the estimate's own noise away.
        reach = math.sqrt(2 * math.log(2 / alpha)) + z((1 + ASSURANCE) / 2)
        return math.ceil(reach**2 * self.variance / self.margin**2)

    def _outcome(
        self,
        status: str,
        data: np.ndarray,
        interval: tuple[float, float],
        alpha: float,
        note: str,
    ) -> Outcome:
        n = data.size
        mean, seen = float(data.mean()), self.detectable(n, alpha)
        return Outcome(status, mean, interval, n, seen, alpha, note)


@dataclass(frozen=True)
class MeanEquality(_Mean):
    """E X = predicted, or within ``bias`` of it for a limit.

    The interval is Catoni's, valid at every sample size for draws of variance at most ``variance``.
    Refuted where it misses [predicted - bias, predicted + bias]; verified where it lies within a
    further margin of that, and so does the Student interval, which knows nothing of ``variance``.
    Undecided with a relative variance above 100 that the samples do not outweigh, no number is
    given: a mean that rare networks rule is not what the samples show.

    Attributes:
      bias: how far the quantity may truly be from its limit, stated by the theory; 0 for equality.
    """

    bias: float = 0.0

    def decide(self, data: np.ndarray, predicted: float, alpha: float) -> Outcome:
        check_alpha(alpha)
        blocks = _Blocks(data, self.variance)
        low = catoni(blocks.data, blocks.variance, alpha / 2, -1)
        high = catoni(blocks.data, blocks.variance, alpha / 2, +1)
        check_low, check_high = student(data, alpha)
        floor, ceiling = predicted - self.bias, predicted + self.bias
        note = ""
        if low > ceiling or high < floor:
            status = REFUTED
        elif min(low, check_low) >= floor - self.margin and (
            max(high, check_high) <= ceiling + self.margin
        ):
            status = VERIFIED
        elif math.sqrt(self.variance / data.size) > RARE * abs(predicted) and self._rare(predicted):
            return self._says_nothing(data.size, predicted, alpha)
        else:
            status, note = INCONCLUSIVE, "the interval is wider than the margin"
        return self._outcome(status, data, (low, high), alpha, note)

    def _rare(self, predicted: float) -> bool:
        """Whether the spread itself is that of rare large values: far above the mean."""
        return self.variance > 100 * predicted**2

    def _says_nothing(self, samples: int, predicted: float, alpha: float) -> Outcome:
        note = (
            "the mean is ruled by rare networks: its relative variance is "
            f"{self.variance / predicted**2:.2g} and {self.samples_needed(alpha):.2g} samples "
            "would be needed; judge the logarithm instead"
        )
        return Outcome(
            INCONCLUSIVE, None, (None, None), samples, self.detectable(samples, alpha), alpha, note
        )


@dataclass(frozen=True)
class MeanAtMost(_Mean):
    """E X <= predicted, X >= 0.

    Refuted where the betting lower bound exceeds the prediction: no assumption but X >= 0.
    Verified where the upper bound is at most predicted + margin; a bound from above needs one of
    the variance (Catoni), and the Student interval, which does not, must agree.
    """

    def decide(self, data: np.ndarray, predicted: float, alpha: float) -> Outcome:
        check_alpha(alpha)
        blocks = _Blocks(data, self.variance)
        low = betting_lower(blocks.data, alpha / 2)
        high = catoni(blocks.data, blocks.variance, alpha / 2, +1)
        note = ""
        if low > predicted:
            status = REFUTED
        elif max(high, student(data, alpha)[1]) <= predicted + self.margin:
            status = VERIFIED
        else:
            status, note = INCONCLUSIVE, "the upper bound is not within the margin"
        mean = float(data.mean())
        # What betting would have seen: its stakes follow the empirical variance.
        spread = float(data.std(ddof=1)) / math.sqrt(data.size)
        seen = spread * (math.sqrt(2 * math.log(2 / alpha)) + z(PLANNED_POWER))
        return Outcome(status, mean, (low, high), data.size, seen, alpha, note)


@dataclass(frozen=True)
class MeanAtLeast(_Mean):
    """E X >= predicted, X >= 0.

    Refuted where the upper bound, by Catoni under the stated variance, is below the prediction;
    verified where the betting lower bound, which assumes nothing but X >= 0, reaches
    predicted - margin.

    Attributes:
      planned: variance to plan samples with, since ``variance`` may be a loose bound and betting
        does not need it. Too small a plan costs certainty, never honesty.
    """

    planned: float = 0.0

    def samples_needed(self, alpha: float) -> int:
        """Samples at which a true prediction is verified with chance ``ASSURANCE``, by the plan."""
        return MeanEquality(self.planned or self.variance, self.margin).samples_needed(alpha)

    def decide(self, data: np.ndarray, predicted: float, alpha: float) -> Outcome:
        check_alpha(alpha)
        blocks = _Blocks(data, self.variance)
        low = betting_lower(blocks.data, alpha / 2)
        high = catoni(blocks.data, blocks.variance, alpha / 2, +1)
        note = ""
        if high < predicted:
            status = REFUTED
        elif low >= predicted - self.margin:
            status = VERIFIED
        else:
            status, note = INCONCLUSIVE, "the lower bound is not within the margin"
        return self._outcome(status, data, (low, high), alpha, note)
