"""Networks layer by layer, in plain recursions and over all paths of radii.

A direction has a part p along the (augmented) input and q across it. One layer draws a radius r,
a normal g and a chi variable, all independent: p -> s (r p + g q), q -> s chi q; with biases the
frame then turns by the angle between (x, 1) and (x, 0).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .quadrature import M, normal_moment, radius, radius_moment

Array = np.ndarray[Any, Any]
Monomials = list[Any]
"""E p^{2a} q^{2(t-a)} for a = 0..t, numbers or arrays over paths."""

NODES = 44
"""Of a radius, where all combinations of the layers' radii are added up."""


def direction(cosine2: Any, t: int) -> Monomials:
    """A direction at one angle to the input."""
    return [cosine2**a * (1 - cosine2) ** (t - a) for a in range(t + 1)]


def uniform_direction(width: int, t: int) -> Monomials:
    """Means over all directions: a normal vector has one coordinate along, width - 1 across."""
    whole = radius_moment(1, width, t)
    return [
        radius_moment(1, 1, a) * radius_moment(1, width - 1, t - a) / whole for a in range(t + 1)
    ]


def total(monomials: Monomials) -> Any:
    """E (p^2 + q^2)^t."""
    t = len(monomials) - 1
    return sum(math.comb(t, a) * value for a, value in enumerate(monomials))


def mapped(before: Monomials, scale2: Any, units: int, even_power: Any) -> Monomials:
    """One layer; ``even_power(i)`` is r^{2i} or its mean."""
    t = len(before) - 1
    after = []
    for a in range(t + 1):
        along = sum(
            math.comb(2 * a, 2 * i) * even_power(i) * normal_moment(2 * (a - i)) * before[i]
            for i in range(a + 1)
        )
        after.append(scale2**t * radius_moment(1, units - 1, t - a) * along)
    return after


def turned(before: Monomials, cosine2: Any) -> Monomials:
    """The part p splits into cosine p along and sine p across."""
    t = len(before) - 1
    after = []
    for a in range(t + 1):
        value: Any = 0
        for j in range(a, t + 1):  # p^{2j} gives p^{2a} (sin p)^{2(j-a)}, of C(t-a, j-a) products
            share = math.comb(t - a, j - a)
            value = value + share * cosine2**a * (1 - cosine2) ** (j - a) * before[j]
        after.append(value)
    return after


def output(monomials: Monomials, last: int, outputs: int) -> Any:
    """E ||J u||^{2t} behind the linear layer."""
    t = len(monomials) - 1
    return radius_moment(1, outputs, t) / last**t * total(monomials)


def zero_bias(n: Sequence[int], K: int, c: float, start: Monomials) -> Monomials:
    """Through the hidden layers of widths n[1:], n[0] their input."""
    for before, units in zip(n[:-1], n[1:], strict=True):
        start = mapped(start, c / before, units, lambda i, m=units: radius_moment(K, m, i))
    return start


@dataclass(frozen=True)
class Paths:
    """All combinations of the hidden layers' radii, with gaussian biases.

    Attributes:
      squares: ||x^(l)||^2 for l = 0..L-1, broadcastable.
      radii2: r_l^2 for l = 1..L-1 (entry 0 is unused).
      weight: of each path.
    """

    squares: list[Any]
    radii2: list[Any]
    weight: Any

    def mean(self, values: Any) -> float:
        return float(np.sum(self.weight * values))


def paths(
    n: Sequence[int], K: int, c: float, norm: float, biases: bool = True, nodes: int = NODES
) -> Paths:
    """Paths through the hidden layers of widths n[1:], from an input of this norm."""
    layers = len(n) - 1
    squares: list[Any] = [norm**2]
    radii2: list[Any] = [None]
    weight: Any = 1.0
    for layer in range(1, layers + 1):
        r, w = radius(K, n[layer], nodes)
        shape = [1] * layers
        shape[layer - 1] = len(r)
        r2 = r.reshape(shape) ** 2
        radii2.append(r2)
        squares.append(c / n[layer - 1] * (squares[-1] + biases) * r2)
        weight = weight * w.reshape(shape)
    return Paths(squares, radii2, weight)


def along_paths(
    found: Paths, n: Sequence[int], c: float, first: int, start: Monomials
) -> Monomials:
    """Monomials after the last hidden layer, on every path, from those after layer ``first``."""
    for layer in range(first + 1, len(n)):
        r2, square = found.radii2[layer], found.squares[layer]
        start = mapped(start, c / n[layer - 1], n[layer], lambda i, r2=r2: r2**i)
        start = turned(start, square / (square + 1))
    return start


def gaussian_moment(
    n: Sequence[int], K: int, c: float, cosine: float, norm: float, t: int, outputs: int
) -> float:
    """E ||J u||^{2t} with gaussian biases; n without the outputs."""
    found = paths(n, K, c, norm)
    start = direction(cosine**2 * norm**2 / (norm**2 + 1), t)
    return found.mean(output(along_paths(found, n, c, 0, start), n[-1], outputs))


def lengths(n: Sequence[int], K: int, c: float, norm: float, biases: bool) -> list[float]:
    """E ||x^(l)||^2 for l = 0..L-1, adding up the units' second moments."""
    found = [norm**2]
    for before, units in zip(n[:-1], n[1:], strict=True):
        found.append(c / before * (found[-1] + biases) * units * M(K))
    return found


def row_moment(n: Sequence[int], K: int, c: float, layer: int, t: int) -> float:
    """E ||d N/d x^(layer)||^{2t} of one output at zero bias; n without the outputs.

    By directions: (g . u)^2 of a vector g, meaned over all u, is ||g||^2 times that of a cosine;
    and (g . u)^2 is what the layers above make of u.
    """
    above = n[layer:]
    projected = output(zero_bias(above, K, c, uniform_direction(above[0], t)), above[-1], 1)
    share = radius_moment(1, 1, t) / radius_moment(1, above[0], t)
    return projected / share


def column_moment(n: Sequence[int], K: int, c: float, t: int) -> float:
    """E ||grad zeta||^{2t}, zeta a feature that reads the last of the layers n[1:]; backwards.

    The gradient's square splits into a part along and one across the activation: a layer back,
    a' = s^2 r^2 a and b' = s^2 chi^2_{fan_in - 1} (a + b).
    """
    start = [
        (c / n[-1]) ** t * radius_moment(1, 1, i) * radius_moment(1, n[-1] - 1, t - i)
        for i in range(t + 1)
    ]  # E a^i b^{t-i}
    for layer in range(len(n) - 1, 0, -1):
        fan_in, scale = n[layer - 1], (c / n[layer - 1]) ** t
        start = [
            scale
            * radius_moment(K, n[layer], i)
            * radius_moment(1, fan_in - 1, t - i)
            * sum(math.comb(t - i, j - i) * start[j] for j in range(i, t + 1))
            for i in range(t + 1)
        ]
    return sum(math.comb(t, i) * value for i, value in enumerate(start))
