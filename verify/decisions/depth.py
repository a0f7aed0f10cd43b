"""Decisions for depth, where a mean is ruled by networks too rare to be sampled.

The relative variance of ||Ju||^2 grows exponentially with depth over width. Once it exceeds the
number of samples, a sample mean shows the typical network and says nothing of the mean: then the
verdict says so and gives no number, and the statement to check is one about ln ||Ju||^2, whose
variance only grows linearly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maxout.verify.decisions.means import MeanEquality
from maxout.verify.decisions.outcome import DecisionError, Outcome, check_size, observations


@dataclass(frozen=True)
class LogMeanEquality:
    """E ln X = predicted, X > 0: Catoni's interval on ln X, all in units of ln X.

    Refuted, verified and cross-checked as ``MeanEquality``; an error of 0.01 is 1 % of X's typical
    size e^{E ln X}. Valid at every sample size for independent draws.

    Attributes:
      variance: upper bound of the variance of ln X.
      margin: narrowness that ``verified`` demands of the interval.
    """

    variance: float
    margin: float

    def __post_init__(self) -> None:
        check_size("variance", self.variance)
        check_size("margin", self.margin)

    @property
    def _of_logarithm(self) -> MeanEquality:
        return MeanEquality(self.variance, self.margin)

    def decide(self, data: np.ndarray, predicted: float, alpha: float) -> Outcome:
        """Judge from positive ``data``.

        Raises:
          DecisionError: where an observation is not positive, which has no logarithm.
        """
        data = observations(data)
        smallest = float(data.min())
        if not smallest > 0:
            raise DecisionError(
                f"the log scale needs positive observations; the least is {smallest}"
            )
        return self._of_logarithm.decide(np.log(data), predicted, alpha)

    def detectable(self, samples: int, alpha: float) -> float:
        """Smallest error of the prediction of E ln X that is refuted with chance ``POWER``."""
        return self._of_logarithm.detectable(samples, alpha)

    def samples_needed(self, alpha: float) -> int:
        """Samples at which a true prediction is verified with chance ``ASSURANCE``."""
        return self._of_logarithm.samples_needed(alpha)
