"""Experiments on the Jacobian of networks with skip connections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import sympy as sp

from maxout.theory.block import Block
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.symbols import K, L, beta, c
from maxout.verify.decisions.estimands import Mean, mean_from_square
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
from maxout.verify.jacobian.skip_networks import (
    NORM,
    NORMALIZED,
    PRE_NORM,
    WIDE_COSINE,
    WIDE_NORM,
    linear_drawn,
    linear_gains,
    linear_network,
    scales,
    wide_drawn,
    wide_gain,
    wide_networks,
)
from maxout.verify.sampling.populations import Arrays
from maxout.verify.twins import replaced


def _gain(cosine: float, arrays: Arrays) -> np.ndarray:
    return arrays[f"gain/{cosine}"]


def _cases(size: Size) -> Iterator[tuple[str, float]]:
    yield from (("zero", 1.0), ("zero", 0.0), ("mixed", 0.6))
    if size.deep:
        yield from (("one-hot", 1.0), ("shifted", 0.0))


def _linear(
    name: str, estimand: Callable[[Network, Size], Mean], twins: tuple[Twin, ...], rank: int = 3
) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for biases, cosine in _cases(size):
            if rank == 2 and biases == "zero":
                continue
            network = linear_network(rank)
            yield Experiment(
                statement(f"skip.linear.jacobian.{name}"),
                network,
                (linear_drawn(network, biases),),
                partial(_gain, cosine),
                partial(estimand, network, size),
                detail=f"{biases} biases, |x| = {NORM:g}, cos = {cosine:g}",
                twins=twins,
            )

    return build


def _at_most(network: Network, size: Size, largest: bool, share: float) -> Mean:
    return Mean(
        linear_gains(network, largest)[0], linear_gains(network, True)[1], share * size.narrowness
    )


def _least(network: Network) -> float:
    scale, variance, _ = scales(network)
    blocks = (1 + scale**2 * variance) ** len(network.widths)
    return network.outputs / network.inputs * blocks


def _at_least(network: Network, size: Size) -> Mean:
    bound, planned = linear_gains(network, True)[1], linear_gains(network, False)[1]
    return Mean(_least(network), bound, 0.2 * size.narrowness, planned=planned)


def _as_at_rank_two(network: Network, size: Size) -> Mean:
    # Even functions of the winner at rank 2 have the moments that they have of a normal.
    return mean_from_square(
        _least(network), linear_gains(network, False)[1], 0.05 * size.narrowness
    )


def _smallest(rank: sp.Expr, order: sp.Expr) -> sp.Expr:
    return SmallestChi2Moment(rank, 1)


_LARGEST = rewritten(
    "c L_K instead of c", lambda right: right.xreplace({c: c * LargestChi2Moment(K, 1)})
)
_NO_SKIP = rewritten(
    "the branch alone",
    lambda right: right.replace(
        lambda e: isinstance(e, sp.Pow) and e.exp == L - 1, lambda e: (e.base - 1) ** e.exp
    ),
)
_TWICE = rewritten("beta instead of beta^2", lambda right: right.xreplace({beta: sp.sqrt(beta)}))


def _wide(key: str, block: Block, rank: int, size: Size) -> Iterator[Experiment]:
    for network in wide_networks(block, rank, size):
        yield _of_wide(key, network, size)


def _of_wide(key: str, network: Network, size: Size) -> Experiment:
    normalized = network.block == NORMALIZED
    limit = wide_gain(network, WIDE_COSINE, WIDE_NORM)
    return Experiment(
        statement(key),
        network,
        (wide_drawn(network),),
        partial(_gain, WIDE_COSINE),
        # Behind wide blocks the length of u hardly varies; half of its mean square again is allowed
        # for that, beside the chi-square of the outputs.
        partial(Mean, limit, limit**2 * (1.5 * (1 + 2 / network.outputs) - 1), size.of(0.15, 0.08)),
        parameters={"cosine": WIDE_COSINE, "norm": WIDE_NORM},
        detail=f"zero biases, |x| = {WIDE_NORM:g}, cos = {WIDE_COSINE:g}",
        # A block is off by terms of order 1/n, whose coefficients (``docs/skips.md``) are below 3.
        remainder=lambda: 3 * len(network.widths) / network.inputs * limit,
        least=1000,
        twins=(
            replaced("M_K instead of Var Xi_K", LargestNormalMoment, _without_mean)
            if normalized
            else rewritten("one block less of growth", lambda right: right / (1 + c)),
            rewritten("beta dropped", lambda right: right.xreplace({beta: sp.S.One})),
            rank_off_by_one() if normalized else other_parameters("|x| forgotten", norm=99),
        ),
    )


def _without_mean(rank: sp.Expr, order: sp.Expr) -> sp.Expr:
    return sp.S.Zero if order == 1 else LargestNormalMoment(rank, order)


EXPERIMENTS: dict[str, Builder] = {
    "skip.linear.jacobian.lower": _linear(
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
    "skip.linear.jacobian.lower.sharp": _linear("lower.sharp", _at_least, (_LARGEST,)),
    "skip.linear.jacobian.upper.sharp": _linear(
        "upper.sharp",
        partial(_at_most, largest=False, share=0.2),
        (replaced("S_K instead of M_K", LargestNormalMoment, _smallest), _NO_SKIP),
    ),
    "skip.linear.jacobian.upper": _linear(
        "upper",
        partial(_at_most, largest=True, share=0.15),
        (replaced("S_K instead of L_K", LargestChi2Moment, _smallest),),
    ),
    "skip.linear.jacobian.rank2": _linear("rank2", _as_at_rank_two, (_NO_SKIP, _TWICE), rank=2),
    "skip.normalized.jacobian": partial(_wide, "skip.normalized.jacobian", NORMALIZED, 2),
    "skip.prenorm.jacobian": partial(_wide, "skip.prenorm.jacobian", PRE_NORM, 3),
}
