"""Oracles of order statistics of any place: their densities, one and two at a time."""

import math

import numpy as np
from scipy.special import ndtr

from .quadrature import cdf_power, density, panels
from .registry import At, oracle


def placed(r: int, K: int, t: int) -> float:
    """E X_{r:K}^t from the density."""
    z = np.linspace(-15, 15, 6001)
    ways = math.comb(K, r) * r
    values = ways * density(z) * cdf_power(z, r - 1) * cdf_power(-z, K - r)
    return float(np.sum(z**t * values) * (z[1] - z[0]))


def both(r: int, s: int, K: int, t: int = 1) -> float:
    """E (X_{r:K} X_{s:K})^t from their joint density, y above x by panels that begin at x."""
    x, wx = panels(list(np.linspace(-9, 9, 37)), 12)
    up, wu = panels([0, 0.25, 0.75, 1.5, 3, 5, 8, 12], 16)
    y = x[:, None] + up
    between = ndtr(y) - ndtr(x)[:, None]
    ways = math.factorial(K) / (
        math.factorial(r - 1) * math.factorial(s - r - 1) * math.factorial(K - s)
    )
    joint = density(x)[:, None] * density(y)
    joint = joint * ndtr(x)[:, None] ** (r - 1) * between ** (s - r - 1) * ndtr(-y) ** (K - s)
    return ways * float(wx @ ((x[:, None] * y) ** t * joint) @ wu)


@oracle(
    "order.place.moment",
    at=tuple(
        At(K=K, t=t, given={"place": r})
        for K, r in ((3, 3), (5, 2), (7, 6), (12, 9))
        for t in (1, 2, 3)
    ),
)
def moment(at: At) -> float:
    assert at.t is not None
    return placed(int(at["place"]), at.K, at.t)


@oracle(
    "order.place.product",
    at=tuple(
        At(K=K, given={"place": r, "other_place": s})
        for K, r, s in (
            (3, 1, 2), (3, 1, 3), (4, 2, 3), (4, 1, 3), (5, 2, 3), (5, 1, 4), (5, 1, 5), (6, 2, 4),
            (6, 1, 6), (6, 3, 4), (6, 4, 6),
        )
    ),
)  # fmt: skip
def product(at: At) -> float:
    return both(int(at["place"]), int(at["other_place"]), at.K)


@oracle("order.place.neighbours", at=tuple(At(K=K) for K in (3, 5, 12)))
def neighbours(at: At) -> float:
    return both(at.K - 1, at.K, at.K)
