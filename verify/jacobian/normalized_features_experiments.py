"""Experiments on the Jacobian of networks that normalize before the maximum."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from maxout.theory.jacobian import normalized_features as formulas
from maxout.theory.network import Network
from maxout.theory.normalized_blocks import LOST
from maxout.theory.symbols import K
from maxout.verify import normalized_facts as facts
from maxout.verify.decisions.estimands import Distribution, Mean
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    rank_off_by_one,
    rewritten,
    statement,
)
from maxout.verify.jacobian.any_bias_experiments import gain
from maxout.verify.normalized_cases import (
    ANGLE_FORGOTTEN,
    COSINE,
    DETAIL,
    PARAMETERS,
    SIZE,
    features_networks,
    one_layer,
    population,
)

_TWINS = (
    rank_off_by_one(),
    ANGLE_FORGOTTEN,
)


def _law(norm: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in features_networks("zero", norm, size):
            yield Experiment(
                statement(f"jacobian.{norm}.before.law"),
                network,
                (population(network),),
                lambda left, law: (left["gain"], law["value"]),
                lambda: Distribution(size.of(0.04, 0.02)),
                parameters=PARAMETERS,
                detail=DETAIL,
                twins=_TWINS,
            )

    return build


def _mean(norm: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        narrow, deep = one_layer(norm, 4, 2, size), features_networks("zero", norm, size)
        for network in narrow if LOST[norm] else deep:
            yield Experiment(
                statement(f"jacobian.{norm}.before.mean"),
                network,
                (population(network),),
                gain,
                partial(_gain, network, 0.07 * size.narrowness),
                parameters=PARAMETERS,
                detail=DETAIL,
                twins=(
                    *_TWINS,
                    rewritten(
                        "the pieces that lose forgotten",
                        lambda _: formulas.gain_mean(norm).xreplace({K: K / K}),
                    ),
                ),
            )

    return build


def _gain(network: Network, share: float) -> Mean:
    least, second = facts.features_gain(network, COSINE, SIZE)
    return Mean(least, second - least**2, share)


EXPERIMENTS: dict[str, Builder] = {
    f"jacobian.{norm}.before.{what}": make(norm)
    for norm in LOST
    for what, make in (("law", _law), ("mean", _mean))
}
