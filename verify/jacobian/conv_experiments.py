"""Experiments on the Jacobian of convolutional networks: bounds, and the mean at rank 2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import sympy as sp

from maxout.theory.conv_network import ConvNetwork
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.symbols import K, c
from maxout.verify.conv_cases import (
    NORM,
    POSITIONS,
    conv_networks,
    drawn,
    gain,
    largest,
    laws,
    linear,
    normal,
)
from maxout.verify.decisions.estimands import Mean, mean_from_square
from maxout.verify.experiment import Builder, Experiment, Size, Twin, rewritten, statement
from maxout.verify.sampling.conv_networks import ALONG
from maxout.verify.sampling.populations import Arrays
from maxout.verify.twins import replaced


def _of(array: str, arrays: Arrays) -> np.ndarray:
    return arrays[array]


def _cases(network: ConvNetwork, biases: str) -> Iterator[tuple[str, int]]:
    """Arrays, and the cell b of their direction; u along x attains the upper bound at zero bias."""
    there = drawn(network, biases).positions
    if biases == "zero":
        yield ALONG, 0
    yield "gain/0", 0
    if POSITIONS[1] in there and biases != "zero":
        yield f"gain/{POSITIONS[1]}", POSITIONS[1]


def _where(array: str, position: int) -> str:
    return "u along x" if array == ALONG else f"b = {position}"


def _bound(
    name: str,
    estimand: Callable[[ConvNetwork, int, Size], Mean],
    twins: tuple[Twin, ...],
    rank: int | None = None,
) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for biases in [*laws(size)][-1:] if rank == 2 else laws(size):
            bias = "any" if size.network is None else str(size.network.bias)
            for network in conv_networks(size, bias, rank):
                for array, position in _cases(network, biases):
                    yield Experiment(
                        statement(f"conv.jacobian.{name}"),
                        network,
                        (drawn(network, biases),),
                        partial(_of, array),
                        partial(estimand, network, position, size),
                        parameters={"position": position},
                        detail=f"{biases} biases, |x| = {NORM:g}, {_where(array, position)}",
                        twins=twins,
                    )

    return build


def _at_most(network: ConvNetwork, position: int, size: Size, sharp: bool, margin: float) -> Mean:
    mean = gain(network, position, (normal if sharp else largest)(network))[0]
    return Mean(mean, gain(network, position, largest(network))[1], margin * size.narrowness)


def _at_least(network: ConvNetwork, position: int, size: Size) -> Mean:
    return Mean(
        gain(network, position, linear)[0],
        gain(network, position, largest(network))[1],
        0.2 * size.narrowness,
        planned=gain(network, position, normal(network))[1],
    )


def _as_at_rank_two(network: ConvNetwork, position: int, size: Size) -> Mean:
    return mean_from_square(*gain(network, position, linear), 0.05 * size.narrowness)


def _smallest(rank: sp.Expr, order: sp.Expr) -> sp.Expr:
    return SmallestChi2Moment(rank, 1)


_LARGEST = rewritten(
    "c L_K instead of c", lambda right: right.xreplace({c: c * LargestChi2Moment(K, 1)})
)
_LAYER = rewritten("one layer too many", lambda right: c * right)

EXPERIMENTS: dict[str, Builder] = {
    "conv.jacobian.lower": _bound(
        "lower",
        _at_least,
        (
            replaced(
                "L_K instead of S_K",
                SmallestChi2Moment,
                lambda rank, order: LargestChi2Moment(rank, 1),
            ),
        ),
    ),
    "conv.jacobian.lower.sharp": _bound("lower.sharp", _at_least, (_LARGEST,)),
    "conv.jacobian.upper.sharp": _bound(
        "upper.sharp",
        partial(_at_most, sharp=True, margin=0.2),
        (replaced("S_K instead of M_K", LargestNormalMoment, _smallest),),
    ),
    "conv.jacobian.upper": _bound(
        "upper",
        partial(_at_most, sharp=False, margin=0.15),
        (replaced("S_K instead of L_K", LargestChi2Moment, _smallest),),
    ),
    "conv.jacobian.rank2": _bound("rank2", _as_at_rank_two, (_LAYER,), rank=2),
}
