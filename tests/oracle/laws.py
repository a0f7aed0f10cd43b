"""Oracles of laws: means of their logarithms, or of themselves, and of the squares."""

import math
from fractions import Fraction as F

import numpy as np

from . import chains
from .law_registry import law
from .quadrature import LARGEST, NORMAL, SMALLEST, of_radius
from .registry import At


def of_product(at: At, K: int, kind: str) -> dict[str, float]:
    """Mean and mean square of ln of chi^2_{n_L}/n_0 times (c/n_l) r_l^2 over the layers."""
    factors = [(K, units, kind) for units in at.n[1:-1]] + [(1, at.n[-1], NORMAL)]
    scales = [at.c / units for units in at.n[1:-1]] + [1 / at.n[0]]
    mean = sum(map(math.log, scales))
    variance = 0.0
    for rank, units, one in factors:
        first = of_radius(rank, units, lambda r: 2 * np.log(r), one)
        mean += first
        variance += of_radius(rank, units, lambda r, m=first: (2 * np.log(r) - m) ** 2, one)
    return {"ln x": mean, "(ln x)^2": variance + mean**2}


def points(K: int, bias: str, **given: F | int) -> tuple[At, ...]:
    return (At((3, 6, 9, 14), K, F(2, 5), bias, given=given),)


@law("jacobian.order.lower", at=points(3, "any"))
def order_lower(at: At) -> dict[str, float]:
    return of_product(at, at.K, SMALLEST)


@law("jacobian.order.upper", at=points(3, "any"))
def order_upper(at: At) -> dict[str, float]:
    return of_product(at, at.K, LARGEST)


@law("jacobian.law.rank2", at=points(2, "any"))
def rank2(at: At) -> dict[str, float]:
    return of_product(at, 1, NORMAL)


@law("jacobian.law.zero", "jacobian.frame.law", at=points(3, "zero", cosine=F(3, 5)))
def gain(at: At) -> dict[str, float]:
    def moment(t: int) -> float:
        start = chains.direction(at["cosine"] ** 2, t)
        hidden = chains.zero_bias(at.n[:-1], at.K, at.c, start)
        return chains.output(hidden, at.n[-2], at.n[-1])

    return {"x": moment(1), "x^2": moment(2)}


@law("jacobian.law.gaussian", at=points(3, "gaussian", cosine=F(3, 5), norm=F(17, 10)))
def gaussian_gain(at: At) -> dict[str, float]:
    def moment(t: int) -> float:
        return chains.gaussian_moment(at.n[:-1], at.K, at.c, at["cosine"], at["norm"], t, at.n[-1])

    return {"x": moment(1), "x^2": moment(2)}


@law("activation.length.law.gaussian", at=points(3, "gaussian", norm=F(17, 10)))
@law("activation.length.law.zero", at=points(3, "zero", norm=F(17, 10)))
def length(at: At) -> dict[str, float]:
    found = chains.paths(at.n[:-1], at.K, at.c, at["norm"], at.bias == "gaussian")
    values = found.squares[-1] / at.n[-2]
    return {"ln x": found.mean(np.log(values)), "(ln x)^2": found.mean(np.log(values) ** 2)}


@law("gradients.law", at=tuple(at for layer in (1, 2) for at in points(3, "zero", layer=layer)))
def gradient(at: At) -> dict[str, float]:
    layer = int(at["layer"])
    first, second = (chains.row_moment(at.n[:-1], at.K, at.c, layer, t) for t in (1, 2))
    return {"x": first, "x^2": second}
