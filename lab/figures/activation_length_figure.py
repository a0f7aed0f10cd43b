"""Normalized activation length against depth: networks, the law, and the mean in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maxout.lab.figures.chains import Chain
from maxout.lab.figures.figure_data import Array, Curve, Figure, Panel
from maxout.lab.figures.request import BY_RANK, name_of, variance
from maxout.lab.figures.sampled import lengths, over_shards
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestNormalMoment
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.scales import moment

if TYPE_CHECKING:
    from maxout.lab.figures import Request

TAKES = {"networks": 1, "widths": 1, "ranks": 1, "depths": 1, "variances": 4}
RANK, DEPTH, WIDTH, NETWORKS, LAW = 5, 40, 10, 1000, 1000


def figure(request: Request) -> Figure:
    """Draw 1,000 networks by default, as the paper, and as many chains; ||x|| = 1."""
    return drawn(request, "activation-length", WIDTH, DEPTH, 1.0, (BY_RANK,), NETWORKS)


def drawn(
    request: Request,
    name: str,
    width: int,
    depth: int,
    norm: float,
    variances: tuple[float | str, ...],
    networks: int,
) -> Figure:
    """The panels, one a value of c; what the request leaves open is given."""
    count, rank = request.networks or networks, (request.ranks or (RANK,))[0]
    width, depth = (request.widths or (width,))[0], (request.depths or (depth,))[0]
    shown = request.variances or variances
    values = tuple(variance(c, rank) for c in shown)
    network = Network(width, (width,) * depth, 1, rank, 1, "gaussian")
    actual = network_lengths(network, values, norm, request, count, name)
    chain = Chain((rank,), width, depth, (values,))
    law = chain.lengths(request.seed, f"figure.{name}.law", LAW, norm)[:, 0] / width
    depths = np.arange(1.0, depth + 1)
    panels = []
    for i, (c, value) in enumerate(zip(shown, values, strict=True)):
        panels.append(
            Panel(f"c = {name_of(c)}", "hidden layers", "||x||^2 / n", (
                Curve(f"{count:,} networks, quartiles", "samples", depths, actual[i].mean(axis=0),
                      *np.quantile(actual[i], (0.25, 0.75), axis=0)),
                Curve(f"law, mean of {LAW:,}", "theory", depths, law[:, i].mean(axis=1), colour=2),
                Curve("formula", "theory", depths, formula(network, value, norm), colour=1),
            ), log_up=len(shown) > 1)
        )  # fmt: skip
    return Figure(
        name,
        f"Normalized activation length, K = {rank}, width {width}",
        tuple(panels),
        min(2, len(panels)),
        (
            f"{count:,} networks with gaussian biases, ||x||^2 = {norm**2:g}, as many inputs as "
            "units" + "; one draw serves every c" * (len(shown) > 1),
            f"law: {LAW:,} draws of the equality in distribution, independent of the networks",
        ),
    )


def network_lengths(
    network: Network,
    variances: tuple[float, ...],
    norm: float,
    request: Request,
    count: int,
    name: str,
) -> Array:
    """||x^(l)||^2 / n_l of sampled networks (variances, count, depth)."""
    sampler = Sampler(network, "gaussian", norm=norm)
    parts = over_shards(
        lambda stream, size: lengths(sampler, stream, size, variances),
        request.seed, f"figure.{name}", count, request.progress,
    )  # fmt: skip
    return np.concatenate(parts, axis=1) / np.array(network.widths)


def formula(network: Network, c: float, norm: float) -> Array:
    """E A^(l) of every hidden layer: ``length_mean`` at one width, in float64."""
    gain = c * moment(LargestNormalMoment, network.rank, 2)
    powers = gain ** np.arange(1.0, len(network.widths) + 1)
    # The biases of layer j add gain^(l-j+1)/n.
    return (norm**2 * powers + np.cumsum(powers)) / network.inputs
