"""Oracles of typical sizes: means and variances of logarithms, from the density of a radius."""

import math
from fractions import Fraction as F

import numpy as np

from .quadrature import of_radius
from .registry import At, oracle

NETWORKS = (At((3, 5, 4, 6, 2), 3, F(2, 5)), At((4, 6, 3, 7), 5, F(7, 4)))
LINEAR = (At((3, 5, 4, 6, 2), 2, F(2, 5), "any"), At((4, 6, 3, 7), 1, F(7, 4), "any"))
ONE_WIDTH = (At((3, 5, 5, 2), 3, F(2, 5)), At((4, 7, 7, 7, 3), 5, F(7, 4)))


def log_mean(K: int, units: int) -> float:
    """E ln r^2."""
    return of_radius(K, units, lambda r: 2 * np.log(r))


def log_variance(K: int, units: int) -> float:
    """Var ln r^2."""
    return of_radius(K, units, lambda r: (2 * np.log(r) - log_mean(K, units)) ** 2)


def hidden(at: At, K: int) -> float:
    """E ln of what the hidden layers multiply a squared length along the input by."""
    return sum(
        math.log(at.c / before) + log_mean(K, units)
        for before, units in zip(at.n[:-2], at.n[1:-1], strict=True)
    )


@oracle("jacobian.log.mean", at=NETWORKS)
def gain_mean(at: At) -> float:
    return hidden(at, at.K) + log_mean(1, at.n[-1]) - math.log(at.n[-2])


@oracle("jacobian.log.mean.rank2", at=LINEAR)
def gain_mean_linear(at: At) -> float:
    return hidden(at, 1) + log_mean(1, at.n[-1]) - math.log(at.n[-2])


@oracle("jacobian.log.variance", at=NETWORKS)
def gain_variance(at: At) -> float:
    return sum(log_variance(at.K, units) for units in at.n[1:-1]) + log_variance(1, at.n[-1])


@oracle(
    "init.typical",
    at=tuple(At(at.n, at.K, at.exact_c, given={"norm": F(17, 10)}) for at in NETWORKS),
)
def length_mean(at: At) -> float:
    return 2 * math.log(at["norm"]) + hidden(at, at.K) - math.log(at.n[-2])


@oracle("jacobian.lyapunov.top", at=ONE_WIDTH)
def lyapunov_top(at: At) -> float:
    return (math.log(at.c / at.n[1]) + log_mean(at.K, at.n[1])) / 2


@oracle(
    "jacobian.lyapunov.rest",
    at=tuple(
        At(at.n, at.K, at.exact_c, given={"exponent": j}) for at in ONE_WIDTH for j in (1, 2, 3)
    ),
)
def lyapunov_rest(at: At) -> float:
    return (math.log(at.c / at.n[1]) + log_mean(1, at.n[1] - int(at["exponent"]))) / 2
