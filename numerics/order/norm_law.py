"""The law of r^2 = Xi_1^2 + ... + Xi_n^2 as a quadrature rule on a uniform grid of ln r^2.

What is averaged over r^2 here is analytic in ln r^2 in a strip of half-width of order one. Local
polynomials on a grid of step 1/10 reproduce such functions to rounding, so a mass anywhere may be
replaced by masses on the grid that integrate those polynomials alike ("anterpolation"). The sum of
two independent squares is then a sum over pairs of grid points, and n units take at most 2 log2 n
of these. No sampling, and no inversion of a transform. Source: this project,
docs/gaussian-bias.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import comb

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.special import log_ndtr

from maxout.theory.network import RANK, WIDTHS

Array = NDArray[np.float64]

STEP = 0.1
POINTS = 18
"""Points of a local polynomial. Its error for a function bounded by 1 in a strip of half-width a is
at most (STEP/a)^18 Gamma(9.5)^2/pi: 3e-16 for a = 2.5."""
_HALF = POINTS // 2 - 1
_LOWEST = -76.0  # r^2 below e^-76 has probability below e^-38 (one unit), beyond float64's reach
_FLOOR = 1e-19  # end masses below this, of a total of one, are left out
_FAR = 40.0  # adding e^-40 of a number to it does nothing in float64


def stencil(offset: Array) -> tuple[NDArray[np.int64], Array]:
    """Return (first, weights): sum_t weights[t] g[first + t] is g at ``offset`` grid units.

    Args:
      offset: any shape.

    Returns:
      Integers of that shape, and weights with one more axis of length POINTS.
    """
    below = np.floor(offset)
    fraction = offset - below
    distance = fraction[..., None] - np.arange(-_HALF, POINTS - _HALF)
    signs = np.array([(-1) ** k * comb(POINTS - 1, k) for k in range(POINTS)], dtype=float)
    exact = distance == 0
    weights: Array = signs / np.where(exact, 1.0, distance)
    weights /= weights.sum(axis=-1, keepdims=True)
    on_grid = exact.any(-1)
    weights[on_grid] = exact[on_grid]
    return below.astype(np.int64) - _HALF, weights


@dataclass(frozen=True)
class LogLaw:
    """Masses ``weights[k]`` at ln r^2 = (first + k) step; they add up to one, some are negative."""

    first: int
    weights: Array
    step: float

    @property
    def points(self) -> Array:
        """Values of ln r^2."""
        return self.step * np.arange(self.first, self.first + len(self.weights), dtype=np.float64)

    def tilted(self, order: int) -> LogLaw:
        """Masses times r^(2 order): the rule for E[r^(2 order) g(ln r^2)], 0 <= order <= 4."""
        return LogLaw(self.first, self.weights * np.exp(order * self.points), self.step)


def log_law(rank: int, width: int, refine: int = 1) -> LogLaw:
    """Return the law of ln r^2 for ``width`` units of rank K.

    Args:
      rank: K, an integer from 1 to 10^15.
      width: number n of units, an integer from 1 to 10^9.
      refine: 1, 2, ...: the grid has step STEP/refine; two of them tell the error.

    Raises:
      MaxoutError: outside these domains.
    """
    (width,) = WIDTHS([width])
    return _law(RANK(rank), width, refine)


@lru_cache(maxsize=256)
def _law(rank: int, width: int, refine: int) -> LogLaw:
    if width == 1:
        return _one_unit(rank, STEP / refine)
    half = _law(rank, width // 2, refine)
    whole = _add(half, half)
    return _add(whole, _law(rank, 1, refine)) if width % 2 else whole


def _one_unit(rank: int, step: float) -> LogLaw:
    # The trapezoidal rule in v = ln Xi^2. Phi^{K-1} is about exp(-K e^{-x^2/2}), x^2 = e^v, which
    # decays in the strip |Im v| < pi/(2 ln K): step d/ln K errs by exp(-pi^2/d), 7e-18 here.
    fine = min(step, 0.25 / (1 + np.log(rank)))
    v = np.arange(_LOWEST, np.log(120 + 4 * np.log(rank)), fine)
    x = np.exp(v / 2)
    log_pairs = np.logaddexp((rank - 1) * log_ndtr(x), (rank - 1) * log_ndtr(-x))
    mass = np.exp(np.log(fine * rank / 2) + log_pairs + v / 2 - x * x / 2) / np.sqrt(2 * np.pi)
    first, weights = stencil(v / step)
    low = first.min()
    total = np.zeros(first.max() - low + POINTS)
    np.add.at(total, (first - low)[:, None] + np.arange(POINTS), mass[:, None] * weights)
    return _trim(int(low), total, step)


def _trim(first: int, weights: Array, step: float) -> LogLaw:
    kept = np.flatnonzero(np.abs(weights) > _FLOOR)
    inner = weights[kept[0] : kept[-1] + 1]
    # Without this a sum's relative error would be twice that of its parts, at every doubling.
    return LogLaw(first + int(kept[0]), inner / inner.sum(), step)


def _add(a: LogLaw, b: LogLaw) -> LogLaw:
    """The law of ln(e^A + e^B), A and B independent.

    ln(e^A + e^B) is the larger plus ln(1 + e^-d), d the distance, which is a whole number of steps:
    all pairs at one distance share one stencil.
    """
    step = a.step
    low = min(a.first, b.first)
    size = max(a.first + len(a.weights), b.first + len(b.weights)) - low
    far = min(size, int(_FAR / step))
    padded = np.zeros((2, far + size))
    for row, law in zip(padded, (a, b), strict=True):
        begin = far + law.first - low
        row[begin : begin + len(law.weights)] = law.weights
    masses = padded[:, far:]
    # lower[., j, d]: the mass d steps below point j.
    lower = sliding_window_view(padded, far + 1, axis=1)[:, :, ::-1]
    pairs = masses[0][:, None] * lower[1] + masses[1][:, None] * lower[0]
    pairs[:, 0] /= 2
    first, weights = stencil(np.log1p(np.exp(-step * np.arange(far + 1))) / step)
    reach = int(first.max()) + _HALF + POINTS
    shifts = np.zeros((far + 1, reach))
    np.put_along_axis(shifts, (first + _HALF)[:, None] + np.arange(POINTS), weights, axis=1)
    spread = pairs @ shifts
    total = np.zeros(size + reach)
    for t in range(reach):
        total[t : t + size] += spread[:, t]
    # Points too far below to matter leave the larger one where it is.
    beyond = np.cumsum(masses, axis=1)[:, : max(size - far - 1, 0)]
    remote = masses[0][far + 1 :] * beyond[1] + masses[1][far + 1 :] * beyond[0]
    total[_HALF + far + 1 : _HALF + size] += remote
    return _trim(low - _HALF, total, step)
