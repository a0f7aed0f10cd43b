"""Experiments on order statistics: units drawn directly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import sympy as sp

from maxout.numerics.balls.evaluator import enclose
from maxout.theory.network import Network
from maxout.theory.order import asymptotics
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.order.orthant import HalfNormalProbability, OrthantProbability
from maxout.verify import facts
from maxout.verify.decisions.estimands import Mean, Proportion
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    other_parameters,
    rank_off_by_one,
    rewritten,
    scaled,
    statement,
)
from maxout.verify.order.units import Equicorrelated, Extremes, HalfNormals
from maxout.verify.sampling.scales import moment, variance_of_power

_MOMENTS = {
    "largest": LargestNormalMoment,
    "chi2_largest": LargestChi2Moment,
    "chi2_smallest": SmallestChi2Moment,
}


_MARGINS = {
    "largest": {1: 0.01, 2: 0.01, 3: 0.02, 4: 0.02},
    "chi2_largest": {1: 0.01, 2: 0.02, 3: 0.04},
    "chi2_smallest": {1: 0.01, 2: 0.02, 3: 0.04},
}
"""Relative margins by power: the heavier the tail, the wider. Twice the margin must be refuted."""


def off(margin: float) -> Twin:
    """The control of a margin: a right side that is off by twice as much."""
    return scaled(round(200 * margin))


def unit(rank: int) -> Network:
    """One unit of this rank, for statements that speak of no network."""
    return Network(1, (1,), 1, rank, c=1, bias="zero")


def mean_of_power(
    key: str,
    population: Extremes,
    array: str,
    power: int,
    size: Size,
    twins: tuple[Twin, ...],
    order: int | None = None,
    remainder: Callable[[], float] | None = None,
    rank: int | None = None,
    margin: float | None = None,
    detail: str = "",
    **parameters: int,
) -> Experiment:
    """The mean of a power of an extreme against a statement's right side.

    Args:
      population: drawn units; ``array`` names the extreme.
      remainder: how far a limit may be off, from the theory.
      rank: of the statement, where it is not the population's number of pieces.
      margin: relative; that of the power where None.
    """
    statistic = _MOMENTS[array]
    narrow = (margin or _MARGINS[array][power]) * size.narrowness

    def estimand() -> Mean:
        size_of = moment(statistic, population.pieces, power)
        variance = variance_of_power(statistic, population.pieces, power)
        signed = array == "largest" and power % 2 == 1
        return Mean(size_of, variance, narrow, signed=signed)

    return Experiment(
        statement(key),
        unit(rank or population.pieces),
        (population,),
        lambda arrays: arrays[array] ** power,
        estimand,
        order=order,
        parameters=parameters,
        detail=detail or f"units of rank {population.rank}",
        twins=twins,
        remainder=remainder,
    )


def _moments(
    key: str, array: str, power: int | None, ranks: tuple[int, ...], deep: tuple[int, ...]
) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for rank in size.ranks(ranks, deep):
            for order in statement(key).orders or (None,):
                used = power or order
                assert used is not None  # a statement has an order or a fixed power
                twins = (off(_MARGINS[array][used]), rank_off_by_one())
                yield mean_of_power(key, Extremes(rank), array, used, size, twins, order)

    return build


_SIZES = ((4, 0.25), (6, 0.25))
_DEEP_SIZES = ((3, 0.5), (5, 0.3), (8, 0.4))
_GROUP = "m = {}, rho = {}"


SHARE_MARGIN = 0.03
"""Relative margin of a probability."""

SLOPE_MARGIN = 0.05
"""Of a derivative of one."""

LIMIT_MARGIN = 0.02
"""Of a limit in the rank: units of many pieces take long to draw."""


def share_of(chance: Callable[..., float], *given: Any, size: Size) -> Proportion:
    """A probability, to within ``SHARE_MARGIN`` of it."""
    value = chance(*given)
    return Proportion(value, size.of(SHARE_MARGIN, 0.01) * value)


def _probability(key: str, population: type[Equicorrelated] | type[HalfNormals]) -> Builder:
    array = "positive" if population is Equicorrelated else "below"
    chance = facts.orthant if population is Equicorrelated else facts.half_normal

    def build(size: Size) -> Iterator[Experiment]:
        for m, correlation in _SIZES + (_DEEP_SIZES if size.deep else ()):
            yield Experiment(
                statement(key),
                unit(1),
                (population(m, correlation),),
                lambda arrays: arrays[array],
                partial(share_of, chance, m, correlation, size=size),
                parameters={"m": m, "rho": correlation},
                detail=_GROUP.format(m, correlation),
                twins=(off(SHARE_MARGIN), other_parameters("m + 1 instead of m", m=m + 1)),
            )

    return build


def _derivative(key: str, population: type[Equicorrelated] | type[HalfNormals]) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for m, correlation in _SIZES + (_DEEP_SIZES[:2] if size.deep else ()):
            drawn = population(m, correlation)
            yield Experiment(
                statement(key),
                unit(1),
                (drawn,),
                lambda arrays: arrays["score"],
                partial(_score, drawn, size),
                parameters={"m": m, "rho": correlation},
                detail=_GROUP.format(m, correlation),
                twins=(
                    off(SLOPE_MARGIN),
                    # The unreduced correlation would be off by less than the margin.
                    rewritten(
                        "m - 1 normals left instead of m - 2",
                        lambda right: right.replace(
                            lambda e: isinstance(e, OrthantProbability | HalfNormalProbability),
                            lambda e: e.func(e.args[0] + 1, e.args[1]),
                        ),
                    ),
                ),
            )

    return build


def _score(population: Equicorrelated | HalfNormals, size: Size) -> Mean:
    # A score spreads far more than the probability that it differentiates.
    chance = facts.orthant if isinstance(population, Equicorrelated) else facts.half_normal
    value = facts.slope(chance, population.size, population.rho)
    return Mean(value, population.score_variance(), size.of(SLOPE_MARGIN, 0.015), signed=True)


def _large_rank(
    key: str,
    array: str,
    power: int,
    remainder: Callable[[sp.Expr], sp.Expr],
    ranks: tuple[int, ...] = (100, 10**6),
) -> Builder:
    """A limit in K, checked at growing ranks; ``remainder`` is what the theory says it neglects."""

    def build(size: Size) -> Iterator[Experiment]:
        for rank in size.ranks(ranks, (10**9,)):
            twins = (off(LIMIT_MARGIN), _rank_halved())
            left_out = partial(_evaluated, remainder, rank)
            yield mean_of_power(
                key,
                Extremes(rank),
                array,
                power,
                size,
                twins,
                remainder=left_out,
                margin=LIMIT_MARGIN,
            )

    return build


def _evaluated(remainder: Callable[[sp.Expr], sp.Expr], rank: int) -> float:
    return float(enclose(remainder(sp.Integer(rank)), {}, 10))


def _rank_halved() -> Twin:
    return Twin(
        "K/2 instead of K",
        lambda experiment: replace(experiment, network=unit(experiment.network.rank // 2)),
    )


EXPERIMENTS: dict[str, Builder] = {
    "order.mean": _moments("order.mean", "largest", 1, (5,), (2, 3, 9, 20)),
    "order.second_moment": _moments("order.second_moment", "largest", 2, (5,), (3, 9, 20)),
    "order.moment": _moments("order.moment", "largest", None, (5,), (9, 20)),
    "order.chi2_largest.mean": _moments("order.chi2_largest.mean", "chi2_largest", 1, (5,), (9,)),
    "order.chi2_smallest.mean": _moments(
        "order.chi2_smallest.mean", "chi2_smallest", 1, (5,), (2, 3, 9)
    ),
    "order.chi2_largest.moment": _moments(
        "order.chi2_largest.moment", "chi2_largest", None, (3,), (2, 5, 9)
    ),
    "order.chi2_smallest.moment": _moments(
        "order.chi2_smallest.moment", "chi2_smallest", None, (3,), (2, 5, 9)
    ),
    "order.alternating.largest": _moments(
        "order.alternating.largest", "largest", None, (4,), (2, 3, 9)
    ),
    "order.orthant": _probability("order.orthant", Equicorrelated),
    "order.orthant.derivative": _derivative("order.orthant.derivative", Equicorrelated),
    "order.half_normal": _probability("order.half_normal", HalfNormals),
    "order.half_normal.derivative": _derivative("order.half_normal.derivative", HalfNormals),
    "order.large_rank.second_moment": _large_rank(
        "order.large_rank.second_moment", "largest", 2, asymptotics.second_moment_remainder
    ),
    "order.large_rank.second_moment.elementary": _large_rank(
        "order.large_rank.second_moment.elementary",
        "largest",
        2,
        asymptotics.second_moment_elementary_remainder,
        ranks=(10**6,),  # at 100 it neglects as much as the control is off by
    ),
    "order.large_rank.chi2_largest": _large_rank(
        "order.large_rank.chi2_largest", "chi2_largest", 1, asymptotics.chi2_largest_gap
    ),
    "order.large_rank.chi2_smallest": _large_rank(
        "order.large_rank.chi2_smallest", "chi2_smallest", 1, asymptotics.chi2_smallest_remainder
    ),
}
