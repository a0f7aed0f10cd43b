"""Oracle of units whose weights are not normal: integrals at many fan-ins, extrapolated.

E (max_k W_k.x)^2 at equal |x_i| from the distribution function of W.x, a Fourier series; times
fan_in its distance from the limit tends to the first-order term, which is what is read off.
"""

import math
from fractions import Fraction as F
from functools import cache

import numpy as np

from .quadrature import M, panels
from .registry import At, oracle

FAN_INS = (10, 13, 17, 23, 31, 43, 61, 89)
REASON = "extrapolated from eight fan-ins"
UNIFORM, LAPLACE = F(-6, 5), F(3)


def characteristic(kurtosis: F, u):
    """Of the uniform or the Laplace law of variance 1."""
    if kurtosis == UNIFORM:
        return np.sinc(math.sqrt(3) * u / math.pi)
    return 1 / (1 + u**2 / 2)


def integrated(K: int, n: int, kurtosis: F) -> float:
    """E of the squared maximum of K sums of n weights, of variance 1 together."""
    step = 2 * math.pi / 50
    u = step * (np.arange(4000) + 0.5)
    terms = step / math.pi / u * characteristic(kurtosis, u / math.sqrt(n)) ** n
    z, w = panels(list(np.linspace(0, 20, 81)), 10)
    above = 0.5 - np.sin(np.outer(z, u)) @ terms
    return float(np.sum(w * 2 * z * (1 - (1 - above) ** K + above**K)))


@cache
def first_order(K: int, kurtosis: F) -> float:
    """n (E max^2 - M_K) at n = infinity, by the polynomial in 1/n through all fan-ins."""
    at = 1 / np.array(FAN_INS)
    values = [n * (integrated(K, n, kurtosis) - M(K)) for n in FAN_INS]
    return float(np.linalg.solve(np.vander(at, increasing=True), values)[0])


def _points(*given: tuple[tuple[int, ...], int, F, dict[str, F]]) -> tuple[At, ...]:
    return tuple(At(n, K, c, given={"norm": F(17, 10), **more}) for n, K, c, more in given)


@oracle(
    "init.weights.second_moment",
    at=_points(
        ((3, 4, 2), 3, F(2, 5), {"kurtosis": LAPLACE, "participation": F(1, 2)}),
        ((4, 6, 3, 2), 5, F(7, 4), {"kurtosis": UNIFORM, "participation": F(3, 10)}),
        ((7, 5, 2), 9, F(7, 4), {"kurtosis": LAPLACE, "participation": F(4, 5)}),
    ),
    relative=1e-8,
    reason=REASON,
)
def laws(at: At) -> float:
    return _two_terms(at, F(at.given["kurtosis"]))


@oracle(
    "init.uniform",
    at=_points(
        ((3, 5, 4, 2), 3, F(2, 5), {"participation": F(1, 2)}),
        ((7, 4, 2), 6, F(7, 4), {"participation": F(2, 7)}),
    ),
    relative=1e-8,
    reason=REASON,
)
def uniform(at: At) -> float:
    return _two_terms(at, UNIFORM)


def _two_terms(at: At, kurtosis: F) -> float:
    second = M(at.K) + at["participation"] * first_order(at.K, kurtosis)
    return at.c * at["norm"] ** 2 / at.n[0] * second
