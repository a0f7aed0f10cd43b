"""Bias laws for the statements that hold whatever the biases, as long as they ignore the weights.

Each is a way in which such a statement could fail: pieces that never win, one favoured piece,
biases that drown the inputs, a pattern without symmetry, a shift that turns the activations away
from everything seen so far.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Drawn:
    """Independent normals.

    Attributes:
      deviation: of the biases of a layer whose weights have the given one.
    """

    deviation: Callable[[float], float]

    def __call__(
        self, layer: int, shape: Shape, scale: float, normals: Callable[[], np.ndarray]
    ) -> np.ndarray:
        """Return biases in float64 that broadcast to the shape.

        Args:
          layer: from 1.
          shape: networks, units, rank.
          scale: standard deviation of a weight.
          normals: draws N(0, 1) of that shape.
        """
        return normals().astype(np.float64) * self.deviation(scale)


@dataclass(frozen=True)
class Fixed:
    """The same biases in every network.

    Attributes:
      pattern: (layer, units, rank) -> biases (units, rank).
    """

    pattern: Callable[[int, int, int], np.ndarray]

    def __call__(
        self, layer: int, shape: Shape, scale: float, normals: Callable[[], np.ndarray]
    ) -> np.ndarray:
        """As of ``Drawn``, but nothing is drawn."""
        return self.pattern(layer, *shape[1:])[np.newaxis]


def _large(layer: int, units: int, rank: int) -> np.ndarray:
    # All pieces but the first are out of reach: the network is linear.
    biases = np.full((units, rank), -1e4)
    biases[:, 0] = 0
    return biases


def _one_hot(layer: int, units: int, rank: int) -> np.ndarray:
    return np.tile(np.eye(1, rank), (units, 1))


def _mixed(layer: int, units: int, rank: int) -> np.ndarray:
    # Different numbers from -1 to 1, without a cosine, whose last digit is the processor's.
    index = np.arange(units * rank, dtype=np.float64).reshape(units, rank)
    return 2 * ((0.3 + 0.7320508 * layer + 0.6180340 * index) % 1) - 1


def _shifted(layer: int, units: int, rank: int) -> np.ndarray:
    # No piece is favoured, but the activations become nearly constant.
    return np.full((units, rank), 20.0)


LAWS: dict[str, Drawn | Fixed | None] = {
    "zero": None,
    "gaussian": Drawn(lambda scale: scale),
    "large": Fixed(_large),
    "one-hot": Fixed(_one_hot),
    # Ten preactivations: the biases mostly decide which piece wins, anew in every network.
    "scaled": Drawn(lambda scale: 10.0),
    "mixed": Fixed(_mixed),
    "shifted": Fixed(_shifted),
}

NASTY = ("large", "one-hot", "scaled", "mixed", "shifted")
"""Laws of the setting "any" that are neither zero nor N(0, c/fan_in)."""
