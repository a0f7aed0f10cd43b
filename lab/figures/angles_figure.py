"""|cos| of the angle between the images of x and u against depth, gaussian biases.

The samples are of the law through the angles, which networks obey exactly in distribution: some
random numbers a layer stand for a network.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from maxout.lab.figures.chains import Chain
from maxout.lab.figures.figure_data import Curve, Figure, Panel
from maxout.theory.order.moments import LargestNormalMoment
from maxout.verify.sampling.scales import moment

if TYPE_CHECKING:
    from maxout.lab.figures import Request

WIDTHS, RANKS, DEPTH, NETWORKS = (2, 10, 100), (2, 3, 4, 5), 100, 100
SMALL, LARGE, COSINE = 0.1, 10.0, 0.1


def figure(request: Request) -> Figure:
    """Draw the paper's 100 networks of every kind by default."""
    count = request.networks or NETWORKS
    names = (f"c = {SMALL:g}", "c = 1/M_K", f"c = {LARGE:g}")
    curves: dict[tuple[int, int], list[Curve]] = {}
    depths = np.arange(1.0, DEPTH + 1)
    moments = [moment(LargestNormalMoment, rank, 2) for rank in RANKS]
    variances = [(SMALL, 1 / largest, LARGE) for largest in moments]
    for done, width in enumerate(WIDTHS):
        chain = Chain(RANKS, width, DEPTH, variances)
        start = (math.sqrt(width), COSINE)
        name = f"figure.angles.{width}"
        samples = np.abs(chain.cosines(request.seed, name, count, *start))
        limit = chain.limit_cosines(moments, *start)
        mean = samples.mean(axis=3)
        low, high = np.quantile(samples, (0.25, 0.75), axis=3)
        for k, rank in enumerate(RANKS):
            for i in range(len(names)):
                curves.setdefault((width, i), []).extend(
                    (
                        Curve(f"K = {rank}", "samples", depths, mean[:, k, i],
                              low[:, k, i], high[:, k, i], k),
                        Curve("", "theory", depths, limit[:, k, i], colour=k),
                    )
                )  # fmt: skip
        request.progress((done + 1) / len(WIDTHS))
    return Figure(
        "angles",
        "|cos| between the images of x and u: mean (points), quartiles (bands), wide limit (lines)",
        tuple(
            Panel(
                f"width {width}, {name}",
                "hidden layers",
                "|cos|",
                tuple(curves[width, i]),
                ends=(-0.03, 1.03),
            )
            for width in WIDTHS
            for i, name in enumerate(names)
        ),
        len(names),
        (
            f"{count} networks of every kind by the law through the angles; gaussian biases, "
            f"||x||^2 = n_0 = width, starting at cos = {COSINE:g}",
            "the same draws serve the three values of c",
        ),
    )
