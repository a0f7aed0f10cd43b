"""Oracles of GroupSort, LWTA and MFM 2/3: layer by layer, with the fan-ins that they have."""

import math
from fractions import Fraction as F

import numpy as np

from . import chains
from .law_registry import law
from .places import both, placed
from .quadrature import M, of_radius, radius_moment
from .registry import At, oracle

PASSED = {"groupsort": lambda K: K, "lwta": lambda K: K, "mfm23": lambda K: 2}


def fan_ins(at: At, kind: str) -> list[int]:
    return [at.n[0], *(PASSED[kind](at.K) * units for units in at.n[1:-1])]


def points(kind: str, *ranks: int) -> tuple[At, ...]:
    given = {"norm": F(17, 10), "unit": kind}
    return tuple(At((3, 5, 4, 6, 2), K, F(2, 5), given=given) for K in ranks)


def length(at: At, kind: str, group: float) -> float:
    square = at["norm"] ** 2
    inputs = fan_ins(at, kind)
    for fan_in, units in zip(inputs, at.n[1:-1], strict=False):
        square *= at.c / fan_in * units * group
    return square / inputs[-1]


@oracle("activation.units.groupsort", at=points("groupsort", 2, 3, 5))
def groupsort(at: At) -> float:
    return length(at, "groupsort", radius_moment(1, at.K, 1))


@oracle("activation.units.lwta", at=points("lwta", 2, 3, 5))
def lwta(at: At) -> float:
    return length(at, "lwta", M(at.K))


@oracle("activation.units.mfm23", at=points("mfm23", 3))
def mfm23(at: At) -> float:
    return length(at, "mfm23", placed(2, 3, 2) + placed(3, 3, 2))


def shape(kind: str, K: int, bias: str, **given: F) -> tuple[At, ...]:
    return (At((3, 6, 9, 14), K, F(2, 5), bias, given={**given, "unit": kind}),)


@law("jacobian.units.groupsort", at=shape("groupsort", 3, "any"))
def groupsort_gain(at: At) -> dict[str, float]:
    """ln of a product of chi-squares, each over its number and times c."""
    widths = fan_ins(at, "groupsort")
    factors = [(units, at.c / before) for before, units in zip(widths, widths[1:], strict=False)]
    mean = variance = 0.0
    for units, scale in [*factors, (at.n[-1], 1 / widths[-1])]:
        first = of_radius(1, units, lambda r: 2 * np.log(r))
        mean += first + math.log(scale)
        variance += of_radius(1, units, lambda r, m=first: (2 * np.log(r) - m) ** 2)
    return {"ln x": mean, "(ln x)^2": variance + mean**2}


def frame(at: At, kind: str, wide: int, group: tuple[float, float]) -> dict[str, float]:
    """Means of the gain and of its square; ``wide`` numbers a group count in the frame."""
    one, two = group
    inputs = fan_ins(at, kind)

    def moment(t: int) -> float:
        state = chains.direction(at["cosine"] ** 2, t)
        for fan_in, units in zip(inputs, at.n[1:-1], strict=False):
            even = (1.0, units * one, units * two + units * (units - 1) * one**2)
            state = chains.mapped(state, at.c / fan_in, wide * units, lambda i, e=even: e[i])
        return chains.output(state, inputs[-1], at.n[-1])

    return {"x": moment(1), "x^2": moment(2)}


@law("jacobian.units.lwta", at=shape("lwta", 3, "zero", cosine=F(3, 5)))
def lwta_gain(at: At) -> dict[str, float]:
    return frame(at, "lwta", 1, (radius_moment(at.K, 1, 1), radius_moment(at.K, 1, 2)))


@law("jacobian.units.mfm23", at=shape("mfm23", 3, "zero", cosine=F(3, 5)))
def mfm23_gain(at: At) -> dict[str, float]:
    one = placed(2, 3, 2) + placed(3, 3, 2)
    two = placed(2, 3, 4) + placed(3, 3, 4) + 2 * both(2, 3, 3, 2)
    return frame(at, "mfm23", 2, (one, two))
