"""What a decision procedure says."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Protocol

from maxout.theory.errors import DomainError

VERIFIED = "verified"
REFUTED = "refuted"
INCONCLUSIVE = "inconclusive"

POWER = 0.9
"""Chance, at least, with which a discrepancy reported as detectable would have been refuted."""

PLANNED_POWER = 0.95
"""What formulas plan for that take an estimate's noise as normal, so that ``POWER`` is kept."""

ASSURANCE = 1 - 1e-5
"""Chance with which ``samples_needed`` samples suffice to verify a statement that is true."""


@dataclass(frozen=True)
class Outcome:
    """A verdict on one quantity.

    Attributes:
      status: verified, refuted or inconclusive.
      estimate: of the quantity; None where the samples say nothing of it (``note`` says why).
      interval: contains the quantity with probability at least 1 - alpha; (None, None) likewise.
      samples: observations it rests on.
      detectable: smallest error of the prediction, in units of the estimate, that would have been
        refuted with probability ``POWER``.
      alpha: bound of the chance that a true statement is refuted, and that one false by more than
        the margin is verified.
      note: what the reader should know, where there is something.
    """

    status: str
    estimate: float | None
    interval: tuple[float, float] | tuple[None, None]
    samples: int
    detectable: float
    alpha: float
    note: str = ""


class Decision(Protocol):
    """A decision procedure: what it says, what it could see, and what it needs.

    ``margin`` is the narrowness that ``verified`` demands, in units of the estimate.
    """

    @property
    def margin(self) -> float: ...

    def decide(self, data: Any, predicted: float, alpha: float) -> Outcome: ...

    def detectable(self, samples: int, alpha: float) -> float: ...

    def samples_needed(self, alpha: float) -> int: ...


def z(probability: float) -> float:
    """Return the standard normal quantile."""
    return NormalDist().inv_cdf(probability)


def check_alpha(alpha: float) -> None:
    """Raise ValueError unless 0 < alpha <= 1/2 (the one-sided DKW bound needs the latter)."""
    if not 0 < alpha <= 0.5:
        raise DomainError(f"alpha must lie in (0, 0.5]; got {alpha}")
