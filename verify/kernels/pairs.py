"""Pairs of units: the two inputs of a kernel, one unit of rank K at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from maxout.verify.sampling.populations import Arrays, Setting, shard_size
from maxout.verify.sampling.streams import UNITS, Stream


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
    def arrays(self) -> tuple[str, ...]:
        return ("product", "same", *(("slope",) if abs(self.rho) < 1 else ()))

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
