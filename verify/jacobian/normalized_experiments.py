"""Experiments on the Jacobian of networks with a normalization in every block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import sympy as sp

from maxout.theory.jacobian import normalized_jacobian as formulas
from maxout.theory.network import Network
from maxout.theory.normalized_blocks import LOST
from maxout.theory.order.normalizer import LogSquareVariance
from maxout.verify import normalized_facts as facts
from maxout.verify.decisions.estimands import Distribution, Mean, mean_from_square
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    other_parameters,
    rank_off_by_one,
    rewritten,
    statement,
)
from maxout.verify.jacobian.any_bias_experiments import gain, gain_half_squares
from maxout.verify.normalized_cases import (
    COSINE,
    DETAIL,
    PARAMETERS,
    SIZE,
    light_networks,
    normalized_networks,
    population,
    wide_networks,
)
from maxout.verify.sampling.half_squares import half_squares, half_squares_variance
from maxout.verify.sampling.populations import Arrays
from maxout.verify.sampling.scales import evaluate

_ANGLE = other_parameters("the angle forgotten", cosine=0, norm=SIZE)


def other_norm(norm: str, right: Callable[[str], sp.Expr]) -> Twin:
    """The right side of the other normalization."""
    other = "rms" if norm == "layer" else "layer"
    return rewritten("the other normalization", lambda _: right(other))


def _law(norm: str, bias: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in normalized_networks(norm, bias, size):
            ratio = formulas.RATIOS[bias]
            yield Experiment(
                statement(_key(norm, "law", bias)),
                network,
                (population(network),),
                lambda left, law: (left["gain"], law["value"]),
                lambda: Distribution(size.of(0.04, 0.02)),
                parameters=PARAMETERS,
                detail=DETAIL,
                twins=(
                    rank_off_by_one(),
                    other_norm(norm, partial(formulas.gain_law, ratio=ratio)),
                    _ANGLE,
                ),
            )

    return build


def _key(norm: str, what: str, bias: str = "zero") -> str:
    return f"jacobian.{norm}.{what}" + ("" if bias == "zero" else f".{bias}")


def _mean(norm: str, bias: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in normalized_networks(norm, bias, size):
            ratio = formulas.RATIOS[bias]
            yield Experiment(
                statement(_key(norm, "mean", bias)),
                network,
                (population(network),),
                gain,
                partial(_gain, network, 1, (0.17 if LOST[norm] else 0.12) * size.narrowness),
                parameters=PARAMETERS,
                detail=DETAIL,
                twins=(
                    rank_off_by_one(),
                    other_norm(norm, partial(formulas.gain_moment, order=1, ratio=ratio)),
                    *(() if ratio else (_limits(norm),)),
                    _ANGLE,
                ),
            )

    return build


def _limits(norm: str) -> Twin:
    return rewritten("the blocks' limits", lambda _: formulas.gain_limit(norm))


def _gain(network: Network, order: int, share: float) -> Mean:
    mean, second = (facts.gain_moment(network, t, COSINE, SIZE) for t in (order, 2 * order))
    return mean_from_square(mean, second, share)


def _moment(norm: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in light_networks(norm, size):
            yield Experiment(
                statement(_key(norm, "moment")),
                network,
                (population(network),),
                lambda arrays: gain(arrays) ** 2,
                partial(_gain, network, 2, (0.09 if LOST[norm] else 0.06) * size.narrowness),
                parameters=PARAMETERS,
                detail=DETAIL,
                twins=(
                    rank_off_by_one(),
                    other_norm(norm, lambda n: formulas.gain_moment(n, 2)),
                    rewritten(
                        "the square of the mean", lambda _: formulas.gain_moment(norm, 1) ** 2
                    ),
                ),
            )

    return build


def _variance(norm: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in light_networks(norm, size):
            yield Experiment(
                statement(_key(norm, "variance")),
                network,
                (population(network),),
                gain_half_squares,
                partial(_spread, network, (0.2 if LOST[norm] else 0.14) * size.narrowness),
                parameters=PARAMETERS,
                detail=DETAIL,
                group=2,
                twins=(
                    rank_off_by_one(),
                    other_norm(norm, formulas.gain_variance),
                    _ANGLE,
                ),
            )

    return build


def _spread(network: Network, share: float) -> Mean:
    def moment(t: int) -> float:
        return facts.gain_moment(network, t, COSINE, SIZE)

    return Mean(moment(2) - moment(1) ** 2, half_squares_variance(moment), share)


def _log_gain(arrays: Arrays) -> np.ndarray:
    return np.log(arrays["gain"])


def _log_mean(norm: str, bias: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in normalized_networks(norm, bias, size):
            ratio = formulas.RATIOS[bias]
            yield Experiment(
                statement(_key(norm, "log.mean", bias)),
                network,
                (population(network),),
                _log_gain,
                partial(_log_size, network, 0.08 * size.narrowness),
                parameters=PARAMETERS,
                detail=DETAIL,
                twins=(
                    rank_off_by_one(),
                    _log_of_mean(norm, bias),
                    other_norm(norm, partial(formulas.log_gain_mean, ratio=ratio)),
                ),
            )

    return build


def _log_of_mean(norm: str, bias: str) -> Twin:
    mean = formulas.gain_moment(norm, 1, formulas.RATIOS[bias])
    return rewritten("ln of the mean instead of the mean of ln", lambda _: sp.log(mean))


def _log_size(network: Network, margin: float) -> Mean:
    return Mean(1.0, facts.log_cumulants(network)[0], margin, signed=True)


def _log_variance(norm: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in normalized_networks(norm, "zero", size):
            yield Experiment(
                statement(_key(norm, "log.variance")),
                network,
                (population(network),),
                lambda arrays: half_squares(_log_gain(arrays)),
                partial(_log_spread, network, (0.12 if LOST[norm] else 0.07) * size.narrowness),
                parameters=PARAMETERS,
                detail=DETAIL,
                group=2,
                twins=(
                    rewritten(
                        "what is divided by taken for its mean",
                        lambda right: right.replace(LogSquareVariance, lambda *_: sp.S.Zero),
                    ),
                ),
            )

    return build


def _log_spread(network: Network, share: float) -> Mean:
    second, fourth = facts.log_cumulants(network)
    # (X - Y)^2/2 has variance kappa_4/2 + 2 sigma^4.
    return Mean(second, fourth / 2 + 2 * second**2, share)


def _wide(norm: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in wide_networks(norm, size):
            yield Experiment(
                statement(_key(norm, "wide")),
                network,
                (population(network),),
                gain,
                partial(_gain, network, 1, 0.08 * size.narrowness),
                remainder=partial(_off_limit, network),
                parameters=PARAMETERS,
                detail=DETAIL,
                twins=(
                    rewritten(
                        "no block changes it", lambda right: right * formulas.spread(norm) ** 2
                    ),
                    other_norm(norm, formulas.gain_limit),
                ),
            )

    return build


def _off_limit(network: Network) -> float:
    """What the exact mean says of the distance."""
    limit = evaluate(
        network,
        formulas.gain_moment(network.block.norm, 1) - formulas.gain_limit(network.block.norm),
        cos_0=COSINE,
        x_norm=SIZE,
    )
    return abs(limit)


def _linear_law(norm: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in normalized_networks(norm, "zero", size, "linear"):
            yield Experiment(
                statement(f"jacobian.{norm}.linear.law"),
                network,
                (population(network),),
                lambda left, law: (left["gain"], law["value"]),
                lambda: Distribution(size.of(0.04, 0.02)),
                parameters=PARAMETERS,
                detail=DETAIL,
                twins=(
                    rank_off_by_one(),
                    rewritten("the linear layer forgotten", lambda _: formulas.gain_law(norm)),
                    _ANGLE,
                ),
            )

    return build


def _linear_mean(norm: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in normalized_networks(norm, "zero", size, "linear"):
            yield Experiment(
                statement(f"jacobian.{norm}.linear.mean"),
                network,
                (population(network),),
                gain,
                partial(_gain, network, 1, 0.2 * size.narrowness),
                parameters=PARAMETERS,
                detail=DETAIL,
                twins=(
                    rank_off_by_one(),
                    rewritten(
                        "the linear layer's tangent forgotten",
                        lambda right: right.replace(
                            lambda e: isinstance(e, sp.Product),
                            lambda e: sp.Product(formulas.inner_mean(), *e.limits),
                        ),
                    ),
                    _ANGLE,
                ),
            )

    return build


EXPERIMENTS: dict[str, Builder] = {
    key: build
    for norm in LOST
    for key, build in {
        **{_key(norm, "law", bias): _law(norm, bias) for bias in formulas.RATIOS},
        **{_key(norm, "mean", bias): _mean(norm, bias) for bias in formulas.RATIOS},
        **{_key(norm, "log.mean", bias): _log_mean(norm, bias) for bias in formulas.RATIOS},
        _key(norm, "moment"): _moment(norm),
        _key(norm, "variance"): _variance(norm),
        _key(norm, "log.variance"): _log_variance(norm),
        _key(norm, "wide"): _wide(norm),
        f"jacobian.{norm}.linear.law": _linear_law(norm),
        f"jacobian.{norm}.linear.mean": _linear_mean(norm),
    }.items()
}
