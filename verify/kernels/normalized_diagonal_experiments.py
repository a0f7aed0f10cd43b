"""Experiments on the tangent kernel's diagonal of normalized networks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from maxout.theory.gradients import normalized_gradients
from maxout.theory.network import Network
from maxout.theory.normalized_blocks import LOST
from maxout.theory.symbols import L, n
from maxout.verify import normalized_facts as facts
from maxout.verify.decisions.estimands import Mean, mean_from_square
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    rank_off_by_one,
    rewritten,
    statement,
)
from maxout.verify.normalized_cases import DETAIL, normalized_networks, other_norm, population
from maxout.verify.twins import weights_off


def _diagonal(norm: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in normalized_networks(norm, "zero", size):
            yield Experiment(
                statement(f"kernel.diagonal.{norm}"),
                network,
                (population(network),),
                lambda arrays: arrays["weights"].sum(axis=1),
                partial(_size, network, 0.06 * size.narrowness),
                detail=DETAIL,
                twins=(
                    weights_off(20),
                    rank_off_by_one(),
                    other_norm(norm, normalized_gradients.diagonal_mean),
                    rewritten("the output layer forgotten", lambda right: right - n[L - 1]),
                ),
            )

    return build


def _size(network: Network, share: float) -> Mean:
    mean = sum(facts.gradient_moment(network, layer, 1) for layer in range(1, network.depth + 1))
    return mean_from_square(mean, facts.diagonal_second(network), share)


EXPERIMENTS: dict[str, Builder] = {f"kernel.diagonal.{norm}": _diagonal(norm) for norm in LOST}
