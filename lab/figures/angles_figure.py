"""|cos| of the angle between the augmented images (x, 1) and (u, 0) against depth.

Gaussian biases; x and u start with N(0, 1) entries. The samples are of the law through the angles,
which networks obey exactly in distribution: some random numbers a layer stand for a network.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from maxout.lab.figures.chains import Chain
from maxout.lab.figures.figure_data import Array, Curve, Figure, Panel
from maxout.lab.figures.request import BY_RANK, name_of, variance
from maxout.theory.order.moments import LargestNormalMoment
from maxout.verify.sampling.scales import moment
from maxout.verify.sampling.streams import INPUTS, Stream

if TYPE_CHECKING:
    from maxout.lab.figures import Request

TAKES = {"networks": 1, "widths": 4, "ranks": 8, "depths": 1, "variances": 4}
WIDTHS, RANKS, DEPTH, NETWORKS = (2, 10, 100), (2, 3, 4, 5), 100, 100
VARIANCES = (0.3, BY_RANK, 10.0)
COSINE = 0.1


def figure(request: Request) -> Figure:
    """Draw the paper's 100 networks of every kind by default."""
    return drawn(
        request, VARIANCES, True, "angles",
        "|cos| between (x, 1) and (u, 0): mean (points), quartiles (bands), wide limit (lines)",
        "x and u start with N(0, 1) entries, drawn once for a width and a rank",
    )  # fmt: skip


def drawn(
    request: Request,
    variances: tuple[float | str, ...],
    augmented: bool,
    name: str,
    title: str,
    fact: str,
) -> Figure:
    """The panels, a row a width and a column a value of c."""
    count, depth = request.networks or NETWORKS, (request.depths or (DEPTH,))[0]
    widths, ranks = request.widths or WIDTHS, request.ranks or RANKS
    shown = request.variances or variances
    moments = [moment(LargestNormalMoment, rank, 2) for rank in ranks]
    panels = []
    for done, width in enumerate(widths):
        chain = Chain(ranks, width, depth, [[variance(c, rank) for c in shown] for rank in ranks])
        starts = [
            random_start(request.seed, width, rank) if augmented else (math.sqrt(width), COSINE)
            for rank in ranks
        ]
        norm, cosine = (np.array(values)[:, None] for values in zip(*starts, strict=True))
        stream = f"figure.{name}.{width}"
        samples = np.abs(chain.cosines(request.seed, stream, count, norm, cosine, augmented))
        limit = np.abs(chain.limit_cosines(moments, norm, cosine, augmented))
        panels += [
            Panel(
                f"width {width}, c = {name_of(c)}",
                "hidden layers",
                "|cos|",
                (*_curves(ranks, samples[:, :, i], limit[:, :, i]), _floor(width, depth)),
                ends=(-0.03, 1.03),
            )
            for i, c in enumerate(shown)
        ]
        request.progress((done + 1) / len(widths))
    return Figure(
        name,
        title,
        tuple(panels),
        len(shown),
        (
            f"{count} networks of every kind by the law through the angles; gaussian biases, as "
            "many inputs as units",
            fact,
            "the same draws serve all values of c",
        ),
    )


def _floor(width: int, depth: int) -> Curve:
    """E |cos| of two random directions, which the limit of large width has at 0."""
    chance = math.exp(math.lgamma(width / 2) - math.lgamma((width + 1) / 2)) / math.sqrt(math.pi)
    ends = np.array([1.0, depth])
    return Curve("two random directions", "floor", ends, np.full(2, chance), colour=6)


def random_start(seed: int, width: int, rank: int) -> tuple[float, float]:
    """||x|| and the cosine between x and u, both of N(0, 1) entries."""
    generator = Stream(seed, f"figure.angles.start.{width}", 0).generator(rank, INPUTS)
    x, u = generator.standard_normal((2, width))
    norm = math.sqrt(x @ x)
    return norm, float(x @ u) / (norm * math.sqrt(u @ u))


def _curves(ranks: tuple[int, ...], samples: Array, limit: Array) -> tuple[Curve, ...]:
    """Of samples (depth, ranks, count) and limits (depth, ranks)."""
    depths = np.arange(1.0, len(samples) + 1)
    mean = samples.mean(axis=2)
    low, high = np.quantile(samples, (0.25, 0.75), axis=2)
    found = []
    for k, rank in enumerate(ranks):
        found += [
            Curve(f"K = {rank}", "samples", depths, mean[:, k], low[:, k], high[:, k], k),
            Curve("", "theory", depths, limit[:, k], colour=k),
        ]
    return tuple(found)
