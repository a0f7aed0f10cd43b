"""Oracles of the kernels: two inputs by double integrals, one input by sums over layers."""

import math
from collections.abc import Callable
from fractions import Fraction as F

import numpy as np

from .gradients import GAINS, PATHS, ROUTE, bounded, incoming, norms, on_paths, outgoing
from .quadrature import (
    M,
    cdf_power,
    crossing_rate,
    kappa,
    largest,
    of_normal,
    same_winner,
)
from .registry import At, oracle

RHO = (F(-3, 5), F(3, 10), F(4, 5))


def pairs(*ranks: int) -> tuple[At, ...]:
    return tuple(At(K=K, given={"correlation": rho}) for K in ranks for rho in RHO)


def ranks(*found: int) -> tuple[At, ...]:
    return tuple(At(K=K) for K in found)


@oracle(
    "kernel.kappa.derivative", at=pairs(2, 4, 7), relative=1e-10, reason="a slope through values"
)
def kappa_derivative(at: At) -> float:
    """The slope of the polynomial through values of kappa about the point."""
    rho, nodes = at["correlation"], np.cos((np.arange(16) + 0.5) * np.pi / 16)
    reach = (1 - abs(rho)) / 2
    values = [kappa(at.K, rho + reach * x) for x in nodes]
    through = np.polynomial.Chebyshev.fit(nodes, values, len(nodes) - 1, domain=[-1, 1])
    return float(through.deriv()(0.0)) / reach


@oracle("kernel.winner.rank2", at=pairs(2))
@oracle("kernel.winner.rank3", at=pairs(3))
def winner(at: At) -> float:
    return same_winner(at.K, at["correlation"])


@oracle("kernel.kappa.rank2", at=pairs(2))
@oracle("kernel.kappa.rank3", at=pairs(3))
def mean_product(at: At) -> float:
    return kappa(at.K, at["correlation"])


@oracle("kernel.kappa.zero", at=ranks(2, 3, 7))
def kappa_zero(at: At) -> float:
    return kappa(at.K, 0.0)


@oracle("kernel.winner.zero", at=ranks(2, 3, 7))
def winner_zero(at: At) -> float:
    return same_winner(at.K, 0.0)


@oracle("kernel.kappa.one", at=ranks(2, 3, 7))
def kappa_one(at: At) -> float:
    return largest(at.K, 2)


@oracle("kernel.winner.one", at=ranks(2, 3, 7))
def winner_one(at: At) -> float:
    """One of the K pieces wins, the others lie below it."""
    return at.K * of_normal(lambda z: cdf_power(z, at.K - 1))


@oracle("kernel.winner.variance", at=ranks(2, 3, 7))
def winner_variance(at: At) -> float:
    mean = largest(at.K, 1)
    return largest(at.K, 2) - mean**2


@oracle("kernel.winner.near_one", at=ranks(2, 3, 7))
def near_one(at: At) -> float:
    """A turn by theta changes the winner as often as crossings occur on it."""
    return crossing_rate(at.K)


def of_two(n: tuple[int, ...], K: int, c: F, variance: F) -> At:
    given = {"norm": F(17, 10), "other_norm": F(3, 4), "correlation": F(3, 10)}
    return At(n, K, c, "any", given={**given, "bias_variance": variance})


SHALLOW = (of_two((3, 5, 2), 3, F(2, 5), F(1, 5)), of_two((4, 6, 3), 5, F(7, 4), F(3, 2)))
DEEP = (of_two((3, 5, 4, 6, 2), 3, F(2, 5), F(1, 5)), of_two((4, 6, 3, 2), 5, F(7, 4), F(3, 2)))


def recursion(at: At) -> tuple[float, float]:
    """Covariance and tangent kernel of the infinitely wide network at two inputs."""
    x, y, extra = at["norm"], at["other_norm"], at["bias_variance"]
    xx, yy, xy = (
        at.c * product / at.n[0] + extra for product in (x * x, y * y, x * y * at["correlation"])
    )
    tangent = xy
    for layer in range(1, at.L):
        gain = at.c if layer < at.L - 1 else 1.0
        size = math.sqrt(xx * yy)
        rho = xy / size
        xy = gain * size * kappa(at.K, rho) + extra
        tangent = xy + gain * same_winner(at.K, rho) * tangent
        xx, yy = gain * M(at.K) * xx + extra, gain * M(at.K) * yy + extra
    return xy, tangent


@oracle("kernel.nngp.shallow", at=SHALLOW)
@oracle("kernel.nngp.deep", at=DEEP)
def nngp(at: At) -> float:
    return recursion(at)[0]


@oracle("kernel.ntk.shallow", at=SHALLOW)
@oracle("kernel.ntk.deep", at=DEEP)
def ntk(at: At) -> float:
    return recursion(at)[1]


def by_layers(at: At, behind: Callable[[At, int], float]) -> list[float]:
    """E||x^(l-1)||^2 times what is behind layer l, then the outputs' weights."""
    hidden = [incoming(at, layer - 1) * behind(at, layer) for layer in range(1, at.L)]
    return [*hidden, incoming(at, at.L - 1)]


@oracle("kernel.diagonal.exact", at=norms("zero"))
def diagonal(at: At) -> float:
    return sum(by_layers(at, outgoing))


@oracle("kernel.diagonal.exact.biases", at=norms("zero"))
def diagonal_with_biases(at: At) -> float:
    return diagonal(at) + sum(outgoing(at, layer) for layer in range(1, at.L)) + 1


@oracle("kernel.diagonal.scaled", at=norms("zero"))
def scaled(at: At) -> float:
    """Every layer's share times the variance of its weights."""
    variances = [*(at.c / before for before in at.n[:-2]), 1 / at.n[-2]]
    return sum(v * layer for v, layer in zip(variances, by_layers(at, outgoing), strict=True))


@oracle("kernel.diagonal.limit", at=norms("zero"))
def limit(at: At) -> float:
    """At one input q = 1, and the infinitely wide recursion is one of numbers."""
    covariance = at.c * at["norm"] ** 2 / at.n[0]
    tangent = covariance
    for layer in range(1, at.L):
        gain = at.c if layer < at.L - 1 else 1.0
        covariance *= gain * M(at.K)
        tangent = covariance + gain * tangent
    return tangent


@oracle("kernel.diagonal.gaussian.exact", at=norms("gaussian"), relative=ROUTE, reason=PATHS)
def diagonal_gaussian(at: At) -> float:
    return sum(on_paths(at, layer, 1) for layer in range(1, at.L)) + incoming(at, at.L - 1)


for rung, gain in GAINS.items():

    @oracle(f"kernel.diagonal.{rung}", at=norms("zero"))
    @oracle(f"kernel.diagonal.gaussian.{rung}", at=norms("gaussian"))
    def diagonal_bound(at: At, gain: Callable[[int], float] = gain) -> float:
        return sum(by_layers(at, lambda at, layer: bounded(at, layer, gain(at.K))))
