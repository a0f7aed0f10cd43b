"""Functions and laws of ln X on a uniform grid, X = ||x^(l)||^2, moved through a layer.

With gaussian biases X' = s^2 (X + 1) r^2, s^2 = c/fan_in. ``LengthGrid.expect`` averages a function
of ln X' over r^2; ``LengthGrid.push`` moves a law of ln X forward and is its transpose.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maxout.numerics.frame_law import POINTS, STEP, LogLaw, stencil

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

    def expect(self, law: LogLaw, log_scale: float, values: Array, log_x: Array) -> Array:
        """Return E g(ln X') given ln X = log_x, for g given by ``values`` on the grid.

        Args:
          law: rule for r^2, tilted where a power of r^2 weights the mean.
          log_scale: ln s^2.
          values: shape (size,).
          log_x: any shape; -inf for X = 0.
        """
        first, weights = stencil((log_scale + np.logaddexp(0.0, log_x)) / self.step)
        low = int(first.min())
        count = int(first.max()) + POINTS - low
        needed = np.arange(low + law.first, low + law.first + count + len(law.weights) - 1)
        around = values[np.clip(needed - self.first, 0, self.size - 1)]
        averaged = np.correlate(around, law.weights, "valid")
        return (averaged[(first - low)[..., None] + np.arange(POINTS)] * weights).sum(axis=-1)

    def push(self, law: LogLaw, log_scale: float, masses: Array, log_x: Array) -> Array:
        """Return the masses of ln X' on the grid from ``masses`` at ln X = ``log_x``."""
        first, weights = stencil((log_scale + np.logaddexp(0.0, log_x)) / self.step)
        low = int(first.min())
        start = np.zeros(int(first.max()) + POINTS - low)
        np.add.at(start, (first - low)[..., None] + np.arange(POINTS), masses[..., None] * weights)
        moved = np.convolve(start, law.weights)
        index = np.arange(low + law.first, low + law.first + len(moved)) - self.first
        result = np.zeros(self.size)
        np.add.at(result, np.clip(index, 0, self.size - 1), moved)
        return result
