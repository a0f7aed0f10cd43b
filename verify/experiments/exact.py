"""Experiments on laws, exact moments and limits at gaussian or zero biases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.moments import LargestNormalMoment
from maxout.theory.network import Network
from maxout.theory.symbols import K
from maxout.verify.constants import aligned_second_moment, wide_bias
from maxout.verify.decisions import Decision, MeanAtMost, MeanEquality, SameLaw
from maxout.verify.experiments.any_bias import gain, gain_half_squares
from maxout.verify.experiments.cases import (
    Case,
    angles,
    deep_case,
    deep_networks,
    light_networks,
)
from maxout.verify.experiments.experiment import (
    Builder,
    Experiment,
    Size,
    other_parameters,
    rank_off_by_one,
    rewritten,
    statement,
)
from maxout.verify.experiments.twins import NO_FINITE_WIDTH, NO_GAIN, second_moment_off, weights_off
from maxout.verify.variances import half_squares_variance


def _exact_moment(network: Network, order: int, cosine: float) -> float:
    key = "jacobian.moment.exact"
    return float(predict(CATALOGUE[key], network, order=order, cosine=cosine))


def _laws(key: str, bias: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in deep_networks(bias, size):
            for cosine, norm in ((0.6, 2.0), (-0.9, 0.5)):
                if cosine not in angles(network, size):
                    continue
                case = deep_case(network, cosine, norm, size)
                yield Experiment(
                    statement(key),
                    network,
                    (case.population,),
                    lambda left, law: (left["gain"], law["value"]),
                    lambda _: SameLaw(0.025 * size.narrowness),
                    parameters={"cosine": cosine, "norm": case.norm},
                    detail=case.detail,
                    twins=_WRONG_LAWS if bias == "zero" else (*_WRONG_LAWS, _NO_BIASES),
                )

    return build


_WRONG_LAWS = (
    weights_off(2),
    rank_off_by_one(),
    other_parameters("the angle forgotten", cosine=1, norm=10**6),
)
_NO_BIASES = rewritten("the biases forgotten", lambda right: statement("jacobian.law.zero").right())


def _mean_exact(size: Size) -> Iterator[Experiment]:
    for network in deep_networks("zero", size):
        for cosine in (0.6, 0.0, 1.0):
            if cosine not in angles(network, size):
                continue
            case = deep_case(network, cosine, 2.0, size)
            yield Experiment(
                statement("jacobian.mean.exact"),
                network,
                (case.population,),
                gain,
                partial(_equality, _variance(network, 1, cosine), 0.03 * size.narrowness),
                parameters={"cosine": cosine},
                detail=case.detail,
                twins=(
                    # cos^2 of the gain carries M_K: where it is 0 little of the error is left.
                    *((second_moment_off(2),) if cosine else ()),
                    rank_off_by_one(),
                    other_parameters("the angle forgotten", cosine=1.0 if cosine < 1 else 0.0),
                ),
            )


def _variance(network: Network, order: int, cosine: float) -> Callable[[float], float]:
    """Variance of ||Ju||^{2 order}, from the exact moment of twice the order."""
    return lambda predicted: _exact_moment(network, 2 * order, cosine) - predicted**2


def _equality(variance: Callable[[float], float], margin: float, predicted: float) -> Decision:
    return MeanEquality(variance(predicted), margin * abs(predicted))


def _moment_exact(size: Size) -> Iterator[Experiment]:
    cosine = 0.6
    for network in light_networks("zero", size):
        case = Case(network, "zero", cosine)
        for order in statement("jacobian.moment.exact").orders:
            margin = 0.04 * (order - 1) * size.narrowness
            yield Experiment(
                statement("jacobian.moment.exact"),
                network,
                (case.population,),
                lambda arrays, order=order: gain(arrays) ** order,
                partial(
                    _equality,
                    _variance(network, order, cosine),
                    margin,
                ),
                order=order,
                parameters={"cosine": cosine},
                detail=case.detail,
                twins=(
                    # The margin grows with the order faster than the effect of M_K does.
                    second_moment_off(2 if order == 2 else 6),
                    rank_off_by_one(),
                    NO_FINITE_WIDTH,
                ),
            )


def _variance_exact(size: Size) -> Iterator[Experiment]:
    cosine = 0.6
    for network in light_networks("zero", size):
        case = Case(network, "zero", cosine)
        yield Experiment(
            statement("jacobian.variance.exact"),
            network,
            (case.population,),
            gain_half_squares,
            partial(_equality, _pair_variance(network, cosine), 0.08 * size.narrowness),
            parameters={"cosine": cosine},
            detail=case.detail,
            group=2,
            twins=(
                rank_off_by_one(),
                NO_FINITE_WIDTH,
                other_parameters("the angle forgotten", cosine=1.0),
            ),
        )


def _pair_variance(network: Network, cosine: float) -> Callable[[float], float]:
    return lambda _: half_squares_variance(partial(_exact_moment, network, cosine=cosine))


def _upper_sharp(size: Size) -> Iterator[Experiment]:
    # The first two are tight: u nearly along x, and a large input where there are biases.
    settings = (("zero", 0.995, 1.0), ("gaussian", 0.999, 100.0), ("gaussian", 0.6, 2.0))
    for bias, cosine, norm in settings:
        for network in deep_networks(bias, size):
            case = deep_case(network, cosine, norm, size)
            tight = cosine > 0.9
            yield Experiment(
                statement("jacobian.mean.upper.sharp"),
                network,
                (case.population,),
                gain,
                partial(_at_most_aligned, network, 0.05 * size.narrowness),
                detail=case.detail,
                twins=(second_moment_off(-2),) if tight else (NO_GAIN,),
            )


def _at_most_aligned(network: Network, margin: float, predicted: float) -> Decision:
    # A bound of E X^2, not of the variance: the mean may be below the predicted one.
    return MeanAtMost(aligned_second_moment(network), margin * predicted)


def _wide(size: Size) -> Iterator[Experiment]:
    for bias, cosine, norm in (("zero", 0.995, 1.0), ("gaussian", 0.999, 100.0)):
        for network in deep_networks(bias, size):
            case = deep_case(network, cosine, norm, size)
            off = wide_bias(network, cosine, norm)
            yield Experiment(
                statement("jacobian.wide"),
                network,
                (case.population,),
                gain,
                partial(_near, aligned_second_moment(network), 0.03 * size.narrowness, off),
                detail=f"{case.detail}; within {off:.2g} of the limit",
                twins=(second_moment_off(2), rank_off_by_one()),
            )


def _near(second: float, margin: float, bias: float, predicted: float) -> Decision:
    # The mean is at least (1 - bias) times the limit, so the variance at most this.
    variance = second - (predicted * (1 - bias)) ** 2
    return MeanEquality(variance, margin * predicted, bias * predicted)


def _alignment(size: Size) -> Iterator[Experiment]:
    # Narrow, since the floor is of order 1/width, and just deep enough to reach it.
    for rank, width, layers in ((5, 5, 7),) + (((10, 6, 8),) if size.deep else ()):
        network = Network(width, (width,) * layers, 16, rank, bias="zero")
        case = Case(network, "zero", 0.0)
        exact = float(predict(CATALOGUE["jacobian.mean.exact"], network, cosine=0))

        def rule(predicted: float, network: Network = network, exact: float = exact) -> Decision:
            # At finite depth the transient is left over: the exact mean says how much.
            return MeanEquality(
                _exact_moment(network, 2, 0.0) - exact**2,
                0.06 * size.narrowness * predicted,
                abs(exact - predicted),
            )

        yield Experiment(
            statement("jacobian.alignment"),
            network,
            (case.population,),
            gain,
            rule,
            detail=case.detail,
            twins=(
                # The network keeps K, since c must be 1/M_K.
                rewritten("K + 1 instead of K", lambda right: right.subs(K, K + 1)),
                rewritten(
                    "M_K instead of M_K - 1 in the floor",
                    lambda right: right.replace(
                        LargestNormalMoment, lambda *a: LargestNormalMoment(*a) + 1
                    ),
                ),
            ),
        )


EXPERIMENTS: dict[str, Builder] = {
    "jacobian.law.gaussian": _laws("jacobian.law.gaussian", "gaussian"),
    "jacobian.law.zero": _laws("jacobian.law.zero", "zero"),
    "jacobian.frame.law": _laws("jacobian.frame.law", "zero"),
    "jacobian.mean.exact": _mean_exact,
    "jacobian.moment.exact": _moment_exact,
    "jacobian.variance.exact": _variance_exact,
    "jacobian.mean.upper.sharp": _upper_sharp,
    "jacobian.wide": _wide,
    "jacobian.alignment": _alignment,
}
