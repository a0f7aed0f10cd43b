"""Experiments on the gradients by the weights of normalized blocks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from maxout.theory.gradients import normalized_gradients as formulas
from maxout.theory.network import Network
from maxout.theory.normalized_blocks import LOST
from maxout.verify import normalized_facts as facts
from maxout.verify.decisions.estimands import Distribution, Mean, mean_from_square
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    rank_off_by_one,
    statement,
)
from maxout.verify.normalized_cases import DETAIL, normalized_networks, other_norm, population
from maxout.verify.sampling.populations import Arrays
from maxout.verify.twins import weights_off


def _of_layer(layer: int, arrays: Arrays) -> object:
    return arrays["weights"][:, layer - 1]


def _mean(norm: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in normalized_networks(norm, "zero", size):
            for layer in range(1, len(network.widths) + 1):
                yield Experiment(
                    statement(f"gradients.{norm}.weights.mean"),
                    network,
                    (population(network),),
                    partial(_of_layer, layer),
                    partial(_size, network, layer, 0.1 * size.narrowness),
                    parameters={"layer": layer},
                    detail=f"{DETAIL}, layer {layer}",
                    twins=(
                        weights_off(20),
                        rank_off_by_one(),
                        other_norm(norm, formulas.weight_gradient_mean),
                    ),
                )

    return build


def _size(network: Network, layer: int, share: float) -> Mean:
    mean, second = (facts.gradient_moment(network, layer, t) for t in (1, 2))
    return mean_from_square(mean, second, share)


def _law(norm: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in normalized_networks(norm, "zero", size):
            for layer in range(1, len(network.widths) + 1):
                yield Experiment(
                    statement(f"gradients.{norm}.weights.law"),
                    network,
                    (population(network),),
                    lambda left, law, layer=layer: (_of_layer(layer, left), law["value"]),
                    lambda: Distribution(size.of(0.04, 0.02)),
                    parameters={"layer": layer},
                    detail=f"{DETAIL}, layer {layer}",
                    twins=(
                        weights_off(20),
                        rank_off_by_one(),
                        other_norm(norm, formulas.weight_gradient_law),
                    ),
                )

    return build


EXPERIMENTS: dict[str, Builder] = {
    f"gradients.{norm}.weights.{what}": make(norm)
    for norm in LOST
    for what, make in (("law", _law), ("mean", _mean))
}
