"""Oracles where features are normalized before the maximum, and of gradients of normalized blocks.

Sums of squares of N features enter by their transform: E[f e^{-u R^2}] of a homogeneous f of degree
2 is (1+2u)^{-N/2-1} E f, and 1/R^2 and 1/R^4 are integrals over u.
"""

import math
from fractions import Fraction as F

import numpy as np

from .law_registry import law
from .normalized import LAYER, RMS, at, begin, factor, inverse, kept, log_chi2, logarithm, square
from .quadrature import cdf_power, density, panels
from .registry import At, oracle


def _over_u(power: float, weight: int) -> float:
    """The integral of u^weight (1+2u)^-power over u > 0, by u = tan^2."""
    a, w = panels(list(np.linspace(0, math.pi / 2, 9)), 40)
    u = np.tan(a) ** 2
    return float(np.sum(w * u**weight * (1 + 2 * u) ** -power * 2 * np.tan(a) / np.cos(a) ** 2))


def centred(at: At, n: int) -> float:
    """E |a|^2, a the winners less the mean of all N features: a winner with the losers below it."""
    z = np.arange(-12, 12, 1 / 64)
    winner = at.K * density(z) * cdf_power(z, at.K - 1)
    losers = (at.K - 1) * -density(z) * at.K * density(z) * cdf_power(z, max(at.K - 2, 0))
    with_own = float(np.sum(winner * z**2 + z * losers)) / 64
    N = n * at.K
    return n * (square(at.K) - 2 * with_own / N + 1 / N)


def last_block(at: At, n: int) -> float:
    """E of what the last block multiplies by, over n."""
    N = n * at.K
    if at.block["norm"] == RMS:
        return at.K * (n * _over_u(N / 2, 0) - n * square(at.K) * _over_u(N / 2 + 1, 1))
    power = (N - 1) / 2
    kept = (n - 1 / at.K) * _over_u(power, 0)
    return at.K * (kept - centred(at, n) * _over_u(power + 1, 1))


def before(norm: str, *n: int, K: int = 3, bias: str = "zero") -> At:
    return at(norm, *n, K=K, bias=bias, norm_place="before")


FEATURES = (before(RMS, 5, 8, 7, 9, 4), before(RMS, 3, 6, 4, 5, K=5))
ONE = (before(LAYER, 5, 8, 4), before(LAYER, 3, 6, 5, K=5))


@oracle("jacobian.rms.before.mean", at=FEATURES)
@oracle("jacobian.layer.before.mean", at=ONE)
def mean(at: At) -> float:
    hidden = math.prod((n - 1) * inverse(RMS, at.K, n, 1) for n in at.n[1:-2])
    return begin(at) * at.n[-1] * hidden * last_block(at, at.n[-2])


@law("jacobian.rms.before.law", at=(before(RMS, 3, 9, 12, 14),))
@law("jacobian.layer.before.law", at=(before(LAYER, 3, 6, 20, K=2),))
def features_law(at: At) -> dict[str, float]:
    return {"x": mean(at)}


@oracle(
    "activation.rms.before.mean",
    at=(before(RMS, 5, 8, 7, 4), before(RMS, 3, 6, 5, K=5, bias="gaussian")),
)
@oracle(
    "activation.layer.before.mean",
    at=(before(LAYER, 5, 8, 7, 4), before(LAYER, 3, 6, 5, K=5, bias="gaussian")),
)
def length(at: At) -> float:
    """K E |a|^2/R^2: the ratio does not depend on R^2, so means divide."""
    n = at.n[-2]
    N = n * at.K
    if at.block["norm"] == RMS:
        return square(at.K)
    return at.K * centred(at, n) / (N - 1)


def layered(norm: str, *n: int, K: int = 3) -> tuple[At, ...]:
    layers = range(1, len(n) - 1)
    return tuple(
        At(n, K, F(7, 10), given={"layer": layer}, block={"norm": norm}) for layer in layers
    )


def gradient(at: At, layer: int) -> float:
    blocks = (factor(at.block["norm"], at.K, m, 1) for m in at.n[layer:-1])
    return at.n[layer - 1] / at.c * math.prod(blocks)


@oracle("gradients.rms.weights.mean", at=layered(RMS, 5, 8, 7, 9, 4))
@oracle("gradients.layer.weights.mean", at=layered(LAYER, 5, 8, 7, 9, 4))
def gradient_mean(at: At) -> float:
    return gradient(at, int(at["layer"]))


@law("gradients.rms.weights.law", at=layered(RMS, 3, 9, 12, 14))
@law("gradients.layer.weights.law", at=layered(LAYER, 3, 9, 12, 14))
def gradient_law(at: At) -> dict[str, float]:
    norm, layer = at.block["norm"], int(at["layer"])
    mean, variance = math.log(at.n[layer - 1] / at.c), 0.0
    for m in at.n[layer:-1]:
        above, below = log_chi2(kept(norm, m)), logarithm(norm, at.K, m)
        mean += above[0] - below[0]
        variance += above[1] + below[1]
    return {"ln x": mean, "(ln x)^2": variance + mean**2}


@oracle("kernel.diagonal.rms", at=(at(RMS, 5, 8, 7, 9, 4), at(RMS, 3, 9, 12, 5, K=5)))
@oracle("kernel.diagonal.layer", at=(at(LAYER, 5, 8, 7, 9, 4), at(LAYER, 3, 9, 12, 5, K=5)))
def diagonal(at: At) -> float:
    return at.n[-2] + sum(gradient(at, layer) for layer in range(1, len(at.n) - 1))
