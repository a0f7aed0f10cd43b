"""Oracles of regions in the whole space: simplices by Schlaefli's equation, plain sums."""

import math
from fractions import Fraction as F
from functools import cache

import numpy as np
from scipy.special import ndtr

from .quadrature import of_normal, panels
from .registry import At, bounded, oracle


@cache
def cone(m: int, rho: float) -> float:
    """All of m normals of correlation rho < 0 positive, integrated from independent ones."""
    if m < 2:
        return 0.5**m
    # The integrand has a root's singularity at -1/(m-1): panels shrink towards rho.
    edges = [rho * (1 - 4.0**-i) for i in range(18)] + [rho]
    r, w = panels(edges, 12)
    inner = np.array([cone(m - 2, x / (1 + 2 * x)) for x in r])
    slope = m * (m - 1) / (4 * np.pi * np.sqrt(1 - r**2)) * inner
    return 0.5**m + float(np.sum(w * slope))


@cache
def faces(K: int) -> tuple[float, ...]:
    """K C(K-1, g) times internal and external angles of a regular simplex, by g."""
    found = []
    for g in range(K):
        inside = cone(g, -1 / g) if g else 1.0
        rest = K - 1 - g
        outside = of_normal(lambda z, m=rest: ndtr(z) ** m, math.sqrt(1 / (g + 1)))
        found.append(K * math.comb(K - 1, g) * inside * outside)
    return tuple(found)


def coefficients(K: int, units: int) -> list[float]:
    """Those of A_K(y)^units, by one multiplication after another."""
    power = [1.0]
    for _ in range(units):
        power = list(np.convolve(power, faces(K)))
    return power


def affine(K: int, units: int, d: int) -> float:
    return sum(coefficients(K, units)[: d + 1])


def linear(K: int, units: int, d: int) -> float:
    if units * (K - 1) < d:
        return float(K**units)
    power = coefficients(K, units)
    return 2 * sum(power[j] for j in range(d - 1, -1, -2))


ONE = ((2, 4, 3), (3, 3, 2), (3, 2, 2), (5, 6, 2), (1, 7, 3), (4, 2, 2))
DEEP = ((2, 4, 3, 2), (4, 3, 6, 5, 2), (3, 2, 7, 2))


def at(shapes: tuple[tuple[int, ...], ...], bias: str) -> tuple[At, ...]:
    return tuple(At(shape, K, F(3, 5), bias) for shape in shapes for K in (2, 3, 5))


@oracle("regions.whole.layer.gaussian", at=at(ONE, "gaussian"))
def layer_gaussian(at: At) -> float:
    return affine(at.K, at.n[1], at.n[0])


@oracle("regions.whole.layer.zero", at=at(ONE, "zero"))
def layer_zero(at: At) -> float:
    return linear(at.K, at.n[1], at.n[0])


def seen(at: At, layer: int) -> int:
    return min(at.n[:layer])


@oracle("regions.whole.upper.gaussian", at=at(DEEP, "gaussian"))
def upper_gaussian(at: At) -> float:
    return math.prod(affine(at.K, at.n[i], seen(at, i)) for i in range(1, at.L))


@oracle("regions.whole.upper.zero", at=at(DEEP, "zero"))
def upper_zero(at: At) -> float:
    return math.prod(linear(at.K, at.n[i], seen(at, i)) for i in range(1, at.L))


@oracle("regions.whole.maximum", at=at(DEEP, "any"))
def maximum(at: At) -> float:
    """Ways to leave the first piece in at most d units of a layer."""
    found = 1
    for i in range(1, at.L):
        ways = (math.comb(at.n[i], j) * (at.K - 1) ** j for j in range(seen(at, i) + 1))
        found *= sum(ways)
    return float(found)


@bounded("regions.whole.upper.zero", at=(At((1, 4, 3, 2), 3, F(3, 5)),))
def rays(at: At) -> float:
    """On a line without biases: the two sides of the origin, whatever the depth."""
    return 2.0


@bounded("regions.whole.upper.gaussian", at=(At((1, 1, 1, 2), 2, F(3, 5), "gaussian"),))
@bounded("regions.whole.maximum", at=(At((1, 1, 1, 2), 2, F(3, 5), "any"),))
def bends(at: At) -> float:
    """A unit of two lines, and another one behind it: three regions on average.

    The first unit's lines cross once. The second switches where the first is some t. If both slopes
    have one sign, that is at one place; if they have two, which is as likely, at two places or
    none, as t lies above or below the corner: t and its height are symmetric and independent.
    """
    return 1 + 1 + (1 / 2 * 1 + 1 / 2 * (1 / 2 * 2))
