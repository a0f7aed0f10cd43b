"""Mean squared slope of one unit of layer 10 along the image of u, over inputs.

The paper's quantity: n <W, u>^2, W the winning weights of a unit of layer 10 and u the image of a
direction in layer 9, made a unit vector again. Given what lies below its mean is c (1 + (M_K - 1)
cos^2), cos that of the augmented vectors: it depends on the input. The law through the angles draws
cos^2.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch

from maxout.lab.figures.chains import Chain
from maxout.lab.figures.figure_data import Array, Curve, Figure, Panel
from maxout.lab.figures.request import name_of, variance
from maxout.lab.figures.sampled import CPU, REAL, hidden_layers, over_shards, push
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestNormalMoment
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.scales import moment
from maxout.verify.sampling.streams import INPUTS, Stream

if TYPE_CHECKING:
    from maxout.lab.figures import Request

TAKES = {"networks": 1, "widths": 1, "ranks": 1, "depths": 1, "variances": 1}
RANK, DEPTH, WIDTH, INPUTS_DRAWN, NETWORKS, BINS = 5, 10, 20, 200, 500, 30
LAW = 1000
"""Draws of the law for every input."""


def figure(request: Request) -> Figure:
    """Draw 200 inputs and 500 networks by default, as the paper; one draw serves all inputs."""
    count = request.networks or NETWORKS
    width, rank = (request.widths or (WIDTH,))[0], (request.ranks or (RANK,))[0]
    depth, given = (request.depths or (DEPTH,))[0], (request.variances or (1.0,))[0]
    c = variance(given, rank)
    x, u = inputs(request.seed, width)
    network = Network(width, (*(width,) * (depth - 1), 1), 1, rank, c, "gaussian")
    mean, error = slopes(network, x, u, request, count)
    expected = by_law(network, x, u, request.seed)
    both = np.concatenate((mean, expected))
    edges = np.linspace(both.min(), both.max(), BINS + 1)
    order = np.argsort(expected)
    across = "n <W, u>^2"
    return Figure(
        "gradient-histogram",
        f"Mean squared slope of a unit: K = {rank}, layer {depth}, width {width}, "
        f"c = {name_of(given)}",
        (
            Panel("histogram over inputs", across, "inputs", (
                Curve(f"mean of {count} networks", "bars", edges, _counts(mean, edges)),
                Curve("law", "bars", edges, _counts(expected, edges), colour=1),
            )),
            Panel("input by input", f"law's {across}", across, (
                Curve(f"mean of {count} networks, +- standard error", "samples", expected[order],
                      mean[order], mean[order] - error[order], mean[order] + error[order]),
                Curve("law", "theory", expected[order], expected[order], colour=1),
            )),
        ),
        2,
        (
            f"{INPUTS_DRAWN} inputs x of iid N(0, 1) entries, u one of the axes; "
            f"{count} networks, gaussian biases",
            f"law: c (1 + (M_K - 1) cos^2), mean of {LAW:,} draws of cos^2 for each input; mean "
            f"over inputs {expected.mean():.4g}, of the networks {mean.mean():.4g}",
            "every network serves all inputs, so the errors of their means go together",
        ),
    )  # fmt: skip


def inputs(seed: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw inputs (200, n_0), and one of the axes."""
    generator = Stream(seed, "figure.gradient-histogram.inputs", 0).generator(0, INPUTS)
    u = torch.zeros(width, dtype=torch.float64)
    u[generator.seed() % width] = 1
    return torch.from_numpy(generator.standard_normal((INPUTS_DRAWN, width))), u


def slopes(
    network: Network, x: torch.Tensor, u: torch.Tensor, request: Request, count: int
) -> tuple[Array, Array]:
    """Return means over networks at every input, and their standard errors."""
    sampler = Sampler(network, "gaussian")
    fan_in = network.inputs  # as wide as every layer

    def work(stream: Stream, size: int) -> tuple[Array, Array]:
        total, square = np.zeros(len(x)), np.zeros(len(x))
        for tile in sampler.tiles(stream, size, CPU, REAL):
            many = x.to(REAL).expand(len(tile.x), *x.shape)
            _, found = push(partial(hidden_layers, tile.layers), many, u.to(REAL).expand_as(many))
            below = found[-2] if len(found) > 1 else u.to(REAL).expand_as(many)
            slope = fan_in * found[-1].double().square().squeeze(-1)
            some = (slope / below.double().square().sum(-1)).numpy()
            total, square = total + some.sum(axis=0), square + (some**2).sum(axis=0)
        return total, square

    parts = over_shards(work, request.seed, "figure.gradient-histogram", count, request.progress)
    mean, square = (np.sum(sums, axis=0) / count for sums in zip(*parts, strict=True))
    return mean, np.sqrt(np.maximum(square - mean**2, 0) / (count - 1))


def by_law(network: Network, x: torch.Tensor, u: torch.Tensor, seed: int) -> Array:
    """The same means by the law through the angles, with draws of its own."""
    rank, c, below = network.rank, float(network.c), len(network.widths) - 1
    norms = x.norm(dim=1).numpy()
    starts = norms, (x @ u).numpy() / norms
    if below:
        chain = Chain((rank,), network.inputs, below, [(c,)])
        norm, cosine = (np.repeat(start, LAW)[None] for start in starts)
        name = "figure.gradient-histogram.law"
        cosines = chain.cosines(seed, name, norm.size, norm, cosine, augmented=True)[-1, 0, 0]
        square = (cosines**2).reshape(len(norms), LAW).mean(axis=1)
    else:
        square = starts[1] ** 2 * norms**2 / (norms**2 + 1)
    return c * (1 + (moment(LargestNormalMoment, rank, 2) - 1) * square)


def _counts(values: Array, edges: Array) -> Array:
    return np.histogram(values, edges)[0].astype(float)
