"""Oracles of the normalized activation length: sums over all paths of radii."""

import math
from fractions import Fraction as F

from . import chains
from .jacobian import with_orders
from .registry import At, bounded, oracle

POINTS = {
    bias: (
        At((3, 5, 4, 6, 2), 3, F(2, 5), bias, given={"norm": F(17, 10)}),
        At((4, 6, 3, 2), 5, F(7, 4), bias, given={"norm": F(1, 2)}),
        At((2, 4, 3), 4, F(6, 5), bias, given={"norm": F(3)}),
    )
    for bias in ("gaussian", "zero")
}


def moment(at: At, t: int) -> float:
    found = chains.paths(at.n[:-1], at.K, at.c, at["norm"], at.bias == "gaussian")
    return found.mean((found.squares[-1] / at.n[-2]) ** t)


for bias, points in POINTS.items():

    @oracle(f"activation.length.mean.{bias}", at=points)
    def mean(at: At) -> float:
        return moment(at, 1)

    @oracle(f"activation.length.variance.{bias}", at=points)
    def variance(at: At) -> float:
        return moment(at, 2) - moment(at, 1) ** 2

    @oracle(f"activation.length.moment.{bias}", at=with_orders(points, 2, 3))
    @bounded(f"activation.length.moment.lower.{bias}", at=with_orders(points, 2, 3))
    @bounded(f"activation.length.moment.upper.{bias}", at=with_orders(points, 2, 3))
    def higher(at: At) -> float:
        return moment(at, at.t)

    @oracle(f"activation.length.moment.lower.{bias}", at=with_orders(points, 2, 3))
    def power_of_the_mean(at: At) -> float:
        return moment(at, 1) ** at.t

    @oracle(f"activation.length.moment.upper.{bias}", at=with_orders(points, 2, 3))
    def layer_by_layer(at: At) -> float:
        """The recursion of t-th roots: what a layer adds is a bias's share, times its gain."""
        root = at["norm"] ** 2 / at.n[0]
        for before, units in zip(at.n[:-2], at.n[1:-1], strict=True):
            root += (at.bias == "gaussian") / before
            root *= at.c * at.K * math.exp(at.t / (units * at.K))
        return root**at.t
