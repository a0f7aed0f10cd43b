"""What an experiment estimates, and how narrowly; the statement's relation makes it a decision.

Everything here comes from facts about the sampled quantity and never from the claim under test: a
claim that is wrong by any factor is judged by the same samples and the same margins as a true one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from maxout.theory.statement import Relation
from maxout.verify.decisions import (
    BoundedMeanAtLeast,
    BoundedMeanAtMost,
    BoundedMeanEquality,
    Decision,
    DecisionError,
    MeanAtLeast,
    MeanAtMost,
    MeanEquality,
    MedianEquality,
    ProportionAtLeast,
    ProportionAtMost,
    ProportionEquality,
    SameLaw,
    StochasticOrder,
    StochasticOrderReversed,
)

LEAST_VARIANCE = 1e-12
"""Of the squared size, that a variance is taken for at least: smaller ones are rounding."""

WIDEST = 0.5
"""Share of a bound that its margin is at most: "verified" must not hold for any number."""

WIDEST_LAW = 0.2
"""Difference of distribution functions that a margin is at most."""


D = TypeVar("D", bound=Decision)


class Estimand(Protocol):
    """A quantity that samples estimate."""

    def decision(self, relation: Relation, predicted: float, remainder: float) -> Decision:
        """Return the procedure that judges a claim.

        Args:
          relation: of the quantity to the claim.
          predicted: the claim; only ever narrows the margin of a bound.
          remainder: how far a limit may be from the quantity by the theory; 0 elsewhere.

        Raises:
          DecisionError: for a relation that the quantity cannot have.
        """

    def wider(self, factor: float) -> Estimand:
        """The same quantity with every margin so many times as wide.

        Raises:
          DecisionError: where a margin would be wider than ``WIDEST`` and mean nothing.
        """


def _margin(share: float, size: float, relation: Relation, predicted: float) -> float:
    """The margin; that of a bound is also at most a share of the bound itself."""
    margin = share * abs(size)
    if relation in (Relation.LE, Relation.GE):
        return min(margin, min(share, WIDEST) * abs(predicted))
    return margin


def _kind(
    what: str, kinds: Mapping[Relation, type[D]], relation: Relation, remainder: float
) -> type[D]:
    """The procedure for a relation, of those that know no remainder."""
    if remainder or relation not in kinds:
        raise _unfit(what, relation, remainder)
    return kinds[relation]


def _unfit(what: str, relation: Relation, remainder: float) -> DecisionError:
    if relation != Relation.LIMIT and remainder:
        return DecisionError(f"only a limit has a remainder; got {remainder} with {relation}")
    return DecisionError(f"{what} cannot be judged for the relation {relation}")


def _widened(share: float, factor: float, widest: float = WIDEST) -> float:
    # What is wider already, for a bound that is far off, stays.
    wide = share * factor
    if factor > 1 and wide > widest:
        raise DecisionError(f"a margin of {wide:.0%} means nothing; at most {widest:.0%}")
    return wide


@dataclass(frozen=True)
class Mean:
    """The mean of independent observations.

    Attributes:
      size: of the mean, about: a margin is a share of it. 1 where margins are absolute.
      variance: upper bound of the variance of one observation.
      share: how narrow, as a share of ``size``.
      planned: variance to plan a lower bound's samples with, where ``variance`` is loose.
      signed: whether observations may be negative.
    """

    size: float
    variance: float
    share: float
    planned: float = 0.0
    signed: bool = False

    def decision(self, relation: Relation, predicted: float, remainder: float) -> Decision:
        variance = self.variance
        if abs(variance) < LEAST_VARIANCE * self.size**2:
            variance = LEAST_VARIANCE * self.size**2
        width = self.share * abs(self.size)
        margin = _margin(self.share, self.size, relation, predicted)
        match relation:
            case Relation.EQ if not remainder:
                return MeanEquality(variance, margin)
            case Relation.LIMIT:
                return MeanEquality(variance, margin, remainder)
            case Relation.LE if not remainder:
                return MeanAtMost(variance, margin, width, self.signed)
            case Relation.GE if not remainder:
                return MeanAtLeast(variance, margin, width, self.signed, self.planned)
        raise _unfit("a mean", relation, remainder)

    def wider(self, factor: float) -> Mean:
        return replace(self, share=_widened(self.share, factor))


def mean_from_square(size: float, second: float, share: float, signed: bool = False) -> Mean:
    """The mean of observations whose mean square is ``second`` at most; ``size`` is the mean."""
    return Mean(size, second - size**2, share, signed=signed)


_COUNTS: dict[Relation, type[BoundedMeanEquality]] = {
    Relation.EQ: BoundedMeanEquality,
    Relation.LE: BoundedMeanAtMost,
    Relation.GE: BoundedMeanAtLeast,
}


@dataclass(frozen=True)
class BoundedMean:
    """The mean of observations in [0, ceiling], such as counts.

    Attributes:
      size: of the mean, about.
      ceiling: the largest possible observation.
      planned: variance to plan samples with.
      share: how narrow, as a share of ``size``.
    """

    size: float
    ceiling: float
    planned: float
    share: float

    def decision(self, relation: Relation, predicted: float, remainder: float) -> Decision:
        kind = _kind("the mean of a count", _COUNTS, relation, remainder)
        margin = _margin(self.share, self.size, relation, predicted)
        width = self.share * abs(self.size)
        return kind(self.ceiling, self.planned, margin, width)

    def wider(self, factor: float) -> BoundedMean:
        return replace(self, share=_widened(self.share, factor))


_CHANCES: dict[Relation, type[ProportionEquality]] = {
    Relation.EQ: ProportionEquality,
    Relation.LE: ProportionAtMost,
    Relation.GE: ProportionAtLeast,
}


@dataclass(frozen=True)
class Proportion:
    """The probability of an event.

    Attributes:
      size: of the probability, about; 0 and 1 are exact.
      narrow: the margin, in units of the probability.
    """

    size: float
    narrow: float

    def decision(self, relation: Relation, predicted: float, remainder: float) -> Decision:
        kind = _kind("a probability", _CHANCES, relation, remainder)
        share = self.narrow / self.size if self.size else WIDEST
        margin = min(self.narrow, _margin(share, self.size or 1.0, relation, predicted))
        return kind(self.size, margin, self.narrow)

    def wider(self, factor: float) -> Proportion:
        return replace(self, narrow=_widened(self.narrow, factor, WIDEST * (self.size or 1.0)))


@dataclass(frozen=True)
class Median:
    """The median of independent observations.

    Attributes:
      size: of the median, about.
      deviation: standard deviation to plan samples with.
      share: how narrow, as a share of ``size``.
    """

    size: float
    deviation: float
    share: float

    def decision(self, relation: Relation, predicted: float, remainder: float) -> Decision:
        if relation not in (Relation.EQ, Relation.LIMIT) or (relation == Relation.EQ and remainder):
            raise _unfit("a median", relation, remainder)
        return MedianEquality(self.deviation, self.share * abs(self.size), remainder)

    def wider(self, factor: float) -> Median:
        return replace(self, share=_widened(self.share, factor))


_LAWS: dict[Relation, type[SameLaw | StochasticOrder]] = {
    Relation.EQ_D: SameLaw,
    Relation.LE_ST: StochasticOrder,
    Relation.GE_ST: StochasticOrderReversed,
}


@dataclass(frozen=True)
class Distribution:
    """The law of the first of two samples, to be compared with that of the second.

    Attributes:
      narrow: largest difference of the distribution functions that ``verified`` leaves open.
    """

    narrow: float

    def decision(self, relation: Relation, predicted: float, remainder: float) -> Decision:
        return _kind("a law", _LAWS, relation, remainder)(self.narrow)

    def wider(self, factor: float) -> Distribution:
        return replace(self, narrow=_widened(self.narrow, factor, WIDEST_LAW))
