"""Experiments on dropout: one population of networks for lengths and gains in both modes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import sympy as sp

from maxout.theory.block import PLAIN, Block
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.symbols import K, L, c, dropout
from maxout.verify import facts
from maxout.verify.decisions.estimands import Mean, mean_from_square
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    rewritten,
    statement,
)
from maxout.verify.experiment_networks import OWN_BIASES
from maxout.verify.sampling.block_networks import BlockNetworks
from maxout.verify.sampling.populations import Arrays
from maxout.verify.sampling.scales import (
    aligned_moment,
    ordered_moment,
    rank2_second_moment,
    weight_variance,
)
from maxout.verify.twins import replaced

_COSINES = (0.6, 0.0, 1.0)
NORM = 2.0
HALF = sp.Rational(1, 2)


def dropout_network(size: Size, rank: int = 3, bias: str = "any") -> Network:
    """The suite's, or a person's own."""
    if size.network is not None:
        return size.network
    block = Block(dropout=sp.Rational(3, 10))
    return Network(5, (12, 9), 8, rank, c=sp.Rational(2, 5), bias=bias, block=block)


def drawn(network: Network, biases: str) -> BlockNetworks:
    """Named by networks with any biases, so that all statements at zero bias share the draws."""
    return BlockNetworks(network.but(bias="any"), biases, _COSINES, NORM)


def _cases(size: Size) -> Iterator[tuple[str, float]]:
    """Laws of the biases, with cosines at which a bound is tight or far."""
    if size.network is not None:
        biases = OWN_BIASES if size.network.bias == "any" else str(size.network.bias)
        yield from ((biases, 1.0), (biases, 0.0))
        return
    yield from (("zero", 1.0), ("zero", 0.0), ("mixed", 0.6))
    if size.deep:
        yield from (("one-hot", 1.0), ("shifted", 0.6), ("gaussian", 0.0))


def _gain(cosine: float, arrays: Arrays) -> np.ndarray:
    return arrays[f"gain/{cosine}"]


def _detail(biases: str, cosine: float) -> str:
    return f"{biases} biases, |x| = {NORM:g}, cos = {cosine:g}"


def _bound(
    name: str, estimand: Callable[[Network, Size], Mean], twins: tuple[Twin, ...]
) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        network = dropout_network(size)
        for biases, cosine in _cases(size):
            yield Experiment(
                statement(f"dropout.jacobian.{name}"),
                network,
                (drawn(network, biases),),
                partial(_gain, cosine),
                partial(estimand, network, size),
                detail=_detail(biases, cosine),
                twins=twins,
            )

    return build


def stays(network: Network) -> float:
    return float(1 - network.block.dropout)


def _unit(network: Network) -> float:
    """The least mean: n_L/n_0 (c/(1-p))^{L-1}."""
    layer = weight_variance(network) / stays(network)
    return network.outputs / network.inputs * layer ** len(network.widths)


def _at_most(network: Network, size: Size, share: float) -> Mean:
    bound, second = (ordered_moment(network, t) for t in (1, 2))
    return Mean(bound, second, share * size.narrowness)


def _at_least(network: Network, size: Size) -> Mean:
    return Mean(
        _unit(network),
        ordered_moment(network, 2),
        0.2 * size.narrowness,
        planned=aligned_moment(network, 2),
    )


_PIECES = {
    "S": lambda rank, order: SmallestChi2Moment(rank, 1),
    "L": lambda rank, order: LargestChi2Moment(rank, 1),
}
_LARGEST = rewritten("c L_K instead of c", lambda right: right * LargestChi2Moment(K, 1) ** (L - 1))
FORGOTTEN = rewritten("dropout forgotten", lambda right: right.xreplace({dropout: sp.S.Zero}))
_SMALLEST_AS_UPPER = replaced("S_K instead of M_K", LargestNormalMoment, _PIECES["S"])


def _frame(size: Size) -> Iterator[Experiment]:
    narrow = Network(4, (3, 3, 3), 12, 8, c=sp.Rational(3, 10), block=Block(dropout=HALF))
    # In wide layers the bound is nearly attained; in narrow ones, half of them dropped, it is not.
    wide = dropout_network(size)
    settings = ((wide, 0.6, 0.1), (wide, 0.0, 0.1), (narrow, 0.0, 0.4))
    for network, cosine, share in settings if size.network is None else settings[:2]:
        zero = network.but(bias="zero")
        yield Experiment(
            statement("dropout.jacobian.lower.frame"),
            zero,
            (drawn(network, "zero"),),
            partial(_gain, cosine),
            partial(_from_frame, zero, share * size.narrowness, cosine),
            parameters={"cosine": cosine},
            detail=_detail("zero", cosine),
            twins=(
                rewritten("c off by 40 %", lambda right: right * sp.Rational(7, 5) ** (L - 1)),
                rewritten("two masks more", lambda right: right / (1 - dropout) ** 2),
            ),
        )


def _from_frame(network: Network, share: float, cosine: float) -> Mean:
    plain = network.but(block=PLAIN)
    least = facts.gain_moment(plain, 1, cosine) / stays(network) ** len(network.widths)
    return Mean(least, aligned_moment(network, 2), share)


def _rank2(size: Size) -> Iterator[Experiment]:
    laws = ("mixed",) + (("shifted",) if size.deep else ())
    if size.network is not None:
        laws = (next(_cases(size))[0],)
    for biases in laws:
        network = dropout_network(size, rank=2)
        yield Experiment(
            statement("dropout.jacobian.rank2"),
            network,
            (drawn(network, biases),),
            partial(_gain, 0.6),
            partial(_as_at_rank_two, network, size),
            detail=_detail(biases, 0.6),
            twins=(FORGOTTEN, rewritten("one layer too many", lambda right: c * right)),
        )


def _as_at_rank_two(network: Network, size: Size) -> Mean:
    return mean_from_square(_unit(network), rank2_second_moment(network), 0.05 * size.narrowness)


EXPERIMENTS: dict[str, Builder] = {
    "dropout.jacobian.lower": _bound(
        "lower",
        _at_least,
        (replaced("L_K instead of S_K", SmallestChi2Moment, _PIECES["L"]),),
    ),
    "dropout.jacobian.lower.sharp": _bound("lower.sharp", _at_least, (_LARGEST,)),
    "dropout.jacobian.upper.sharp": _bound(
        "upper.sharp",
        lambda network, size: Mean(
            aligned_moment(network, 1), ordered_moment(network, 2), 0.2 * size.narrowness
        ),
        (_SMALLEST_AS_UPPER, FORGOTTEN),
    ),
    "dropout.jacobian.upper": _bound(
        "upper",
        partial(_at_most, share=0.15),
        (replaced("S_K instead of L_K", LargestChi2Moment, _PIECES["S"]),),
    ),
    "dropout.jacobian.lower.frame": _frame,
    "dropout.jacobian.rank2": _rank2,
}
