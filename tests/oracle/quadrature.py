"""The definitions as integrals: largest and smallest of K normals, radii, pairs of normals.

Trapezoids on the whole line and Gauss-Legendre panels elsewhere, in float64; they converge
geometrically for these analytic integrands; ``test_quadrature.py``
holds them against closed values.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev
from scipy.special import erf, erfc, log_ndtr, ndtr

Array = np.ndarray[Any, Any]

LINE = 15.0  # beyond it a normal has probability 1e-50
STEP = 1 / 128


def panels(edges: list[float], nodes: int) -> tuple[Array, Array]:
    """Gauss-Legendre nodes and weights on the intervals between ``edges``."""
    x, w = np.polynomial.legendre.leggauss(nodes)
    a, b = np.array(edges[:-1])[:, None], np.array(edges[1:])[:, None]
    return ((a + b + (b - a) * x) / 2).ravel(), ((b - a) * w / 2).ravel()


def density(z: Array) -> Array:
    return np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


def cdf_power(z: Array, power: int) -> Array:
    """Phi(z)^power, also where Phi is within rounding of 1."""
    upper = np.log1p(-ndtr(-np.abs(z)))
    return np.exp(power * np.where(z > 0, upper, log_ndtr(z)))


@cache
def _line() -> tuple[Array, Array]:
    z = np.arange(-LINE, LINE + STEP, STEP)
    return z, np.full_like(z, STEP)


@cache
def _half_line() -> tuple[Array, Array]:
    return panels([0, 0.02, 0.1, 0.3, *np.arange(0.6, LINE, 0.4)], 24)


@cache
def largest(K: int, t: int) -> float:
    """E Xi_K^t from the density of the largest of K normals."""
    z, w = _line()
    return float(np.sum(w * z**t * K * density(z) * cdf_power(z, K - 1)))


@cache
def chi2_largest(K: int, t: int) -> float:
    """E (max of K chi^2_1)^t: the largest of K half-normals, to the power 2t."""
    z, w = _half_line()
    return float(np.sum(w * z ** (2 * t) * 2 * K * density(z) * erf(z / math.sqrt(2)) ** (K - 1)))


@cache
def chi2_smallest(K: int, t: int) -> float:
    """E (min of K chi^2_1)^t."""
    z, w = _half_line()
    return float(np.sum(w * z ** (2 * t) * 2 * K * density(z) * erfc(z / math.sqrt(2)) ** (K - 1)))


def M(K: int) -> float:
    return largest(K, 2)


def of_normal(f: Any, scale: float = 1.0) -> float:
    """E f(scale Z) for Z ~ N(0,1) and f analytic on the line."""
    z, w = _line()
    return float(np.sum(w * density(z) * f(scale * z)))


def of_half_normal(f: Any, scale: float = 1.0) -> float:
    """E f(scale |Z|) for Z ~ N(0,1)."""
    z, w = _half_line()
    return float(np.sum(w * 2 * density(z) * f(scale * z)))


def normal_moment(t: int) -> float:
    """E Z^t."""
    return of_normal(lambda z: z**t)


NORMAL, LARGEST, SMALLEST = "the largest of K normals", "of K half-normals", "the smallest of them"


def _one(K: int, kind: str, v: Array) -> Array:
    """k_1 of ``_radial``: half the density of |a coordinate|, without e^{-v^2/2}."""
    shares = {
        NORMAL: lambda: (ndtr(v) ** (K - 1) + ndtr(-v) ** (K - 1)) / 2,
        LARGEST: lambda: erf(v / math.sqrt(2)) ** (K - 1),
        SMALLEST: lambda: erfc(v / math.sqrt(2)) ** (K - 1),
    }
    return K / math.sqrt(2 * math.pi) * shares[kind]()


@cache
def _radial(K: int, m: int, kind: str = NORMAL) -> Array:
    """Chebyshev coefficients on [0, LINE] of k_m, e^{-r^2/2} k_m(r) 2 r^{m-1} the density of r.

    r is the length of m independent coordinates, each Xi_K, or the largest or smallest of K
    half-normals; adding one is an integral over the angle between them.
    """

    def one(v: Array) -> Array:
        return _one(K, kind, v)

    if m == 1:
        values = one
    else:
        before = _radial(K, m - 1, kind)
        angle, weight = panels([i * math.pi / 8 for i in range(5)], 40)

        def values(v: Array) -> Array:
            v = np.asarray(v)[:, None]
            across = chebyshev.chebval(v * np.cos(angle) * 2 / LINE - 1, before)
            integrand = np.cos(angle) ** (m - 2) * across * one(v * np.sin(angle))
            return 2 * integrand @ weight

    return chebyshev.chebinterpolate(lambda x: values((x + 1) * LINE / 2), 160)


def radius_density(K: int, m: int, r: Array, kind: str = NORMAL) -> Array:
    """Density of the length r of m independent coordinates; chi_m at K = 1."""
    k = chebyshev.chebval(r * 2 / LINE - 1, _radial(K, m, kind))
    return 2 * r ** (m - 1) * np.exp(-(r**2) / 2) * k


@cache
def radius(K: int, m: int, nodes: int = 0, kind: str = NORMAL) -> tuple[Array, Array]:
    """Nodes and weights of the mean over r; ``nodes`` for few, on one interval, where r > 0 only.

    m = 0 is r = 0. With ``nodes`` = 0 panels that narrow towards 0, for logarithms and inverses.
    """
    if m == 0:
        return np.zeros(1), np.ones(1)
    if nodes:
        grid = np.linspace(0, LINE, 3001)
        (there,) = np.nonzero(radius_density(K, m, grid, kind) > 1e-17)
        edges = [float(grid[max(0, there[0] - 1)]), float(grid[there[-1]])]
    else:
        edges = [0, 1e-8, 1e-6, 1e-4, 1e-3, 1e-2, 0.05, 0.2, *np.arange(0.5, LINE, 0.5)]
    r, w = panels(edges, nodes or 24)
    return r, w * radius_density(K, m, r, kind)


def of_radius(K: int, m: int, f: Any, kind: str = NORMAL) -> float:
    """E f(r)."""
    r, w = radius(K, m, kind=kind)
    return float(np.sum(w * f(r)))


@cache
def radius_moment(K: int, m: int, t: int) -> float:
    """E r^{2t}; at K = 1 that of chi^2_m."""
    return of_radius(K, m, lambda r: r ** (2 * t))


def crossing_rate(K: int) -> float:
    """Expected changes of the winner among K planes' heights, a radian of the input's turn.

    Two of K gaussian functions of the angle cross 1/pi times a radian; at a crossing of height h
    their mean is N(0, 1/2), and the change counts where the others are below it.
    """
    if K == 1:
        return 0.0
    below = of_normal(lambda h: cdf_power(h, K - 2), math.sqrt(0.5))
    return math.comb(K, 2) / math.pi * below


@cache
def _pair_grid(rho: float) -> tuple[Array, Array, Array, Array, float]:
    """Grid of pairs (x, y), joint and marginal distribution, joint density, area of a cell."""
    step = 1 / 10
    line = np.arange(-9, 9 + step, step)
    x, y = line[:, None], line[None, :]
    turn, weight = panels([0.0, math.asin(rho) / 2, math.asin(rho)], 32)
    marginal = ndtr(x) * ndtr(y)
    joint = marginal.copy()
    for a, w in zip(turn, weight, strict=True):  # Plackett: the derivative by rho is the density
        exponent = (x**2 + y**2 - 2 * x * y * math.sin(a)) / (2 * math.cos(a) ** 2)
        joint += w * np.exp(-exponent) / (2 * math.pi)
    rest = 1 - rho**2
    both = np.exp(-(x**2 + y**2 - 2 * rho * x * y) / (2 * rest)) / (2 * math.pi * math.sqrt(rest))
    return np.maximum(joint, 0), marginal, both, line, step**2


def kappa(K: int, rho: float) -> float:
    """E[max X max Y] by Hoeffding's formula for the covariance, from distribution functions."""
    joint, marginal, _, _, cell = _pair_grid(rho)
    return largest(K, 1) ** 2 + float(np.sum(joint**K - marginal**K)) * cell


def same_winner(K: int, rho: float) -> float:
    """Pr(argmax X = argmax Y): piece 1 has (x, y), the others both below."""
    joint, _, both, _, cell = _pair_grid(rho)
    return K * float(np.sum(both * joint ** (K - 1))) * cell
