"""Experiments on logarithms: typical sizes at finite depth, and the law at rank 2."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import sympy as sp
from scipy.special import polygamma

from maxout.numerics.order.norm_law import log_law
from maxout.numerics.order.norm_logarithms import norm_statistics
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.symbols import K, L, c, l, n, n_0, n_L, x_norm
from maxout.verify.decisions.estimands import Distribution, Mean
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    rank_off_by_one,
    rewritten,
    statement,
)
from maxout.verify.experiment_networks import (
    Case,
    deep_case,
    deep_networks,
    length_cases,
    own_case,
    own_extremes,
    rank2_networks,
)
from maxout.verify.sampling.half_squares import half_squares
from maxout.verify.sampling.populations import Arrays
from maxout.verify.twins import weights_off


def _log_gain(arrays: Arrays) -> np.ndarray:
    return np.log(arrays["gain"])


def _half_squares(arrays: Arrays) -> np.ndarray:
    return half_squares(_log_gain(arrays))


def _along(size: Size) -> Iterator[tuple[Network, Case]]:
    if size.network is not None:
        yield size.network, own_case(size.network, 1.0)
        return
    # Sampled for the statements on any biases as well, as networks with "any" biases that are zero.
    yield (
        Network(5, (12, 9), 8, 3, c=sp.Rational(3, 5), bias="zero"),
        Case(Network(5, (12, 9), 8, 3, c=sp.Rational(3, 5), bias="any"), "zero", 1.0),
    )
    if size.deep:
        *_, deep = deep_networks("zero", size)
        yield deep, deep_case(deep, 1.0, 2.0, size)


def _cumulants(network: Network) -> tuple[float, float]:
    """Second and fourth cumulant of ln ||Ju||^2 along the input: sums over independent factors."""
    second = float(polygamma(1, network.outputs / 2))
    fourth = float(polygamma(3, network.outputs / 2))
    for units in network.widths:
        law = log_law(network.rank, units)
        centred = law.points - law.points @ law.weights
        square, power = (float(centred**t @ law.weights) for t in (2, 4))
        second += square
        fourth += power - 3 * square**2
    return second, fourth


_MEAN_OF_LN = "ln of the mean instead of the mean of ln"
_GAIN = c * LargestNormalMoment(K, 2)


def _log_mean(size: Size) -> Iterator[Experiment]:
    for network, case in _along(size):
        yield Experiment(
            statement("jacobian.log.mean"),
            network,
            (case.population,),
            _log_gain,
            partial(_log_size, network, 0.02 * size.narrowness),
            detail="zero biases, along x",
            twins=(
                claimed(_MEAN_OF_LN, sp.log(n_L / n_0) + (L - 1) * sp.log(_GAIN)),
                rank_off_by_one(),
            ),
        )


def _log_variance(size: Size) -> Iterator[Experiment]:
    for network, case in _along(size):
        yield Experiment(
            statement("jacobian.log.variance"),
            network,
            (case.population,),
            _half_squares,
            partial(_log_spread, network, 0.05 * size.narrowness),
            detail="zero biases, along x",
            group=2,
            twins=(
                claimed("the hidden layers forgotten", sp.polygamma(1, n_L / 2)),
                rank_off_by_three(),
            ),
        )


def claimed(label: str, right: sp.Expr) -> Twin:
    """A twin that claims an expression evaluated in balls, past the statement's own route."""

    def change(experiment: Experiment) -> Experiment:
        wrong = replace(
            experiment.statement, key=f"{experiment.key}:claimed", build=lambda t: right
        )
        return replace(experiment, statement=wrong)

    return Twin(label, change)


def rank_off_by_three() -> Twin:
    """K + 3 instead of K: the spread of a logarithm hardly depends on the rank."""

    def change(experiment: Experiment) -> Experiment:
        wrong = experiment.network.but(rank=experiment.network.rank + 3)
        return replace(experiment, network=wrong)

    return Twin("K + 3 instead of K", change)


def _log_size(network: Network, share: float) -> Mean:
    return Mean(1.0, _cumulants(network)[0], share, signed=True)


def _log_spread(network: Network, share: float) -> Mean:
    second, fourth = _cumulants(network)
    # (X - Y)^2/2 has variance kappa_4/2 + 2 sigma^4.
    return Mean(second, fourth / 2 + 2 * second**2, share)


def _linear_log_size(network: Network, share: float) -> Mean:
    factors = (network.outputs, *network.widths)
    return Mean(1.0, float(sum(polygamma(1, m / 2) for m in factors)), share, signed=True)


def _log_length(network: Network, share: float) -> Mean:
    variance = sum(4 * norm_statistics(network.rank, m).log_variance for m in network.widths)
    return Mean(1.0, variance, share, signed=True)


def _rank2(size: Size) -> Iterator[Case]:
    if size.network is not None:
        yield from own_extremes(size.network)
        return
    # The cases that jacobian.mean.rank2 samples, at the biases that favour no piece and one piece.
    for network in rank2_networks(size):
        yield Case(network, "mixed", 1.0, norm=2.0)
        yield Case(network, "one-hot", 1.0, norm=2.0)


def _law_rank2(size: Size) -> Iterator[Experiment]:
    for case in _rank2(size):
        network = case.network
        yield Experiment(
            statement("jacobian.law.rank2"),
            network,
            (case.population,),
            lambda left, law: (left["gain"], law["value"]),
            lambda: Distribution(0.03 * size.narrowness),
            detail=case.detail,
            twins=(
                weights_off(4),
                rewritten("widths less by three", lambda right: right.xreplace({n[l]: n[l] - 3})),
            ),
        )


def _log_rank2(size: Size) -> Iterator[Experiment]:
    for case in _rank2(size):
        network = case.network
        yield Experiment(
            statement("jacobian.log.mean.rank2"),
            network,
            (case.population,),
            _log_gain,
            partial(_linear_log_size, network, 0.05 * size.narrowness),
            detail=case.detail,
            twins=(
                claimed(_MEAN_OF_LN, sp.log(n_L / n_0) + (L - 1) * sp.log(c)),
                rewritten("one layer too many", lambda right: right + sp.log(c)),
            ),
        )


def _typical_length(size: Size) -> Iterator[Experiment]:
    for case in length_cases(size)[: 2 if size.deep else 1]:
        network, norm = case.network, case.norm
        start = sp.log(x_norm**2 / n_0)
        yield Experiment(
            statement("init.typical"),
            network,
            (case.population,),
            lambda arrays, units=network.widths[-1]: np.log(arrays["length"] / units),
            partial(_log_length, network, size.of(0.03, 0.01)),
            parameters={"norm": norm},
            detail=f"zero biases, |x| = {norm:g}",
            twins=(
                claimed(_MEAN_OF_LN, start + (L - 1) * sp.log(_GAIN)),
                rank_off_by_one(),
            ),
        )


EXPERIMENTS: dict[str, Builder] = {
    "jacobian.law.rank2": _law_rank2,
    "jacobian.log.mean.rank2": _log_rank2,
    "jacobian.log.mean": _log_mean,
    "jacobian.log.variance": _log_variance,
    "init.typical": _typical_length,
}
