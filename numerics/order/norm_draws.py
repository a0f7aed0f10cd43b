"""Draws of ln r^2, r^2 = Xi_1^2 + ... + Xi_n^2, at any rank and width, a few numbers a draw.

Few units are drawn one by one, by inverting Phi^K. For many, the distribution function of r^2 is
summed once as a Fourier series and inverted into a table of ln r^2 against a normal score: a draw
is then one normal number and one look-up. Source: this project, docs/typical-size.md.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.special import log_ndtr, ndtri, ndtri_exp

from maxout.theory.network import RANK, WIDTHS

Array = NDArray[np.float64]

FEW = 16
"""Below so many units they are drawn one by one: the Fourier coefficients fall like t^(-n/2)."""
_POINTS = 1500  # of the table: its spline errs by less than 1e-8
_TAIL = 1e-9  # chance beyond either end of the table, where scores are clipped
_NEGLIGIBLE = 1e-17


def draw_log_radius(rank: int, width: int, generator: np.random.Generator, count: int) -> Array:
    """Return ``count`` independent draws of ln r^2.

    Args:
      rank: K, an integer from 1 to 10^15.
      width: number n of units, an integer from 1 to 10^9.
      generator: where the draws come from.
      count: number of draws.

    Raises:
      MaxoutError: outside these domains.
    """
    (width,) = WIDTHS([width])
    rank = RANK(rank)
    if width >= FEW:
        table, reach = _table(rank, width)
        return np.asarray(table(np.clip(generator.standard_normal(count), -reach, reach)))
    total = np.zeros(count)
    for _ in range(width):
        # -Exp(1)/K is the logarithm of U^(1/K).
        total += ndtri_exp(-generator.standard_exponential(count) / rank) ** 2
    return np.log(total)


@lru_cache(maxsize=64)
def _table(rank: int, width: int) -> tuple[CubicSpline, float]:
    """ln r^2 as a function of a normal score, and the largest score it is good for."""
    points, masses = _one_unit(rank)
    mean = float(points @ masses)
    spread = float(np.sqrt(((points - mean) ** 2) @ masses))
    centre, deviation = width * mean, np.sqrt(width) * spread
    # Beyond, the exponential tail e^{-x/2} of a chi-square is below rounding.
    low, high = max(0.0, centre - 14 * deviation), centre + 14 * deviation + 100
    frequency = 2 * np.pi / (high - low)
    k = np.arange(1, _coefficients_needed(points, masses, width, frequency))
    # Around the mean, and less one: rounding is then raised to the power n as sqrt(n) at most.
    one = np.expm1(1j * np.outer(frequency * k, points - mean)) @ masses
    # The logarithm by hand: NumPy's complex log1p loses small real parts.
    real, imaginary = one.real, one.imag
    log = np.log1p(2 * real + real**2 + imaginary**2) / 2 + 1j * np.arctan2(imaginary, 1 + real)
    coefficients = np.exp(width * log) / (1j * frequency * k)
    x = np.linspace(
        max(low, centre - 8 * deviation), min(high, centre + 8 * deviation + 40), _POINTS
    )
    below = np.exp(-1j * frequency * k * (low - centre)) @ coefficients
    phases = np.exp(-1j * np.outer(x - centre, frequency * k))
    chance = (x - low + 2 * (below - phases @ coefficients).real) / (high - low)
    used = (chance > _TAIL) & (chance < 1 - _TAIL)
    scores = ndtri(chance[used])
    return CubicSpline(scores, np.log(x[used])), float(min(-scores[0], scores[-1]))


def _one_unit(rank: int) -> tuple[Array, Array]:
    """Xi^2 of one unit as points and masses, by the trapezoidal rule in Xi."""
    reach = np.sqrt(2 * (40 + np.log(rank)))
    z = np.arange(-reach, reach, 0.04 / np.sqrt(1 + np.log(rank)))
    masses = np.exp(np.log(rank) - z**2 / 2 + (rank - 1) * log_ndtr(z))
    used = masses > 1e-20 * masses.max()
    return z[used] ** 2, masses[used] / masses[used].sum()


def _coefficients_needed(points: Array, masses: Array, width: int, frequency: float) -> int:
    k = 8
    while True:
        value = abs(np.exp(1j * frequency * k * points) @ masses)
        if value**width < _NEGLIGIBLE:
            return k + 1
        k *= 2
