"""Oracles of the order statistics, the probabilities behind them, and the initializations."""

import math
from fractions import Fraction as F

import mpmath as mp
import numpy as np
from scipy.special import erf, ndtr

from .quadrature import (
    chi2_largest,
    chi2_smallest,
    density,
    largest,
    of_half_normal,
    of_normal,
    radius_moment,
)
from .registry import At, oracle


def ranks(*found: int, orders: tuple[int | None, ...] = (None,)) -> tuple[At, ...]:
    return tuple(At(K=K, t=t) for K in found for t in orders)


def sizes(*found: int, rho: tuple[F, ...] = (F(1, 5), F(7, 10))) -> tuple[At, ...]:
    return tuple(At(given={"m": m, "rho": r}) for m in found for r in rho)


@oracle("order.mean", at=ranks(2, 3, 7, 40))
def mean(at: At) -> float:
    return largest(at.K, 1)


@oracle("order.second_moment", at=ranks(3, 4, 7, 40))
def second_moment(at: At) -> float:
    return largest(at.K, 2)


@oracle("order.moment", at=ranks(5, 8, 23, orders=(1, 2, 3, 4, 5)[:4]))
@oracle("order.alternating.largest", at=ranks(2, 5, 12, orders=(1, 2, 3)))
def moment(at: At) -> float:
    return largest(at.K, at.t)


@oracle("order.chi2_largest.mean", at=ranks(3, 5, 19))
def chi2_largest_mean(at: At) -> float:
    return chi2_largest(at.K, 1)


@oracle("order.chi2_largest.moment", at=ranks(2, 5, 19, orders=(1, 2, 3)))
def chi2_largest_moment(at: At) -> float:
    return chi2_largest(at.K, at.t)


@oracle("order.chi2_smallest.mean", at=ranks(2, 5, 19))
@oracle("order.chi2_smallest.mean.reduced", at=ranks(3, 5, 19))
def chi2_smallest_mean(at: At) -> float:
    return chi2_smallest(at.K, 1)


@oracle("order.chi2_smallest.moment", at=ranks(2, 5, 19, orders=(1, 2, 3)))
def chi2_smallest_moment(at: At) -> float:
    return chi2_smallest(at.K, at.t)


def spread(rho: float) -> float:
    """Standard deviation of the common part that gives normals the correlation rho."""
    return math.sqrt(rho / (1 - rho))


def slope(rho: float) -> float:
    """Its derivative by rho."""
    return 1 / (2 * spread(rho) * (1 - rho) ** 2)


def all_positive(m: int, rho: float) -> float:
    return of_normal(lambda y: ndtr(y) ** m, spread(rho))


def within(y):
    """Pr(|Z| <= |y|)."""
    return erf(y / math.sqrt(2))


def all_within(m: int, rho: float) -> float:
    return of_half_normal(lambda y: within(y) ** m, spread(rho))


@oracle("order.orthant", at=sizes(2, 5, 7))
def orthant(at: At) -> float:
    return all_positive(int(at["m"]), at["rho"])


@oracle("order.orthant.odd", at=sizes(2, 3, 4))
def orthant_odd(at: At) -> float:
    return all_positive(2 * int(at["m"]) + 1, at["rho"])


@oracle("order.orthant.half", at=tuple(At(given={"m": m}) for m in (2, 5)))
def orthant_half(at: At) -> float:
    return all_positive(int(at["m"]), 0.5)


@oracle("order.orthant.four", at=tuple(At(given={"rho": r}) for r in (F(1, 7), F(5, 8))))
def orthant_four(at: At) -> float:
    return all_positive(4, at["rho"])


@oracle("order.orthant.derivative", at=sizes(2, 4, 7))
def orthant_derivative(at: At) -> float:
    """The derivative under the integral sign, in the width of the common part."""
    m, s = int(at["m"]), spread(at["rho"])
    inner = of_normal(lambda y: m * ndtr(y) ** (m - 1) * density(y) * y / s, s)
    return inner * slope(at["rho"])


@oracle("order.half_normal", at=sizes(2, 3, 6))
def half_normal(at: At) -> float:
    return all_within(int(at["m"]), at["rho"])


@oracle("order.half_normal.even", at=sizes(2, 3))
def half_normal_even(at: At) -> float:
    return all_within(2 * int(at["m"]), at["rho"])


@oracle("order.half_normal.half", at=tuple(At(given={"m": m}) for m in (2, 5)))
def half_normal_half(at: At) -> float:
    return all_within(int(at["m"]), 0.5)


@oracle("order.half_normal.three", at=tuple(At(given={"rho": r}) for r in (F(1, 7), F(5, 8))))
def half_normal_three(at: At) -> float:
    return all_within(3, at["rho"])


@oracle("order.half_normal.survival", at=sizes(2, 3, 6))
def half_normal_survival(at: At) -> float:
    m = int(at["m"])
    return of_half_normal(lambda y: (1 - within(y)) ** m, spread(at["rho"]))


@oracle("order.half_normal.derivative", at=sizes(2, 3, 6))
def half_normal_derivative(at: At) -> float:
    m, s = int(at["m"]), spread(at["rho"])
    inner = of_half_normal(lambda y: m * within(y) ** (m - 1) * 2 * density(y) * y / s, s)
    return inner * slope(at["rho"])


def upper_quantile(y):
    """x^2 where a normal exceeds x with probability e^-y."""
    return mp.findroot(lambda x: mp.log(mp.erfc(x / mp.sqrt(2)) / 2) + y, mp.sqrt(2 * y)) ** 2


@oracle("order.large_rank.second_moment", at=ranks(30, 10**6))
def large_rank(at: At) -> float:
    """Taylor's formula about ln K + gamma, with derivatives by differences at 60 digits."""
    with mp.workdps(60):
        centre = mp.log(at.K) + mp.euler
        central = (1, 0, mp.pi**2 / 6, 2 * mp.zeta(3))  # moments of a Gumbel variable
        terms = [
            mp.diff(upper_quantile, centre, n) * central[n] / mp.factorial(n) for n in range(4)
        ]
        return float(mp.fsum(terms))


def far_quantile(y):
    """``upper_quantile`` for huge y, by the divergent series of the tail."""

    def tail(g):
        series = mp.fsum((-1) ** k * mp.fac2(2 * k - 1) / g**k for k in range(6))
        return g / 2 + mp.log(2 * mp.pi * g) / 2 - mp.log(series) - y

    return mp.findroot(tail, 2 * y)


@oracle("order.large_rank.second_moment.elementary", at=ranks(30, 10**6, 10**15))
def large_rank_elementary(at: At) -> float:
    """The coefficients are read off g(y) = x^2 at arguments of 20 to 40 digits.

    g = 2y - l + e (l - 2) + e^2 (quadratic in l) + ..., and the variance of a Gumbel variable
    adds half of it times g'' = 1/y^2 = 4 e^2.
    """
    with mp.workdps(200):
        rows, values = [], []
        for y in (mp.mpf(10) ** 20, mp.mpf(10) ** 30, mp.mpf(10) ** 40):
            ell, e = mp.log(4 * mp.pi * y), 1 / (2 * y)
            rows.append([1, ell, ell**2])
            values.append((far_quantile(y) - 2 * y + ell - e * (ell - 2)) / e**2)
        quadratic = mp.lu_solve(mp.matrix(rows), mp.matrix(values))
        y = mp.log(at.K) + mp.euler
        ell, e = mp.log(4 * mp.pi * y), 1 / (2 * y)
        second = quadratic[0] + quadratic[1] * ell + quadratic[2] * ell**2 + mp.pi**2 / 3
        return float(2 * y - ell + e * (ell - 2) + e**2 * second)


@oracle("order.large_rank.chi2_largest", at=ranks(2, 7, 30))
def large_rank_largest(at: At) -> float:
    return largest(2 * at.K, 2)


@oracle("order.large_rank.chi2_smallest", at=ranks(10, 37))
def large_rank_smallest(at: At) -> float:
    """x^2 = 2 erfinv(u)^2 in powers of u, the smallest of K uniform variables."""
    with mp.workdps(40):
        powers = mp.taylor(lambda u: 2 * mp.erfinv(u) ** 2, 0, 6)
        return float(
            mp.fsum(powers[2 * k] * mp.factorial(2 * k) / mp.rf(at.K + 1, 2 * k) for k in (1, 2, 3))
        )


@oracle(
    "init.stationary",
    at=tuple(
        At(n, K, c, given={"norm": F(17, 10)})
        for n, K, c in (((3, 5, 4, 6, 2), 3, F(2, 5)), ((4, 6, 3, 2), 5, F(7, 4)))
    ),
)
def stationary(at: At) -> float:
    square = at["norm"] ** 2
    for before, units in zip(at.n[:-2], at.n[1:-1], strict=True):
        square *= at.c / before * radius_moment(at.K, units, 1)
    return square / at.n[-2]


@oracle(
    "init.max_pooling",
    at=tuple(At(K=K, given={"window": p}) for K, p in ((2, 3), (3, 4), (5, 9))),
)
def max_pooling(at: At) -> float:
    """The largest over p cells of Xi_K, whose distribution function is Phi^K."""
    z, step = np.linspace(-15, 15, 4001, retstep=True)
    p, one = int(at["window"]), ndtr(z) ** at.K
    slope = at.K * density(z) * ndtr(z) ** (at.K - 1)
    return float(np.sum(z**2 * p * one ** (p - 1) * slope) * step)


@oracle("init.relu", at=(At(),))
def relu(at: At) -> float:
    return of_half_normal(lambda z: z**2) / 2
