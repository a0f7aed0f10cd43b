"""Pairs of units: the two inputs of a kernel, one unit of rank K at a time; and length chains."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from maxout.theory.network import Network
from maxout.verify.chain import largest_normal
from maxout.verify.constants import weight_variance
from maxout.verify.populations import Arrays, Setting, shard_size
from maxout.verify.streams import UNITS, Stream


@dataclass(frozen=True)
class UnitPairs:
    """K pairs (X_k, Y_k) of standard normals with correlation rho.

    ``product``: max X max Y; ``same``: whether one piece wins both; ``slope``: the derivative of
    ``product`` by rho along Y = rho X + sqrt(1-rho^2) Z, whose mean is the derivative of the mean.
    With V = (X - rho Y)/sqrt(1-rho^2), which is independent of Y, and k* the winner of Y, it is
    max X V_{k*}/sqrt(1-rho^2).
    """

    rank: int
    rho: float

    @property
    def name(self) -> str:
        return f"unit pairs/{self.rank}/{self.rho}"

    @property
    def shard_size(self) -> int:
        return shard_size(2 * self.rank)

    def memory(self, setting: Setting) -> tuple[int, str]:
        return 8 * 4 * self.rank * self.shard_size, f"a shard of pairs of rank {self.rank}"

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        sine = math.sqrt((1 - self.rho) * (1 + self.rho))
        x, z = stream.generator(0, UNITS).standard_normal((2, self.shard_size, self.rank))
        y = self.rho * x + sine * z
        rows = np.arange(self.shard_size)
        first, second = x.argmax(axis=1), y.argmax(axis=1)
        largest = x[rows, first]
        found: Arrays = {"product": largest * y[rows, second], "same": first == second}
        if sine > 0:
            across = sine * x[rows, second] - self.rho * z[rows, second]
            found["slope"] = largest * across / sine
        return found


@dataclass(frozen=True)
class LengthLaw:
    """Draws of the right side of the activation length's law, ``length``: no weights, Xi alone."""

    network: Network
    norm: float
    variance: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "variance", weight_variance(self.network))

    @property
    def name(self) -> str:
        return f"length law/{self.network}/{self.norm}"

    @property
    def shard_size(self) -> int:
        return shard_size(sum(self.network.widths) * self.network.rank)

    def memory(self, setting: Setting) -> tuple[int, str]:
        return 8 * 3 * max(self.network.widths) * self.shard_size, "a shard of lengths"

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        # Both terms of the law share their factors: one product forward, one sum of what is added.
        added = 1.0 if self.network.bias == "gaussian" else 0.0
        factors = []
        for layer, units in enumerate(self.network.widths, start=1):
            shape = (self.shard_size, units)
            largest = largest_normal(stream.generator(layer, UNITS), self.network.rank, shape)
            factors.append(self.variance / units * np.sum(largest**2, axis=1))
        length = (self.norm**2 + added) / self.network.inputs * np.prod(factors, axis=0)
        for j in range(1, len(factors)):
            length = length + added / self.network.widths[j - 1] * np.prod(factors[j:], axis=0)
        return {"length": length}


@dataclass(frozen=True)
class BackwardFrame:
    """Draws of the law of ||dN/db^(layer)||^2 at zero bias by the backward frame, ``biases``."""

    network: Network
    layer: int
    variance: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "variance", weight_variance(self.network))

    @property
    def name(self) -> str:
        return f"backward frame/{self.network}/{self.layer}"

    @property
    def shard_size(self) -> int:
        return shard_size(sum(self.network.widths) * self.network.rank)

    def memory(self, setting: Setting) -> tuple[int, str]:
        return 8 * 3 * max(self.network.widths) * self.shard_size, "a shard of frames"

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        count, widths = self.shard_size, self.network.widths
        last = stream.generator(self.network.depth)
        along = last.chisquare(1, count) / widths[-1]
        across = _chi2(last, widths[-1] - 1, count) / widths[-1]
        for layer in range(len(widths) - 1, self.layer - 1, -1):  # from layer + 1 back to layer
            above, here = widths[layer], widths[layer - 1]
            generator = stream.generator(layer, UNITS)
            largest = largest_normal(generator, self.network.rank, (count, above))
            scale = self.variance / here
            whole = along + across
            along = scale * np.sum(largest**2, axis=1) * along
            across = scale * _chi2(stream.generator(layer), here - 1, count) * whole
        return {"biases": along + across}


def _chi2(generator: np.random.Generator, freedom: int, count: int) -> np.ndarray:
    return generator.chisquare(freedom, count) if freedom else np.zeros(count)
