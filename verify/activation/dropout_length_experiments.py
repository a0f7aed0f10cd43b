"""Experiments on the activation length with dropout, of the networks whose gains are judged."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from maxout.theory.block import PLAIN
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.symbols import L, dropout
from maxout.verify.decisions.estimands import Mean, mean_from_square
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    rank_off_by_one,
    rewritten,
    statement,
)
from maxout.verify.jacobian.dropout_experiments import FORGOTTEN, NORM, drawn, dropout_network
from maxout.verify.sampling.scales import kept, moment, sum_moment, weight_variance
from maxout.verify.twins import second_moment_off


def _length(mode: str, size: Size) -> Iterator[Experiment]:
    network = dropout_network(size, bias="zero")
    array = {"train": "length", "eval": "length/eval"}[mode]
    plain = network.but(block=PLAIN)
    yield Experiment(
        statement(f"dropout.length.{mode}"),
        network,
        (drawn(network, "zero"),),
        lambda arrays: arrays[array] / network.widths[-1],
        partial(_lengths, network if mode == "train" else plain, 0.04 * size.narrowness),
        parameters={"norm": NORM},
        detail=f"zero biases, |x| = {NORM:g}",
        twins=(
            second_moment_off(4),
            rank_off_by_one(),
            FORGOTTEN if mode == "train" else _as_in_training(),
        ),
    )


def _as_in_training() -> Twin:
    return rewritten("scaled as in training", lambda right: right / (1 - dropout) ** (L - 1))


def _lengths(network: Network, share: float) -> Mean:
    """Mean and mean square of ||x||^2/n behind the last mask."""
    mean, second = (_power(network, order) for order in (1, 2))
    return mean_from_square(mean, second, share)


def _power(network: Network, order: int) -> float:
    value = NORM ** (2 * order)
    for fan_in, units in network.hidden():
        one = [1.0, *(moment(LargestNormalMoment, network.rank, 2 * i) for i in (1, 2))]
        through = sum_moment(kept(network, one), units, order)
        value *= (weight_variance(network) / fan_in) ** order * through
    return value / network.widths[-1] ** order


EXPERIMENTS: dict[str, Builder] = {
    f"dropout.length.{mode}": partial(_length, mode) for mode in ("train", "eval")
}
