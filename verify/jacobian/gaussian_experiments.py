"""Experiments on the exact moments with gaussian biases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import sympy as sp

from maxout.numerics.jacobian.value_functions import jacobian_moment
from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.verify.decisions.estimands import Mean, mean_from_square
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    other_parameters,
    rank_off_by_one,
    statement,
)
from maxout.verify.experiment_networks import Case, gaussian_case, gaussian_networks, narrowness
from maxout.verify.jacobian.any_bias_experiments import gain, gain_half_squares
from maxout.verify.sampling.half_squares import half_squares_variance


def _moment(case: Case, order: int) -> float:
    return float(jacobian_moment(case.network, case.norm, case.cosine, order))


def _at(case: Case) -> dict[str, float]:
    return {"cosine": case.cosine, "norm": case.norm}


def _biases_forgotten() -> Twin:
    """The value at zero bias instead."""

    def change(experiment: Experiment) -> Experiment:
        n = experiment.network
        key = experiment.key.replace("gaussian", "exact")
        zero = n.but(bias="zero")
        cosine = experiment.parameters["cosine"]
        value = predict(CATALOGUE[key], zero, order=experiment.order, cosine=cosine).value
        assert value is not None
        # A key that no float64 route knows, so that the wrong number itself is what is claimed.
        wrong = replace(
            experiment.statement,
            key=f"{experiment.key}:zero",
            build=lambda t: sp.Rational(value.midpoint),
        )
        return replace(experiment, statement=wrong)

    return Twin("the biases forgotten", change)


def _one_dropped() -> Twin:
    """The input's length instead of the augmented one: as if ||x||^2 were larger by one."""
    return other_parameters("the one in (x, 1) dropped", norm=1e6)


def _twins() -> tuple[Twin, ...]:
    return (
        rank_off_by_one(),
        other_parameters("the angle forgotten", cosine=1.0),
        _biases_forgotten(),
        _one_dropped(),
    )


def _mean(size: Size) -> Iterator[Experiment]:
    for network in gaussian_networks(size):
        case = gaussian_case(network, size)
        yield Experiment(
            statement("jacobian.mean.gaussian"),
            network,
            (case.population,),
            gain,
            partial(_power_rule, case, 1, size.of(0.015, 0.01)),
            parameters=_at(case),
            detail=case.detail,
            twins=_twins(),
        )


def _power_rule(case: Case, order: int, share: float) -> Mean:
    return mean_from_square(_moment(case, order), _moment(case, 2 * order), share)


def _moments(size: Size) -> Iterator[Experiment]:
    # The variance of order t needs the moment of order 2t, known up to 4: t = 3 is verified by
    # tests of the numbers instead.
    for network in gaussian_networks(size):
        case = gaussian_case(network, size)
        yield Experiment(
            statement("jacobian.moment.gaussian"),
            network,
            (case.population,),
            lambda arrays: gain(arrays) ** 2,
            partial(_power_rule, case, 2, 0.05 * narrowness(network, size)),
            order=2,
            parameters=_at(case),
            detail=case.detail,
            twins=_twins(),
        )


def _variance(size: Size) -> Iterator[Experiment]:
    for network in gaussian_networks(size):
        case = gaussian_case(network, size)
        yield Experiment(
            statement("jacobian.variance.gaussian"),
            network,
            (case.population,),
            gain_half_squares,
            partial(_pair_rule, case, 0.05 * narrowness(network, size)),
            parameters=_at(case),
            detail=case.detail,
            group=2,
            twins=_twins(),
        )


def _pair_rule(case: Case, share: float) -> Mean:
    moment = partial(_moment, case)
    return Mean(moment(2) - moment(1) ** 2, half_squares_variance(moment), share)


EXPERIMENTS: dict[str, Builder] = {
    "jacobian.mean.gaussian": _mean,
    "jacobian.moment.gaussian": _moments,
    "jacobian.variance.gaussian": _variance,
}
