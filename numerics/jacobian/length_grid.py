"""Functions and laws of ln X on a uniform grid, X = ||x^(l)||^2, moved through a layer.

With gaussian biases X' = s^2 (X + 1) r^2, s^2 = c/fan_in. ``LengthGrid.expect`` averages a function
of ln X' over r^2; ``LengthGrid.push`` moves a law of ln X forward and is its transpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from maxout.numerics.order.norm_law import POINTS, STEP, LogLaw, stencil

Array = NDArray[np.float64]

_REACH = 42.0  # beyond e^42 the one in X + 1 is below float64's rounding, and so is X below e^-42


@dataclass(frozen=True)
class LengthGrid:
    """ln X from -42 to 42 in steps of STEP/refine; functions are constant beyond both ends."""

    refine: int = 1

    @property
    def step(self) -> float:
        return STEP / self.refine

    @property
    def first(self) -> int:
        return -round(_REACH / self.step)

    @property
    def size(self) -> int:
        return 1 - 2 * self.first

    @property
    def points(self) -> Array:
        """Values of ln X on the grid."""
        return self.step * np.arange(self.first, 1 - self.first, dtype=float)

    @property
    def turn(self) -> tuple[Array, Array]:
        """X/(X+1) and 1/(X+1) on the grid: squares of cosine and sine of the layer's turn."""
        return _turn(self)

    def places(self, log_scale: float, log_x: Array | None = None) -> Places:
        """Return where ln(s^2 (X + 1)) falls for ln X = log_x, (N,), -inf for X = 0.

        Args:
          log_scale: ln s^2.
          log_x: None means the grid's points.
        """
        return _own_places(self, log_scale) if log_x is None else _places(self, log_scale, log_x)

    def expect(self, law: LogLaw, places: Places, values: Array) -> Array:
        """Return E g(ln X') at ``places``, for g given by ``values`` on the grid.

        Args:
          law: rule for r^2, tilted where a power of r^2 weights the mean.
          values: shape (size,).
        """
        low, count = places.low, places.count
        needed = np.arange(low + law.first, low + law.first + count + len(law.weights) - 1)
        around = values[np.clip(needed - self.first, 0, self.size - 1)]
        averaged = np.correlate(around, law.weights, "valid")
        return (averaged[places.index] * places.weights).sum(axis=-1)

    def push(self, law: LogLaw, places: Places, masses: Array) -> Array:
        """Return the masses of ln X' on the grid from ``masses`` at ``places``."""
        start = np.bincount(
            places.index.ravel(),
            (masses[..., None] * places.weights).ravel(),
            minlength=places.count,
        )
        moved = np.convolve(start, law.weights)
        index = np.arange(places.low + law.first, places.low + law.first + len(moved)) - self.first
        result: Array = np.bincount(
            np.clip(index, 0, self.size - 1), moved, minlength=self.size
        ).astype(np.float64, copy=False)
        return result


@dataclass(frozen=True)
class Places:
    """Points between those of a grid: the stencil of each.

    Attributes:
      first: (N,), grid index of each stencil's first point, from 0 at ln X = 0.
      low, count: the stencils reach over ``count`` grid points from ``low`` on.
      index: (N, POINTS), the stencils' points, counted from ``low``.
      weights: (N, POINTS).
    """

    first: NDArray[np.int64]
    low: int
    count: int
    index: NDArray[np.int64]
    weights: Array


def _places(grid: LengthGrid, log_scale: float, log_x: Array) -> Places:
    first, weights = stencil((log_scale + np.logaddexp(0.0, log_x)) / grid.step)
    low = int(first.min())
    index = (first - low)[..., None] + np.arange(POINTS)
    return Places(first, low, int(first.max()) + POINTS - low, index, weights)


# Layers of one shape share these.
@lru_cache(maxsize=64)
def _own_places(grid: LengthGrid, log_scale: float) -> Places:
    return _places(grid, log_scale, grid.points)


@lru_cache(maxsize=8)
def _turn(grid: LengthGrid) -> tuple[Array, Array]:
    return 1 / (1 + np.exp(-grid.points)), 1 / (1 + np.exp(grid.points))
