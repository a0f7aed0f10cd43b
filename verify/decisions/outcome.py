"""What a decision procedure says, and what it refuses to decide from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Protocol

import numpy as np

from maxout.numerics.run_fields import ALPHA
from maxout.theory.errors import DomainError, MaxoutError
from maxout.theory.statement import Relation

VERIFIED = "verified"
REFUTED = "refuted"
INCONCLUSIVE = "inconclusive"
ERROR = "error"

POWER = 0.9
"""Chance, at least, with which a discrepancy reported as detectable would have been refuted."""

PLANNED_POWER = 0.95
"""What formulas plan for that take an estimate's noise as normal, so that ``POWER`` is kept."""

ASSURANCE = 1 - 1e-5
"""Chance with which ``samples_needed`` samples suffice to verify a statement that is true."""

UNREACHABLE = 10**18
"""``samples_needed`` where no number of samples reaches the margin."""

ONE_SIDED = (Relation.LE, Relation.GE)


class DecisionError(MaxoutError):
    """A procedure cannot decide: its parameters or its observations are outside its domain."""


@dataclass(frozen=True)
class Outcome:
    """A verdict on one quantity.

    Attributes:
      status: verified, refuted or inconclusive; error where nothing could be judged.
      estimate: of the quantity; None where the samples say nothing of it (``note`` says why).
      interval: contains the quantity with probability at least 1 - alpha; (None, None) likewise.
      samples: observations it rests on.
      detectable: smallest error of the prediction, in units of the estimate, that would have been
        refuted with probability ``POWER``. For a bound: how far on the wrong side of the quantity
        itself it must lie for that; of a bound on the right side it says nothing.
      alpha: bound of the chance that a true statement is refuted, and that one false by more than
        the margin is verified.
      note: what the reader should know, where there is something.
    """

    status: str
    estimate: float | None
    interval: tuple[float, float] | tuple[None, None]
    samples: int
    detectable: float | None
    alpha: float
    note: str = ""


class Decision(Protocol):
    """A decision procedure: what it says, what it could see, and what it needs.

    ``margin`` is the narrowness that ``verified`` demands, in units of the estimate; with a margin
    of 0 nothing is verified.
    """

    @property
    def margin(self) -> float: ...

    def decide(self, data: Any, predicted: float, alpha: float) -> Outcome: ...

    def detectable(self, samples: int, alpha: float) -> float: ...

    def samples_needed(self, alpha: float) -> int: ...


def z(probability: float) -> float:
    """Return the standard normal quantile."""
    return NormalDist().inv_cdf(probability)


def compared(
    relation: Relation,
    interval: tuple[float, float],
    predicted: float,
    margin: float,
    bias: float = 0.0,
    check: tuple[float, float] | None = None,
) -> tuple[str, str]:
    """Return status and note: where an interval of a quantity lies to its predicted value.

    Args:
      relation: of the quantity to ``predicted``: LE, GE, or EQ for anything else.
      margin: how far beyond what is claimed ``verified`` lets the interval reach.
      bias: how far the quantity may be from ``predicted`` by the claim itself.
      check: a second interval that must be within the margin too.

    Raises:
      DecisionError: where ``predicted`` is no number.
    """
    if not math.isfinite(predicted):
        raise DecisionError(f"the predicted value must be a finite number; got {predicted}")
    floor = -math.inf if relation == Relation.LE else predicted - bias
    ceiling = math.inf if relation == Relation.GE else predicted + bias
    low, high = interval
    if low > ceiling or high < floor:
        return REFUTED, ""
    if not margin > 0:
        return INCONCLUSIVE, "the margin is 0: no number of samples is enough"
    if check is not None:
        low, high = min(low, check[0]), max(high, check[1])
    if low >= floor - margin and high <= ceiling + margin:
        return VERIFIED, ""
    return INCONCLUSIVE, "the interval reaches beyond the margin"


def check_alpha(alpha: float) -> None:
    """Raise DecisionError unless 0 < alpha <= 1/2 (the one-sided DKW bound needs the latter)."""
    try:
        ALPHA(alpha)
    except DomainError as error:
        raise DecisionError(str(error)) from None


def check_size(name: str, value: float, most: float = math.inf) -> None:
    """Raise DecisionError unless a parameter is finite, 0 at least and ``most`` at most."""
    if not (math.isfinite(value) and 0 <= value <= most):
        allowed = "a number >= 0" if most == math.inf else f"in [0, {most:g}]"
        raise DecisionError(f"{name} must be {allowed}; got {value}")


def observations(data: Any) -> np.ndarray:
    """Return the data as float64.

    Raises:
      DecisionError: where there are none, or one is infinite or not a number.
    """
    values = np.asarray(data, dtype=float)
    if values.ndim != 1 or not values.size:
        raise DecisionError(f"observations must be a row of at least one; got {values.shape}")
    bad = int(np.count_nonzero(~np.isfinite(values)))
    if bad:
        raise DecisionError(f"{bad} of {values.size} observations are infinite or not a number")
    return values
