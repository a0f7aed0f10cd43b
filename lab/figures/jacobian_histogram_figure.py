"""E||J(x)u||^2 over inputs as a histogram: sampled networks, and exactly."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from maxout.lab.figures.exact_means import mean_gains
from maxout.lab.figures.figure_data import Array, Curve, Figure, Panel
from maxout.lab.figures.sampled import gains, over_shards
from maxout.theory.network import Network
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.streams import INPUTS, Stream

if TYPE_CHECKING:
    from maxout.lab.figures import Request

TAKES = {"networks": 1}
RANK, DEPTH, WIDTH, INPUTS_DRAWN, NETWORKS, BINS = 5, 10, 20, 200, 500, 25


def figure(request: Request) -> Figure:
    """Draw 200 inputs and 500 networks by default, as the paper; one draw serves all inputs."""
    count = request.networks or NETWORKS
    network = Network(WIDTH, (WIDTH,) * (DEPTH - 1), 1, RANK, bias="gaussian")
    x, u = inputs(request.seed, INPUTS_DRAWN)
    mean, error = sampled_means(network, x, u, request, count)
    exact = exact_means(network, x, u)
    both = np.concatenate((mean, exact))
    edges = np.linspace(both.min(), both.max(), BINS + 1)
    order = np.argsort(exact)
    return Figure(
        "jacobian-histogram",
        f"E ||Ju||^2 over inputs: K = {RANK}, depth {DEPTH}, width {WIDTH}, c = 1/M_K",
        (
            Panel("histogram over inputs", "E ||Ju||^2", "inputs", (
                Curve(f"mean of {count} networks", "bars", edges, _counts(mean, edges)),
                Curve("exact", "bars", edges, _counts(exact, edges), colour=1),
            )),
            Panel("input by input", "exact E ||Ju||^2", "E ||Ju||^2", (
                Curve(f"mean of {count} networks, +- standard error", "samples", exact[order],
                      mean[order], mean[order] - error[order], mean[order] + error[order]),
                Curve("exact", "theory", exact[order], exact[order], colour=1),
            )),
        ),
        2,
        (
            f"{INPUTS_DRAWN} inputs x of iid N(0, 1) entries and one unit direction u; "
            f"{count} networks, gaussian biases, one output",
            "every network serves all inputs, so the errors of their means go together",
        ),
    )  # fmt: skip


def inputs(seed: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw inputs (count, n_0) and a unit direction."""
    generator = Stream(seed, "figure.jacobian-histogram.inputs", 0).generator(0, INPUTS)
    u = generator.standard_normal(WIDTH)
    x = generator.standard_normal((count, WIDTH))
    return torch.from_numpy(x), torch.from_numpy(u / math.sqrt(u @ u))


def sampled_means(
    network: Network, x: torch.Tensor, u: torch.Tensor, request: Request, count: int
) -> tuple[Array, Array]:
    """Return means over networks at every input, and their standard errors."""
    sampler = Sampler(network, "gaussian")

    def work(stream: Stream, size: int) -> tuple[Array, Array]:
        some = gains(sampler, stream, size, x, u)
        return some.sum(axis=0), (some**2).sum(axis=0)

    parts = over_shards(work, request.seed, "figure.jacobian-histogram", count, request.progress)
    mean, square = (np.sum(sums, axis=0) / count for sums in zip(*parts, strict=True))
    # Where all samples are nearly alike, rounding may take a variance below 0.
    return mean, np.sqrt(np.maximum(square - mean**2, 0) / (count - 1))


def exact_means(network: Network, x: torch.Tensor, u: torch.Tensor) -> Array:
    """Return the exact means at every input."""
    norms = x.norm(dim=1).numpy()
    return mean_gains(network, norms, (x @ u).numpy() / norms)


def _counts(values: Array, edges: Array) -> Array:
    return np.histogram(values, edges)[0].astype(float)
