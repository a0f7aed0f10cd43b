"""Experiments on the Jacobian of networks with a normalization in every block."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from maxout.theory.jacobian import normalized_jacobian as formulas
from maxout.theory.network import Network
from maxout.theory.normalized_blocks import LOST
from maxout.verify import normalized_facts as facts
from maxout.verify.decisions.estimands import Distribution, Mean, mean_from_square
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    rank_off_by_one,
    rewritten,
    statement,
)
from maxout.verify.jacobian.any_bias_experiments import gain, gain_half_squares
from maxout.verify.normalized_cases import (
    ANGLE_FORGOTTEN,
    COSINE,
    DETAIL,
    PARAMETERS,
    SIZE,
    key_of,
    light_networks,
    normalized_networks,
    other_norm,
    population,
    wide_networks,
)
from maxout.verify.sampling.half_squares import half_squares_variance
from maxout.verify.sampling.scales import evaluate


def _law(norm: str, bias: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in normalized_networks(norm, bias, size):
            ratio = formulas.RATIOS[bias]
            yield Experiment(
                statement(key_of(norm, "law", bias)),
                network,
                (population(network),),
                lambda left, law: (left["gain"], law["value"]),
                lambda: Distribution(size.of(0.04, 0.02)),
                parameters=PARAMETERS,
                detail=DETAIL,
                twins=(
                    rank_off_by_one(),
                    other_norm(norm, partial(formulas.gain_law, ratio=ratio)),
                    ANGLE_FORGOTTEN,
                ),
            )

    return build


def _mean(norm: str, bias: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in normalized_networks(norm, bias, size):
            ratio = formulas.RATIOS[bias]
            yield Experiment(
                statement(key_of(norm, "mean", bias)),
                network,
                (population(network),),
                gain,
                partial(gain_size, network, 1, (0.17 if LOST[norm] else 0.12) * size.narrowness),
                parameters=PARAMETERS,
                detail=DETAIL,
                twins=(
                    rank_off_by_one(),
                    other_norm(norm, partial(formulas.gain_moment, order=1, ratio=ratio)),
                    # Wider blocks are nearer to their limits than the margin.
                    *(() if ratio or min(network.widths) > 6 else (_limits(norm),)),
                    ANGLE_FORGOTTEN,
                ),
            )

    return build


def _limits(norm: str) -> Twin:
    return rewritten("the blocks' limits", lambda _: formulas.gain_limit(norm))


def gain_size(network: Network, order: int, share: float) -> Mean:
    """The mean of ||Ju||^{2 order}."""
    mean, second = (facts.gain_moment(network, t, COSINE, SIZE) for t in (order, 2 * order))
    return mean_from_square(mean, second, share)


def _moment(norm: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in light_networks(norm, size):
            yield Experiment(
                statement(key_of(norm, "moment")),
                network,
                (population(network),),
                lambda arrays: gain(arrays) ** 2,
                partial(gain_size, network, 2, (0.09 if LOST[norm] else 0.06) * size.narrowness),
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
                statement(key_of(norm, "variance")),
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
                    ANGLE_FORGOTTEN,
                ),
            )

    return build


def _spread(network: Network, share: float) -> Mean:
    def moment(t: int) -> float:
        return facts.gain_moment(network, t, COSINE, SIZE)

    return Mean(moment(2) - moment(1) ** 2, half_squares_variance(moment), share)


def _wide(norm: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in wide_networks(norm, size):
            yield Experiment(
                statement(key_of(norm, "wide")),
                network,
                (population(network),),
                gain,
                partial(gain_size, network, 1, 0.08 * size.narrowness),
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


EXPERIMENTS: dict[str, Builder] = {
    key: build
    for norm in LOST
    for key, build in {
        **{key_of(norm, "law", bias): _law(norm, bias) for bias in formulas.RATIOS},
        **{key_of(norm, "mean", bias): _mean(norm, bias) for bias in formulas.RATIOS},
        key_of(norm, "moment"): _moment(norm),
        key_of(norm, "variance"): _variance(norm),
        key_of(norm, "wide"): _wide(norm),
    }.items()
}
