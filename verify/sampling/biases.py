"""Bias laws for the statements that hold whatever the biases, as long as they ignore the weights.

Each is a way in which such a statement could fail: pieces that never win, one favoured piece,
biases that drown the inputs, a pattern without symmetry, a shift that turns the activations away
from everything seen so far.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch

from maxout.verify.sampling.streams import fill_normal

Law = Callable[[int, torch.Size, float, np.random.Generator], torch.Tensor]
"""(layer >= 1, shape (networks, units, rank), standard deviation of a weight, generator) -> biases
that broadcast to the shape, on the CPU in float64."""

Pattern = Callable[[int, int, int], torch.Tensor]


def _normal(deviation: Callable[[float], float]) -> Law:
    def law(
        layer: int, shape: torch.Size, scale: float, generator: np.random.Generator
    ) -> torch.Tensor:
        return fill_normal(generator, torch.empty(shape, dtype=torch.float64)) * deviation(scale)

    return law


def _fixed(pattern: Pattern) -> Law:
    def law(
        layer: int, shape: torch.Size, scale: float, generator: np.random.Generator
    ) -> torch.Tensor:
        return pattern(layer, shape[-2], shape[-1])

    return law


def _large(layer: int, units: int, rank: int) -> torch.Tensor:
    # All pieces but the first are out of reach: the network is linear.
    biases = torch.full((units, rank), -1e4, dtype=torch.float64)
    biases[:, 0] = 0
    return biases


def _one_hot(layer: int, units: int, rank: int) -> torch.Tensor:
    return torch.eye(1, rank, dtype=torch.float64).expand(units, rank)


def _mixed(layer: int, units: int, rank: int) -> torch.Tensor:
    index = torch.arange(units * rank, dtype=torch.float64).view(units, rank)
    return torch.cos(1 + 5 * layer + math.sqrt(7) * index)


def _shifted(layer: int, units: int, rank: int) -> torch.Tensor:
    # No piece is favoured, but the activations become nearly constant.
    return torch.full((units, rank), 20.0, dtype=torch.float64)


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
