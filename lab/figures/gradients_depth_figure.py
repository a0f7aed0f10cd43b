"""n_0 (dN/dW)^2 over all weights of sampled networks against depth, for several c.

The paper's quantity: squared derivatives of the output by the weights of winning pieces, those of
all layers and networks in one heap; mean and quartiles. At zero bias N is sqrt(c) to the number of
hidden layers times what it is at c = 1, so one draw serves every c exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maxout.lab.exact_gradients import squared_gradients
from maxout.lab.figures.figure_data import Array, Curve, Figure, Panel
from maxout.lab.figures.request import BY_RANK, name_of, variance
from maxout.lab.figures.sampled import CPU, REAL, over_shards
from maxout.theory.network import Network
from maxout.verify.gradients.sampled_gradients import output_gradient
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.streams import Stream

if TYPE_CHECKING:
    from maxout.lab.figures import Request

TAKES = {"networks": 1, "widths": 1, "ranks": 1, "depths": 20, "variances": 8}
WIDTH, RANK, DEPTHS, NETWORKS = 2, 5, tuple(range(2, 11)), 1000
VARIANCES = (0.1, 0.36, BY_RANK, 1.0, 2.0, 12.0)


def figure(request: Request) -> Figure:
    """Draw 1,000 networks of every depth by default; the paper has 7 at each of two inputs."""
    count = request.networks or NETWORKS
    width, rank = (request.widths or (WIDTH,))[0], (request.ranks or (RANK,))[0]
    depths = tuple(sorted(set(request.depths or DEPTHS)))
    shown = request.variances or VARIANCES
    rows: dict[int, list[tuple[float, float, float, float]]] = {i: [] for i in range(len(shown))}
    for done, depth in enumerate(depths):
        network = Network(width, (width,) * depth, 1, rank, 1, "zero")
        hidden, output = squares(network, request.seed, count)
        for i, c in enumerate(shown):
            value = variance(c, rank)
            heap = width * np.concatenate([hidden * value ** (depth - 1), output * value**depth])
            rows[i].append(
                (heap.mean(), *np.quantile(heap, (0.25, 0.75)), exact_mean(network, value))
            )
        request.progress((done + 1) / len(depths))
    across = np.array(depths, dtype=float)
    curves = []
    for i, c in enumerate(shown):
        mean, low, high, exact = np.array(rows[i]).T
        curves += [
            Curve(f"c = {name_of(c)}", "samples", across, mean, low, high, i),
            Curve("", "theory", across, exact, colour=i),
        ]
    return Figure(
        "gradients-depth",
        "Squared gradients by weights: mean (points), quartiles (bands), exact mean (lines)",
        (Panel(f"fully connected, width {width}, K = {rank}", "hidden layers",
               "n_0 (dN/dW)^2", tuple(curves), log_up=True),),
        1,
        (
            f"{count:,} networks of every depth, zero biases, one output, ||x|| = 1",
            "the weights of pieces that do not win are left out: their derivative is zero",
            "one draw of the weights serves every c, which zero biases allow exactly",
        ),
    )  # fmt: skip


def squares(network: Network, seed: int, count: int) -> tuple[Array, Array]:
    """(dN/dW)^2 at c = 1 of winning pieces: of all hidden layers, and of the output layer."""
    sampler = Sampler(network, "zero", norm=1.0)

    def work(stream: Stream, size: int) -> tuple[Array, Array]:
        hidden, output = [], []
        for tile in sampler.tiles(stream, size, CPU, REAL):
            (weights, _), _ = output_gradient(tile.layers, tile.x)
            # By the standard normal behind a weight: over its scale by the weight.
            by_weight = [
                (w.double() / layer.scale).square().numpy().ravel()
                for w, layer in zip(weights, tile.layers, strict=True)
            ]
            hidden += [w[w > 0] for w in by_weight[:-1]]
            output.append(by_weight[-1])
        return np.concatenate(hidden), np.concatenate(output)

    name = f"figure.gradients-depth.{network}"
    parts = over_shards(work, seed, name, count, lambda share: None)
    hidden, output = (np.concatenate(some) for some in zip(*parts, strict=True))
    return hidden, output


def exact_mean(network: Network, c: float) -> float:
    """n_0 times the mean of (dN/dW)^2 over all weights of winning pieces, exactly."""
    total = squared_gradients(network.inputs, network.widths, network.rank).at(c)
    weights = sum(fan_in * units for fan_in, units in network.hidden()) + network.widths[-1]
    return network.inputs * total / weights
