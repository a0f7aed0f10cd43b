"""Experiments on units in pairs: the functions kappa and q that infinite-width kernels iterate."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from maxout.numerics.kernels import kappa, winner
from maxout.theory.kernels.infinite_width import near_one_remainder
from maxout.theory.order.moments import LargestNormalMoment
from maxout.verify.decisions.estimands import Mean, Proportion, mean_from_square
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
from maxout.verify.kernels.pairs import UnitPairs
from maxout.verify.order.order_experiments import mean_of_power, unit
from maxout.verify.order.units import Extremes
from maxout.verify.sampling.half_squares import half_squares, half_squares_variance
from maxout.verify.sampling.populations import Arrays
from maxout.verify.sampling.scales import evaluate, moment
from maxout.verify.twins import second_moment_off

_RHO = 0.6
_NEAR_ONE = 0.995  # a decimal, since it names what is drawn; its angle is about 0.1
_ANGLE = math.acos(_NEAR_ONE)


def _product(key: str, rank: int, rho: float, size: Size, *twins: Twin, **given: Any) -> Experiment:
    """The mean of max X max Y; E (max X max Y)^2 <= E Xi^4 by Cauchy and Schwarz."""

    def estimand() -> Mean:
        fourth = moment(LargestNormalMoment, rank, 4)
        mean = float(kappa(rank, rho))
        return mean_from_square(mean, fourth, size.of(0.03, 0.01), signed=True)

    return Experiment(
        statement(key),
        unit(rank),
        (UnitPairs(rank, rho),),
        lambda arrays: arrays["product"],
        estimand,
        detail=f"K = {rank}, rho_xy = {rho:g}",
        twins=twins,
        **given,
    )


def _same(key: str, rank: int, rho: float, size: Size, *twins: Twin, **given: Any) -> Experiment:
    """The chance that one piece wins both."""
    return Experiment(
        statement(key),
        unit(rank),
        (UnitPairs(rank, rho),),
        lambda arrays: arrays["same"],
        partial(_chance, rank, rho, size),
        detail=f"K = {rank}, rho_xy = {rho:g}",
        twins=twins,
        **given,
    )


def _chance(rank: int, rho: float, size: Size) -> Proportion:
    # At 1 a single event refutes; the margin says how often one could be missed.
    chance = same_winner(rank, rho)
    return Proportion(chance, size.of(min(0.015, 0.03 * chance), 0.01 * chance))


def same_winner(rank: int, rho: float) -> float:
    """The chance that one piece wins both: exact at 1, in [0, 1] everywhere."""
    return 1.0 if rho == 1 else min(1.0, max(0.0, float(winner(rank, rho))))


def _ranks(size: Size) -> list[int]:
    return size.ranks((4,), (20,))


def _at(rho: float) -> dict[str, Any]:
    return {"parameters": {"correlation": rho}}


def _other_angle(rho: float) -> Twin:
    return other_parameters(f"rho_xy = {rho:g}", correlation=rho)


def _kappa_derivative(size: Size) -> Iterator[Experiment]:
    key = "kernel.kappa.derivative"
    for rank in _ranks(size):
        yield Experiment(
            statement(key),
            unit(rank),
            (UnitPairs(rank, _RHO),),
            lambda arrays: arrays["slope"],
            partial(_slope, rank, 0.04 * size.narrowness),
            parameters={"correlation": _RHO},
            detail=f"K = {rank}, rho_xy = {_RHO:g}",
            twins=(rank_off_by_one(), _other_angle(_RHO - 0.2)),
        )


def _slope(rank: int, share: float) -> Mean:
    # (max X V/sqrt(1-rho^2))^2, V ~ N(0,1): E <= sqrt(E Xi^4 * 3)/(1-rho^2).
    second = math.sqrt(3 * moment(LargestNormalMoment, rank, 4)) / (1 - _RHO**2)
    return mean_from_square(same_winner(rank, _RHO), second, share, signed=True)


def _spread(rank: int, share: float) -> Mean:
    moments = partial(moment, LargestNormalMoment, rank)
    return Mean(moments(2) - moments(1) ** 2, half_squares_variance(moments), share)


def _kappa_zero(size: Size) -> Iterator[Experiment]:
    for rank in _ranks(size):
        yield _product("kernel.kappa.zero", rank, 0.0, size, rank_off_by_one(), scaled(6))


def _kappa_one(size: Size) -> Iterator[Experiment]:
    for rank in _ranks(size):
        yield _product("kernel.kappa.one", rank, 1.0, size, rank_off_by_one(), second_moment_off(6))


def _winner_zero(size: Size) -> Iterator[Experiment]:
    for rank in _ranks(size):
        yield _same("kernel.winner.zero", rank, 0.0, size, scaled(20))


def _winner_one(size: Size) -> Iterator[Experiment]:
    wrong = rewritten("98 % instead of 1", lambda right: right * sp.Rational(98, 100))
    for rank in _ranks(size):
        yield _same("kernel.winner.one", rank, 1.0, size, wrong)


def _winner_variance(size: Size) -> Iterator[Experiment]:
    for rank in _ranks(size):
        key = "kernel.winner.variance"
        base = mean_of_power(key, Extremes(rank), "largest", 1, size, ())
        yield replace(
            base,
            measure=_half_squares,
            estimand=partial(_spread, rank, size.of(0.03, 0.01)),
            group=2,
            detail=f"K = {rank}",
            twins=(rank_off_by_one(), _second_moment()),
        )


def _half_squares(arrays: Arrays) -> np.ndarray:
    return half_squares(arrays["largest"])


def _second_moment() -> Twin:
    """E Xi^2 in place of the variance: a statement of its own in the same place."""

    def change(experiment: Experiment) -> Experiment:
        return replace(experiment, statement=statement("kernel.kappa.one"), parameters={})

    return Twin("E Xi^2 instead of the variance", change)


def _closed(what: str, rank: int, size: Size) -> Iterator[Experiment]:
    key = f"kernel.{what}.rank{rank}"
    for rho in (_RHO,) + ((-0.4, 0.95) if size.deep else ()):
        build = _product if what == "kappa" else _same
        yield build(key, rank, rho, size, _other_angle(rho - 0.1), **_at(rho))


def _rates(rank: int) -> tuple[float, float]:
    """The chance that the pieces part, an ``_ANGLE`` on, and the rate at which they begin to."""
    rate = moment(LargestNormalMoment, rank, 1) / math.sqrt(math.pi)
    return 1 - same_winner(rank, _NEAR_ONE), rate


def _rate(rank: int, share: float) -> Mean:
    parted, rate = _rates(rank)
    return Mean(rate, parted * (1 - parted) / _ANGLE**2, share)


def _near_one(size: Size) -> Iterator[Experiment]:
    for rank in _ranks(size):
        yield Experiment(
            statement("kernel.winner.near_one"),
            unit(rank),
            (UnitPairs(rank, _NEAR_ONE),),
            lambda arrays: np.where(arrays["same"], 0.0, 1 / _ANGLE),
            partial(_rate, rank, size.of(0.05, 0.01)),
            remainder=partial(
                evaluate, unit(rank), near_one_remainder(sp.Rational(str(_ANGLE)), sp.Integer(rank))
            ),
            detail=f"K = {rank}, theta = {_ANGLE:.3g}",
            # At rank 20 one more piece changes the rate by 1 % only.
            twins=(scaled(-18), *((rank_off_by_one(),) if rank < 10 else ())),
        )


EXPERIMENTS: dict[str, Builder] = {
    "kernel.kappa.derivative": _kappa_derivative,
    "kernel.kappa.zero": _kappa_zero,
    "kernel.kappa.one": _kappa_one,
    "kernel.winner.zero": _winner_zero,
    "kernel.winner.one": _winner_one,
    "kernel.winner.variance": _winner_variance,
    "kernel.winner.near_one": _near_one,
    **{
        f"kernel.{what}.rank{rank}": partial(_closed, what, rank)
        for what in ("winner", "kappa")
        for rank in (2, 3)
    },
}
