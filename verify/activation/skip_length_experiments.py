"""Experiments on the length behind skip connections, of the networks whose gains are judged."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

from maxout.theory.activation.skip_growth import MaximumSkipGrowth
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestNormalMoment
from maxout.verify.decisions.estimands import Mean, mean_from_square
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    rank_off_by_one,
    rewritten,
    scaled,
    statement,
)
from maxout.verify.jacobian.skip_networks import (
    NORM,
    NORMALIZED,
    PLAIN,
    PRE_NORM,
    WIDE_NORM,
    centred_fourth,
    linear_drawn,
    linear_network,
    linear_powers,
    plain_spread,
    scales,
    wide_drawn,
    wide_networks,
)
from maxout.verify.sampling.populations import Arrays
from maxout.verify.twins import second_moment_off


def _per_unit(network: Network, array: str, arrays: Arrays) -> object:
    return arrays[array] / network.widths[-1]


def _linear(size: Size) -> Iterator[Experiment]:
    network = linear_network(bias="zero")
    mean, square = linear_powers(network, largest=False)
    scale = NORM**2 / network.inputs
    yield Experiment(
        statement("skip.linear.length"),
        network,
        (linear_drawn(network, "zero"),),
        partial(_per_unit, network, "length"),
        partial(mean_from_square, mean * scale, square * scale**2, 0.05 * size.narrowness),
        parameters={"norm": NORM},
        detail=f"zero biases, |x| = {NORM:g}",
        twins=(second_moment_off(8), rank_off_by_one()),
    )


def _plain(size: Size) -> Iterator[Experiment]:
    for network in wide_networks(PLAIN, 3, size):
        yield _of_plain(network, size)


def _of_plain(network: Network, size: Size) -> Experiment:
    limit, remainder, variance = plain_spread(network)
    scale = WIDE_NORM**2 / network.inputs
    return Experiment(
        statement("skip.plain.length"),
        network,
        (wide_drawn(network),),
        partial(_per_unit, network, "length"),
        partial(Mean, limit * scale, variance * scale**2, 0.05 * size.narrowness),
        parameters={"norm": WIDE_NORM},
        detail=f"zero biases, |x| = {WIDE_NORM:g}",
        remainder=lambda: remainder * scale,
        least=1000,
        twins=(
            rewritten(
                "the branch centred",
                lambda right: right.replace(
                    MaximumSkipGrowth, lambda blocks, drift, second: (1 + second) ** blocks
                ),
            ),
            rank_off_by_one(),
        ),
    )


def _normalized(size: Size) -> Iterator[Experiment]:
    for network in wide_networks(NORMALIZED, 2, size):
        yield _of_normalized(network, size)
        if size.deep:
            yield _of_normalized(network.but(bias="gaussian"), size)


def _of_normalized(network: Network, size: Size) -> Experiment:
    beta, _, _ = scales(network)
    n, start = network.inputs, WIDE_NORM**2
    # |x'|^2 = |x|^2 + 2 beta x.N + beta^2 n, and E (x.N)^2 = |P x|^2 n/(n-1).
    lengths = [start + beta**2 * n * block for block in range(len(network.widths))]
    variance = sum(4 * beta**2 * length * n / (n - 1) for length in lengths) / n**2
    mean = (lengths[-1] + beta**2 * n) / n
    return Experiment(
        statement("skip.normalized.length"),
        network,
        (wide_drawn(network),),
        partial(_per_unit, network, "length"),
        partial(Mean, mean, variance, 0.05 * size.narrowness),
        parameters={"norm": WIDE_NORM},
        detail=f"{network.bias} biases, |x| = {WIDE_NORM:g}",
        least=1000,
        twins=(
            scaled(10),
            rewritten("the input forgotten", lambda right: right - start / n),
        ),
    )


def _pre_norm(size: Size) -> Iterator[Experiment]:
    for network in wide_networks(PRE_NORM, 3, size):
        yield _of_pre_norm(network, size)


def _of_pre_norm(network: Network, size: Size) -> Experiment:
    beta, c, variance = scales(network)
    n, start = network.inputs, WIDE_NORM**2
    added = beta**2 * c * variance * (n - 1)
    # A block adds 2 beta Px.h + beta^2 |P h|^2, h = sqrt(c) Xi: martingale differences.
    spread = sum(
        (
            2 * beta * math.sqrt(c * variance * (start + added * block))
            + beta**2 * c * math.sqrt(n * centred_fourth(network.rank))
        )
        ** 2
        for block in range(len(network.widths))
    )
    return Experiment(
        statement("skip.prenorm.length"),
        network,
        (wide_drawn(network),),
        lambda arrays: (arrays["centred"] - arrays["centred/start"]) / n,
        partial(
            Mean,
            added * len(network.widths) / n,
            spread / n**2,
            0.08 * size.narrowness,
            signed=True,
        ),
        detail=f"zero biases, |x| = {WIDE_NORM:g}",
        least=1000,
        twins=(
            scaled(20),
            rewritten(
                "M_K instead of Var Xi_K",
                lambda right: right.replace(
                    lambda e: isinstance(e, LargestNormalMoment) and e.args[1] == 1, lambda e: 0
                ),
            ),
        ),
    )


EXPERIMENTS: dict[str, Builder] = {
    "skip.linear.length": _linear,
    "skip.plain.length": _plain,
    "skip.normalized.length": _normalized,
    "skip.prenorm.length": _pre_norm,
}
