"""Oracles of normalized networks: numbers of r^2 by its density, of rho^2 by its transform.

Given u, the densities of the units are normal ones times powers of a distribution function: what is
left of E e^{-u rho^2} is a double integral of smooth functions.
"""

import math
from fractions import Fraction as F
from functools import cache

import numpy as np
from scipy.special import ndtr

from .law_registry import law
from .quadrature import density, of_radius
from .registry import At, oracle

RMS, LAYER = "rms", "layer"
GIVEN = {"cosine": F(3, 10), "norm": F(17, 10)}


def at(norm: str, *n: int, bias: str = "zero", K: int = 3, **block: str | int) -> At:
    return At(n, K, F(7, 10), bias, given=GIVEN, block={"norm": norm, **block})


def points(norm: str, bias: str = "zero") -> tuple[At, ...]:
    return (at(norm, 5, 8, 7, 9, 4, bias=bias), at(norm, 3, 9, 12, 5, bias=bias, K=5))


@cache
def _transform(K: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """v on a grid, and E e^{-u rho^2} at u = e^v."""
    y = np.arange(-9.5, 9.6, 0.25)
    weight = 0.25 * density(y)
    v = np.arange(-42, 60, 0.1)
    u = np.exp(v)[:, None]
    x = np.arange(-16, 16, 0.2)
    s = x * np.sqrt((1 + 2 * u) / (2 * u * m))  # G^m is e^{-x^2/2} times a bounded function
    below = ndtr(2 * u * s / (1 + 2 * u) - y[:, None, None] / np.sqrt(1 + 2 * u)) ** (K - 1)
    logs = m * (math.log(K) - np.log1p(2 * u) / 2 + np.log(np.tensordot(weight, below, 1)))
    step = 0.2 * np.sqrt((1 + 2 * u) / (2 * u * m))
    found = np.exp(logs - x**2 / 2 + np.log(step * np.sqrt(u * m / math.pi)))
    return v, found.sum(axis=1)


@cache
def inverse(norm: str, K: int, m: int, t: int) -> float:
    """E r^-2t or E rho^-2t."""
    if norm == RMS:
        return of_radius(K, m, lambda r: r ** (-2.0 * t))
    v, transform = _transform(K, m)
    return float(0.1 * np.sum(np.exp(t * v) * transform)) / math.gamma(t)


@cache
def logarithm(norm: str, K: int, m: int) -> tuple[float, float]:
    """Mean and variance of ln r^2 or ln rho^2."""
    if norm == RMS:
        mean = of_radius(K, m, lambda r: 2 * np.log(r))
        return mean, of_radius(K, m, lambda r: (2 * np.log(r) - mean) ** 2)
    v, transform = _transform(K, m)
    u, mean = np.exp(v), (m - 1) * spread(K)
    # Below, 1 - u E rho^2 is nearer than rounding.
    difference = np.where(v < -18, u * (mean - 1), np.exp(-u) - transform)
    first = float(0.1 * np.sum(difference))
    square = -2 * np.euler_gamma * first - 0.2 * float(np.sum(difference * v))
    return first, square - first**2


def kept(norm: str, m: int) -> int:
    return m - 1 if norm == RMS else m - 2


def chi2(f: int, t: int) -> float:
    return math.prod(f + 2 * i for i in range(t))


def factor(norm: str, K: int, m: int, t: int) -> float:
    """E F^t."""
    return chi2(kept(norm, m), t) * inverse(norm, K, m, t)


def begin(at: At) -> float:
    """|u across (x, b)|^2 / |(x, b)|^2, b = 1 with biases, times what they leave of it later."""
    square, along = at["norm"] ** 2, (at["cosine"] * at["norm"]) ** 2
    if at.bias == "zero":
        return (1 - along / square) / square
    later = math.prod(m / (m + 1) for m in at.n[1:-2])
    return (1 - along / (square + 1)) / (square + 1) * later


def moment(at: At, t: int) -> float:
    hidden = math.prod(factor(at.block["norm"], at.K, m, t) for m in at.n[1:-1])
    return begin(at) ** t * chi2(at.n[-1], t) * hidden


def log_chi2(f: int) -> tuple[float, float]:
    return logarithm(RMS, 1, f)


def logs(at: At) -> tuple[float, float]:
    """Mean and variance of ln |Ju|^2."""
    norm = at.block["norm"]
    mean, variance = log_chi2(at.n[-1])
    mean += math.log(begin(at))
    for m in at.n[1:-1]:
        above, below = log_chi2(kept(norm, m)), logarithm(norm, at.K, m)
        mean += above[0] - below[0]
        variance += above[1] + below[1]
    return mean, variance


def second_of_log(at: At) -> dict[str, float]:
    mean, variance = logs(at)
    return {"ln x": mean, "(ln x)^2": variance + mean**2}


def linear_factor(at: At, m: int) -> float:
    """E F of a block whose maximum is of ``inner`` units: the mean of a product of tangents."""
    norm, inner = at.block["norm"], int(at.block["inner"])
    across = kept(norm, m) * inverse(RMS, 1, kept(norm, m) + 1, 1)
    return (inner - 1) * inverse(RMS, at.K, inner, 1) * across


for _norm in (RMS, LAYER):
    for _bias in ("zero", "gaussian"):
        _end = "" if _bias == "zero" else ".gaussian"
        _points = points(_norm, _bias)
        oracle(f"jacobian.{_norm}.mean{_end}", at=_points)(lambda at: moment(at, 1))
        oracle(f"jacobian.{_norm}.log.mean{_end}", at=_points)(lambda at: logs(at)[0])
        law(f"jacobian.{_norm}.law{_end}", at=(at(_norm, 3, 9, 12, 14, bias=_bias),))(second_of_log)
    oracle(f"jacobian.{_norm}.moment", at=points(_norm))(lambda at: moment(at, 2))
    oracle(f"jacobian.{_norm}.variance", at=points(_norm))(
        lambda at: moment(at, 2) - moment(at, 1) ** 2
    )
    oracle(f"jacobian.{_norm}.log.variance", at=points(_norm))(lambda at: logs(at)[1])


@oracle("jacobian.rms.wide", at=points(RMS))
@oracle("jacobian.layer.wide", at=points(LAYER))
def wide(at: At) -> float:
    """By the mean square about 0 or about the mean of one unit."""
    one = spread(at.K) if at.block["norm"] == LAYER else square(at.K)
    return begin(at) * at.n[-1] / one ** (at.L - 1)


def square(K: int) -> float:
    """E Xi_K^2."""
    return of_radius(K, 1, lambda r: r**2)


def spread(K: int) -> float:
    """Var Xi_K."""
    return square(K) - first(K) ** 2


def first(K: int) -> float:
    """E Xi_K: how often the largest exceeds s, less how often it falls short of -s."""
    s, w = np.polynomial.legendre.leggauss(200)
    s, w = 6 * (s + 1), 6 * w
    return float(np.sum(w * (1 - ndtr(s) ** K - ndtr(-s) ** K)))


LINEAR = ((5, 8, 7, 9, 4), (3, 6, 11, 5))


def linear_points(norm: str) -> tuple[At, ...]:
    return tuple(at(norm, *n, K=K, norm_place="linear", inner=inner) for n, K, inner in
                 zip(LINEAR, (3, 5), (6, 9), strict=True))  # fmt: skip


@oracle("jacobian.rms.linear.mean", at=linear_points(RMS))
@oracle("jacobian.layer.linear.mean", at=linear_points(LAYER))
def linear_mean(at: At) -> float:
    hidden = math.prod(linear_factor(at, m) for m in at.n[1:-1])
    return begin(at) * at.n[-1] * hidden


LINEAR_LAW = (3, 16, 14, 40)
"""Inner units enough for the logarithm to vary little, outer ones few enough to show."""


@law("jacobian.rms.linear.law", at=(at(RMS, *LINEAR_LAW, norm_place="linear", inner=24),))
@law("jacobian.layer.linear.law", at=(at(LAYER, *LINEAR_LAW, norm_place="linear", inner=24),))
def linear_law(at: At) -> dict[str, float]:
    norm, inner = at.block["norm"], int(at.block["inner"])
    terms = [(math.log(begin(at)), 0.0), log_chi2(at.n[-1])]
    for m in at.n[1:-1]:
        terms += [log_chi2(inner - 1), log_chi2(kept(norm, m))]
        for mean, variance in (logarithm(RMS, at.K, inner), log_chi2(kept(norm, m) + 1)):
            terms.append((-mean, variance))
    mean, variance = (sum(part) for part in zip(*terms, strict=True))
    return {"ln x": mean, "(ln x)^2": variance + mean**2}
