"""M_K = E[Xi_K^2] and c = 1/M_K for K = 2..100: certified values over sampled ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from maxout.lab.figures.figure_data import Array, Curve, Figure, Panel
from maxout.numerics.order.order_moments import table
from maxout.verify.sampling.streams import UNITS, Stream

if TYPE_CHECKING:
    from maxout.lab.figures import Request

TAKES = {"networks": 1}
RANKS = range(2, 101)
SAMPLES = 10_000
_Z = 1.959963984540054  # of a 95 % confidence interval


def figure(request: Request) -> Figure:
    """Sample 10,000 maxima of every rank by default (the option of networks says how many)."""
    count = request.networks or SAMPLES
    ranks = np.array(RANKS, dtype=float)
    certified = np.array([float(ball) for ball in table(RANKS, 2, "largest", 17)])
    request.progress(0.5)
    mean, error = sampled_moments(RANKS, request.seed, count)
    request.progress(1.0)
    spread = _Z * error
    low, high = mean - spread, mean + spread
    c, c_spread = 1 / mean, spread / mean**2
    return Figure(
        "second-moments",
        "Second moments of the largest of K normals",
        (
            Panel("M_K", "rank K", "M_K = E max(Z_1, ..., Z_K)^2", (
                Curve("sampled, 95 % intervals", "samples", ranks, mean, low, high),
                Curve("certified", "theory", ranks, certified, colour=1),
            )),
            Panel("c = 1/M_K", "rank K", "c", (
                Curve("sampled, 95 % intervals", "samples", ranks, c, c - c_spread, c + c_spread),
                Curve("certified", "theory", ranks, 1 / certified, colour=1),
            )),
        ),
        2,
        (
            f"{count:,} maxima of every rank, each from one uniform: the largest of K has "
            "distribution function Phi^K",
            "certified to 17 digits in ball arithmetic",
        ),
    )  # fmt: skip


def sampled_moments(ranks: Sequence[int], seed: int, count: int) -> tuple[Array, Array]:
    """Return means of Xi_K^2 and their standard errors, for each rank."""
    means, errors = [], []
    for rank in ranks:
        uniform = Stream(seed, "figure.second-moments", 0).generator(rank, UNITS).random(count)
        squares = ndtri(uniform ** (1 / rank)) ** 2
        means.append(squares.mean())
        errors.append(squares.std(ddof=1) / np.sqrt(count))
    return np.array(means), np.array(errors)
