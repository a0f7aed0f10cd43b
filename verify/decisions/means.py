"""Decisions about means: equal to, at most, at least, or near a predicted value."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from maxout.theory.statement import Relation
from maxout.verify.decisions.confidence_bounds import betting_lower, catoni, student
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

    def __post_init__(self) -> None:
        check_size("variance", self.variance)
        check_size("margin", self.margin)

    def _half_width(self, samples: int, alpha: float) -> float:
        return math.sqrt(2 * self.variance * math.log(2 / alpha) / samples)

    def detectable(self, samples: int, alpha: float) -> float:
        """Smallest error refuted with chance ``POWER``: half-width and noise (normal) together."""
        noise = z(PLANNED_POWER) * math.sqrt(self.variance / samples)
        return self._half_width(samples, alpha) + noise

    def samples_needed(self, alpha: float) -> int:
        """Samples at which a true prediction is verified with chance ``ASSURANCE``."""
        return self._samples_for(self.margin, self.variance, alpha)

    @staticmethod
    def _samples_for(width: float, variance: float, alpha: float) -> int:
        check_alpha(alpha)
        # The interval's far end is a half-width and the estimate's own noise away.
        reach = math.sqrt(2 * math.log(2 / alpha)) + z((1 + ASSURANCE) / 2)
        if not variance:
            return 1
        if reach * math.sqrt(variance) >= width * math.sqrt(UNREACHABLE):
            return UNREACHABLE
        return math.ceil(reach**2 * variance / width**2)

    def _outcome(
        self,
        status: tuple[str, str],
        data: np.ndarray,
        interval: tuple[float, float],
        alpha: float,
    ) -> Outcome:
        n = data.size
        mean, seen = float(data.mean()), self.detectable(n, alpha)
        return Outcome(status[0], mean, interval, n, seen, alpha, status[1])


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

    def __post_init__(self) -> None:
        super().__post_init__()
        check_size("bias", self.bias)

    def decide(self, data: np.ndarray, predicted: float, alpha: float) -> Outcome:
        check_alpha(alpha)
        data = observations(data)
        blocks = _Blocks(data, self.variance)
        low = catoni(blocks.data, blocks.variance, alpha / 2, -1)
        high = catoni(blocks.data, blocks.variance, alpha / 2, +1)
        check = student(data, alpha)
        status = compared(Relation.EQ, (low, high), predicted, self.margin, self.bias, check)
        if status[0] == INCONCLUSIVE and self._rare(data.size, predicted):
            return self._says_nothing(data.size, predicted, alpha)
        return self._outcome(status, data, (low, high), alpha)

    def _rare(self, samples: int, predicted: float) -> bool:
        """Whether the spread is that of rare large values, far above the mean, and unresolved."""
        error = math.sqrt(self.variance / samples)
        return error > RARE * abs(predicted) > 0 and self.variance > 100 * predicted**2

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
class _Bound(_Mean):
    """Shared by the one-sided decisions.

    Attributes:
      width: half-width of the interval to plan samples for, where it is not the margin: that of a
        bound may be far smaller, since a bound that is not tight needs no narrow interval.
      signed: whether observations may be negative; both ends are then Catoni's.
    """

    width: float = 0.0
    signed: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_size("width", self.width)

    def samples_needed(self, alpha: float) -> int:
        """Samples at which a true prediction is verified with chance ``ASSURANCE``."""
        return self._samples_for(self.width or self.margin, self.variance, alpha)

    def _interval(self, data: np.ndarray, alpha: float) -> tuple[float, float]:
        blocks = _Blocks(data, self.variance)
        if self.signed:
            low = catoni(blocks.data, blocks.variance, alpha / 2, -1)
        else:
            low = betting_lower(blocks.data, alpha / 2)
        return low, catoni(blocks.data, blocks.variance, alpha / 2, +1)


@dataclass(frozen=True)
class MeanAtMost(_Bound):
    """E X <= predicted, X >= 0.

    Refuted where the betting lower bound exceeds the prediction: no assumption but X >= 0.
    Verified where the upper bound is at most predicted + margin; a bound from above needs one of
    the variance (Catoni), and the Student interval, which does not, must agree.
    """

    def decide(self, data: np.ndarray, predicted: float, alpha: float) -> Outcome:
        check_alpha(alpha)
        data = observations(data)
        low, high = self._interval(data, alpha)
        check = student(data, alpha)
        status = compared(Relation.LE, (low, high), predicted, self.margin, check=check)
        if self.signed or data.size < 2:
            return self._outcome(status, data, (low, high), alpha)
        # What betting would have seen: its stakes follow the empirical variance.
        spread = float(data.std(ddof=1)) / math.sqrt(data.size)
        seen = spread * (math.sqrt(2 * math.log(2 / alpha)) + z(PLANNED_POWER))
        return Outcome(
            status[0], float(data.mean()), (low, high), data.size, seen, alpha, status[1]
        )


@dataclass(frozen=True)
class MeanAtLeast(_Bound):
    """E X >= predicted, X >= 0.

    Refuted where the upper bound, by Catoni under the stated variance, is below the prediction;
    verified where the betting lower bound, which assumes nothing but X >= 0, reaches
    predicted - margin.

    Attributes:
      planned: variance to plan samples with, since ``variance`` may be a loose bound and betting
        does not need it. Too small a plan costs certainty, never honesty.
    """

    planned: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_size("planned", self.planned)

    def samples_needed(self, alpha: float) -> int:
        """Samples at which a true prediction is verified with chance ``ASSURANCE``, by the plan."""
        variance = self.variance if self.signed else self.planned or self.variance
        return self._samples_for(self.width or self.margin, variance, alpha)

    def decide(self, data: np.ndarray, predicted: float, alpha: float) -> Outcome:
        check_alpha(alpha)
        data = observations(data)
        low, high = self._interval(data, alpha)
        check = student(data, alpha) if self.signed else None
        status = compared(Relation.GE, (low, high), predicted, self.margin, check=check)
        return self._outcome(status, data, (low, high), alpha)
