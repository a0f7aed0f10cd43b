"""Normalized activation length against depth: networks, the law, and the mean in closed form."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from maxout.lab.figures.chains import Chain
from maxout.lab.figures.figure_data import Array, Curve, Figure, Panel
from maxout.lab.figures.sampled import lengths, over_shards
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestNormalMoment
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.scales import moment

if TYPE_CHECKING:
    from maxout.lab.figures import Request

RANK, DEPTH, WIDTH, NETWORKS, LAW = 5, 50, 50, 100, 1000


def figure(request: Request) -> Figure:
    """Draw 100 networks by default, and ten times as many chains."""
    count = request.networks or NETWORKS
    largest = moment(LargestNormalMoment, RANK, 2)
    schemes = {"0.5": 0.5, "1/M_K": 1 / largest, "0.6": 0.6, "1": 1.0}
    variances = tuple(schemes.values())
    norm = math.sqrt(WIDTH)
    actual = network_lengths(variances, norm, request, count)
    chain = Chain((RANK,), WIDTH, DEPTH, (variances,))
    law = chain.lengths(request.seed, "figure.activation-length.law", LAW, norm) / WIDTH
    law_mean = law[:, 0].mean(axis=2)
    depths = np.arange(1.0, DEPTH + 1)
    panels = []
    for i, (name, c) in enumerate(schemes.items()):
        panels.append(
            Panel(f"c = {name}", "hidden layers", "||x||^2 / n", (
                Curve(f"{count} networks, quartiles", "samples", depths, actual[i].mean(axis=0),
                      *np.quantile(actual[i], (0.25, 0.75), axis=0)),
                Curve(f"law, mean of {LAW:,}", "theory", depths, law_mean[:, i], colour=2),
                Curve("formula", "theory", depths, formula(RANK, c), colour=1),
            ), log_up=True)
        )  # fmt: skip
    return Figure(
        "activation-length",
        f"Normalized activation length, K = {RANK}, width {WIDTH}",
        tuple(panels),
        2,
        (
            f"{count} networks with gaussian biases, ||x||^2 = n_0; one draw serves every c",
            f"law: {LAW:,} draws of the equality in distribution, independent of the networks",
        ),
    )


def network_lengths(
    variances: tuple[float, ...], norm: float, request: Request, count: int
) -> Array:
    """||x^(l)||^2 / n_l of sampled networks (variances, count, depth)."""
    network = Network(WIDTH, (WIDTH,) * DEPTH, 1, RANK, 1, "gaussian")
    sampler = Sampler(network, "gaussian", norm=norm)
    parts = over_shards(
        lambda stream, size: lengths(sampler, stream, size, variances),
        request.seed, "figure.activation-length", count, request.progress,
    )  # fmt: skip
    return np.concatenate(parts, axis=1) / WIDTH


def formula(rank: int, c: float) -> Array:
    """E A^(l) of every hidden layer: ``length_mean`` at one width, in float64."""
    gain = c * moment(LargestNormalMoment, rank, 2)
    powers = gain ** np.arange(1.0, DEPTH + 1)
    # ||x||^2 = n_0; the biases of layer j add gain^(l-j+1)/n.
    return powers + np.cumsum(powers) / WIDTH
