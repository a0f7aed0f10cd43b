"""First and second moments of the laws by plain recursions: nothing here is the package's.

Order statistics by SciPy's quadrature of their density; layers by the moments of one layer. With
gaussian biases the angle depends on the drawn lengths: there the moments are means over drawn radii
of what is exact given them.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import integrate, special, stats

RADII = 400_000


@cache
def normal(rank: int, order: int) -> float:
    """E of the largest of so many N(0, 1), to a power."""
    return float(
        integrate.quad(
            lambda z: z**order * rank * special.ndtr(z) ** (rank - 1) * stats.norm.pdf(z), -12, 12
        )[0]
    )


@cache
def chi2(rank: int, order: int, largest: bool) -> float:
    """E of the largest or the smallest of so many chi^2_1, to a power."""

    def density(z: float) -> float:
        below = special.erf(z / np.sqrt(2))
        return float(2 * rank * (below if largest else 1 - below) ** (rank - 1) * stats.norm.pdf(z))

    return float(integrate.quad(lambda z: z ** (2 * order) * density(z), 0, 12)[0])


def total(first: float, second: float, terms: int) -> tuple[float, float]:
    """First two moments of a sum of independent terms alike."""
    return terms * first, terms * second + terms * (terms - 1) * first**2


def radius(rank: int, units: int) -> tuple[float, float]:
    """E r^2 and E r^4."""
    return total(normal(rank, 2), normal(rank, 4), units)


def freedom(count: int) -> tuple[float, float]:
    """First two moments of a chi-square."""
    return float(count), float(count * (count + 2))


Widths = tuple[int, ...]
"""(n_0, n_1, ..., n_{L-1}, n_L)."""


def product(n: Widths, c: float, unit: tuple[float, float]) -> tuple[float, float]:
    """(1/n_0) chi^2_{n_L} times (c/n_l) sums of units with these moments."""
    first, second = (m / n[0] ** t for t, m in enumerate(freedom(n[-1]), start=1))
    for units in n[1:-1]:
        m1, m2 = total(*unit, units)
        first, second = first * c / units * m1, second * (c / units) ** 2 * m2
    return first, second


def ordered(n: Widths, rank: int, c: float, largest: bool) -> tuple[float, float]:
    return product(n, c, (chi2(rank, 1, largest), chi2(rank, 2, largest)))


def linear(n: Widths, c: float) -> tuple[float, float]:
    return product(n, c, (1.0, 3.0))


class Direction:
    """E p^2, E q^2, and E p^4, E p^2 q^2, E q^4; arrays where they are means given radii."""

    def __init__(self, cosine2: ArrayLike) -> None:
        a = np.asarray(cosine2, dtype=float)
        self.two = [a, 1 - a]
        self.four = [a**2, a * (1 - a), (1 - a) ** 2]

    def layer(self, scale2: float, units: int, r2: ArrayLike, r4: ArrayLike) -> None:
        """p' = s (r p + g q), q' = s chi q, chi^2 of units - 1 degrees of freedom."""
        (a, b), (aa, ab, bb) = self.two, self.four
        m1, m2 = freedom(units - 1)
        self.two = [scale2 * (r2 * a + b), scale2 * m1 * b]
        self.four = [
            scale2**2 * (r4 * aa + 6 * np.asarray(r2) * ab + 3 * bb),
            scale2**2 * m1 * (r2 * ab + bb),
            scale2**2 * m2 * bb,
        ]

    def turn(self, kept: np.ndarray) -> None:
        """A share ``kept`` of the square of p stays along, the rest goes across it to q."""
        lost = 1 - kept
        (a, b), (aa, ab, bb) = self.two, self.four
        self.two = [kept * a, lost * a + b]
        self.four = [
            kept**2 * aa,
            kept * (lost * aa + ab),
            lost**2 * aa + 2 * lost * ab + bb,
        ]

    def output(self, fan_in: int, outputs: int) -> tuple[float, float]:
        m1, m2 = freedom(outputs)
        (a, b), (aa, ab, bb) = self.two, self.four
        return (
            float(np.mean(a + b)) * m1 / fan_in,
            float(np.mean(aa + 2 * ab + bb)) * m2 / fan_in**2,
        )


def zero_bias(n: Widths, rank: int, c: float, cosine: float) -> tuple[float, float]:
    direction = Direction(cosine**2)
    for before, units in zip(n[:-2], n[1:-1], strict=True):
        direction.layer(c / before, units, *radius(rank, units))
    return direction.output(n[-2], n[-1])


def gaussian_bias(
    n: Widths, rank: int, c: float, cosine: float, norm: float
) -> tuple[float, float]:
    """Means over ``RADII`` drawn chains of radii."""
    generator = np.random.default_rng(11)
    squared = np.full(RADII, norm**2)
    direction = Direction(cosine**2)
    direction.turn(squared / (squared + 1))
    for before, units in zip(n[:-2], n[1:-1], strict=True):
        pieces = generator.standard_normal((rank, units, RADII))
        r2 = np.sum(np.max(pieces, axis=0) ** 2, axis=0)
        squared = c / before * (squared + 1) * r2
        direction.layer(c / before, units, r2, r2**2)
        direction.turn(squared / (squared + 1))
    return direction.output(n[-2], n[-1])


def length(n: Widths, rank: int, c: float, norm: float, biases: bool) -> tuple[float, float]:
    """A' = (c/m) r^2 (A + 1/n), n the layer's inputs and m its units; no 1/n at zero bias."""
    first, second = norm**2 / n[0], (norm**2 / n[0]) ** 2
    for before, units in zip(n[:-2], n[1:-1], strict=True):
        added = 1 / before if biases else 0.0
        m1, m2 = (m * (c / units) ** t for t, m in enumerate(radius(rank, units), start=1))
        first, second = (
            m1 * (first + added),
            m2 * (second + 2 * added * first + added**2),
        )
    return first, second


def bias_gradient(n: Widths, rank: int, c: float, layer: int) -> tuple[float, float]:
    """One output: the rows of the Jacobian behind a layer, whose squares add up.

    Given x the gradient by x^(layer) is isotropic but for its part along x: p^2 and q^2 go back
    through p'^2 = s^2 r^2 p^2 and q'^2 = s^2 chi^2 (p^2 + q^2), chi^2 of n_j - 1.
    """
    last = n[-2]
    m1, m2 = freedom(last - 1)
    p, q, pp, pq, qq = 1 / last, m1 / last, 3 / last**2, m1 / last**2, m2 / last**2
    for j in range(len(n) - 3, layer - 1, -1):
        s2, (r2, r4), (m1, m2) = c / n[j], radius(rank, n[j + 1]), freedom(n[j] - 1)
        p, q, pp, pq, qq = (
            s2 * r2 * p,
            s2 * m1 * (p + q),
            s2**2 * r4 * pp,
            s2**2 * r2 * m1 * (pp + pq),
            s2**2 * m2 * (pp + 2 * pq + qq),
        )
    return p + q, pp + 2 * pq + qq
