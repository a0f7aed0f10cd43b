"""E||J(x)u||^2 over a plane of inputs: maxout of several depths, and ReLU; sampled and exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from maxout.lab.figures.exact_means import mean_gains
from maxout.lab.figures.figure_data import Array, Figure, Image, Panel
from maxout.lab.figures.request import name_of, variance
from maxout.lab.figures.sampled import gains, over_shards
from maxout.theory.network import Network
from maxout.verify.sampling.networks import Sampler

if TYPE_CHECKING:
    from maxout.lab.figures import Request

TAKES = {"networks": 1, "ranks": 1, "depths": 5, "variances": 1}
RANK, WIDTH, DEPTHS, RELU_DEPTH, REACH = 5, 2, (2, 4, 6, 11), 6, 1000.0
NETWORKS, SIDE = 1000, 41
DIRECTION = (1.0, 0.0)


def figure(request: Request) -> Figure:
    """Average over 1,000 networks by default; every network serves all inputs. The paper has 100 a
    point."""
    count = request.networks or NETWORKS
    axis = np.linspace(-REACH, REACH, SIDE)
    x = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    rank, given = (request.ranks or (RANK,))[0], (request.variances or (2.0,))[0]
    c = variance(given, rank)
    kinds = [
        (f"maxout, depth {depth}", maxout(depth, rank, c), False)
        for depth in request.depths or DEPTHS
    ]
    kinds.append((f"ReLU, depth {RELU_DEPTH}", relu(), True))
    above: list[Panel] = []
    below: list[Panel] = []
    for done, (name, network, is_relu) in enumerate(kinds):
        sampled = sampled_means(network, x, request.seed, count, is_relu)
        exact = exact_means(network, x, is_relu)
        # Sampled maps of heavy tails scatter: the exact one and the bulk of the samples are shown.
        low, high = np.quantile(sampled, (0.02, 0.98))
        limits = (float(min(low, exact.min())), float(max(high, exact.max())))
        for row, values, what in ((above, sampled, "sampled"), (below, exact, "exact")):
            image = Image(axis, axis, values.reshape(SIDE, SIDE), limits)
            row.append(Panel(f"{name}: {what}", "x_1", "x_2", image=image))
        request.progress((done + 1) / len(kinds))
    return Figure(
        "gradient-plane",
        "E ||Ju||^2 over the plane of inputs, u along x_1: mean of networks, and exact",
        (*above, *below),
        len(kinds),
        (
            f"{count:,} networks of width {WIDTH}, gaussian biases, two outputs, rank {rank} with "
            f"c = {name_of(given)}; ReLU with c = 2; {SIDE} x {SIDE} inputs",
            "every network serves all inputs, so that one of them may mark a whole map",
            "depth counts the linear output layer; ReLU exactly: (n_L/n_0)(c/2)^(L-1)",
        ),
    )


def maxout(depth: int, rank: int, c: float) -> Network:
    """The maxout network of L layers."""
    return Network(2, (WIDTH,) * (depth - 1), 2, rank, c, "gaussian")


def relu() -> Network:
    """The ReLU network's linear parts: He's c, and one piece a unit."""
    return Network(2, (WIDTH,) * (RELU_DEPTH - 1), 2, 1, 2, "gaussian")


def sampled_means(network: Network, x: Array, seed: int, count: int, is_relu: bool) -> Array:
    """Means over networks at every input."""
    direction, inputs = torch.tensor(DIRECTION), torch.from_numpy(x)
    sampler = Sampler(network, "gaussian")
    parts = over_shards(
        lambda stream, size: gains(sampler, stream, size, inputs, direction, is_relu).sum(axis=0),
        seed, f"figure.gradient-plane.{network.depth}.{network.rank}", count, lambda share: None,
    )  # fmt: skip
    total: Array = np.sum(parts, axis=0)
    return total / count


def exact_means(network: Network, x: Array, is_relu: bool) -> Array:
    """Exact means at every input."""
    if is_relu:
        # A unit is on with probability 1/2 whatever the input; c/2 a layer.
        gain = network.outputs / network.inputs * (float(network.c) / 2) ** (network.depth - 1)
        return np.full(len(x), gain)
    norms = np.hypot(*x.T)
    along = x @ np.array(DIRECTION)
    cosines = np.divide(along, norms, out=np.zeros_like(norms), where=norms > 0)
    return mean_gains(network, norms, cosines)
