"""Experiments on laws, exact moments and limits at gaussian or zero biases."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from maxout.theory.jacobian import moving_frame
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.symbols import K
from maxout.verify import facts
from maxout.verify.decisions.estimands import Distribution, Mean, mean_from_square
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    other_parameters,
    rank_off_by_one,
    rewritten,
    statement,
)
from maxout.verify.experiment_networks import (
    Case,
    angles,
    deep_case,
    deep_networks,
    light_case,
    light_networks,
    narrowness,
    size_case,
)
from maxout.verify.jacobian.any_bias_experiments import gain, gain_half_squares
from maxout.verify.sampling.half_squares import half_squares_variance
from maxout.verify.sampling.scales import aligned_moment, evaluate, wide_bias
from maxout.verify.twins import NO_FINITE_WIDTH, NO_GAIN, second_moment_off, weights_off


def _laws(key: str, bias: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in deep_networks(bias, size):
            for cosine, norm in ((0.6, 4.0), (-0.9, 0.5)):
                if cosine not in angles(network, size):
                    continue
                case = deep_case(network, cosine, norm, size)
                yield Experiment(
                    statement(key),
                    network,
                    (case.population,),
                    lambda left, law: (left["gain"], law["value"]),
                    lambda: Distribution(size.of(0.03, 0.0125)),
                    parameters={"cosine": case.cosine, "norm": case.norm},
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
                partial(_gain, network, 1, case.cosine, size.of(0.04, 0.01)),
                parameters={"cosine": case.cosine},
                detail=case.detail,
                twins=(
                    # cos^2 of the gain carries M_K: where it is 0 little of the error is left.
                    *((second_moment_off(2),) if cosine else ()),
                    rank_off_by_one(),
                    other_parameters("the angle forgotten", cosine=1.0 if cosine < 1 else 0.0),
                ),
            )


def _gain(network: Network, order: int, cosine: float, share: float) -> Mean:
    """The mean of ||Ju||^{2 order} at zero bias."""
    mean, second = (facts.gain_moment(network, t, cosine) for t in (order, 2 * order))
    return mean_from_square(mean, second, share)


def _moment_exact(size: Size) -> Iterator[Experiment]:
    for network in light_networks(size):
        case = light_case(network, size)
        cosine = case.cosine
        for order in statement("jacobian.moment.exact").orders:
            margin = {2: 0.03, 3: 0.05}[order] * narrowness(network, size)
            yield Experiment(
                statement("jacobian.moment.exact"),
                network,
                (case.population,),
                lambda arrays, order=order: gain(arrays) ** order,
                partial(_gain, network, order, cosine, margin),
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
    for network in light_networks(size):
        case = light_case(network, size)
        cosine = case.cosine
        yield Experiment(
            statement("jacobian.variance.exact"),
            network,
            (case.population,),
            gain_half_squares,
            partial(_spread, network, cosine, 0.05 * narrowness(network, size)),
            parameters={"cosine": cosine},
            detail=case.detail,
            group=2,
            twins=(
                rank_off_by_one(),
                NO_FINITE_WIDTH,
                other_parameters("the angle forgotten", cosine=1.0),
            ),
        )


def _spread(network: Network, cosine: float, share: float) -> Mean:
    """The variance of ||Ju||^2 at zero bias, as a mean over pairs."""
    moment = partial(facts.gain_moment, network, cosine=cosine)
    return Mean(moment(2) - moment(1) ** 2, half_squares_variance(moment), share)


def _upper_sharp(size: Size) -> Iterator[Experiment]:
    # The first two are tight: u nearly along x, and a large input where there are biases.
    settings = (("zero", 0.995, 1.0), ("gaussian", 0.999, 100.0), ("gaussian", 0.6, 4.0))
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


def _at_most_aligned(network: Network, share: float) -> Mean:
    # A bound of E X^2, not of the variance: the mean may be below the aligned one.
    return Mean(aligned_moment(network, 1), aligned_moment(network, 2), share)


def _wide(size: Size) -> Iterator[Experiment]:
    for bias, cosine, norm in (("zero", 0.995, 1.0), ("gaussian", 0.999, 100.0)):
        for network in deep_networks(bias, size):
            case = deep_case(network, cosine, norm, size)
            yield Experiment(
                statement("jacobian.wide"),
                network,
                (case.population,),
                gain,
                partial(_near, case, size.of(0.04, 0.01)),
                remainder=partial(_off_aligned, case),
                detail=case.detail,
                twins=(second_moment_off(2), rank_off_by_one()),
            )


def _near(case: Case, share: float) -> Mean:
    # The mean is at least the aligned one less what it may be off, so the variance at most this.
    mean, second = (aligned_moment(case.network, t) for t in (1, 2))
    return Mean(mean, second - (mean - _off_aligned(case)) ** 2, share)


def _off_aligned(case: Case) -> float:
    aligned = aligned_moment(case.network, 1)
    return wide_bias(case.network, case.cosine, case.norm) * aligned


def _alignment(size: Size) -> Iterator[Experiment]:
    # Narrow, since the floor is of order 1/width, and just deep enough to reach it.
    networks = [
        Network(width, (width,) * layers, 16, rank, bias="zero")
        for rank, width, layers in ((8, 4, 5), (10, 6, 8))
    ]
    for network in size.networks(networks[:1], networks[1:]):
        case = size_case(Case(network, "zero", 0.0), size)
        yield Experiment(
            statement("jacobian.alignment"),
            network,
            (case.population,),
            gain,
            partial(_gain, network, 1, 0.0, 0.049 * size.narrowness),
            remainder=partial(evaluate, network, moving_frame.alignment_remainder()),
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
