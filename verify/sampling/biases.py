"""Bias laws for the statements that hold whatever the biases, as long as they ignore the weights.

Each is a way in which such a statement could fail: pieces that never win, one favoured piece,
biases that drown the inputs, a pattern without symmetry, a shift that turns the activations away
from everything seen so far.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Shape = tuple[int, int, int]
Law = Callable[[int, Shape, float, Callable[[], np.ndarray]], np.ndarray]
"""(layer >= 1, shape (networks, units, rank), standard deviation of a weight, what draws N(0, 1) of
that shape) -> biases that broadcast to the shape, in float64."""

Pattern = Callable[[int, int, int], np.ndarray]


def _normal(deviation: Callable[[float], float]) -> Law:
    def law(
        layer: int, shape: Shape, scale: float, normals: Callable[[], np.ndarray]
    ) -> np.ndarray:
        return normals().astype(np.float64) * deviation(scale)

    return law


def _fixed(pattern: Pattern) -> Law:
    def law(
        layer: int, shape: Shape, scale: float, normals: Callable[[], np.ndarray]
    ) -> np.ndarray:
        return pattern(layer, *shape[1:])[np.newaxis]

    return law


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


LAWS: dict[str, Law | None] = {
    "zero": None,
    "gaussian": _normal(lambda scale: scale),
    "large": _fixed(_large),
    "one-hot": _fixed(_one_hot),
    # Ten preactivations: the biases mostly decide which piece wins, anew in every network.
    "scaled": _normal(lambda scale: 10.0),
    "mixed": _fixed(_mixed),
    "shifted": _fixed(_shifted),
}

NASTY = ("large", "one-hot", "scaled", "mixed", "shifted")
"""Laws of the setting "any" that are neither zero nor N(0, c/fan_in)."""
