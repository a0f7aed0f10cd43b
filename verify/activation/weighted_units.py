"""Single units whose weights are not normal, weight by weight."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import sympy as sp
from scipy.special import ndtr, ndtri

from maxout.verify.sampling.populations import Arrays, Setting, shard_size
from maxout.verify.sampling.streams import UNITS, Stream

if TYPE_CHECKING:
    from maxout.verify.sampling.draws import Draws


def _uniform(u: np.ndarray) -> np.ndarray:
    return math.sqrt(3) * (2 * u - 1)


def _truncated(u: np.ndarray) -> np.ndarray:
    """Cut at two standard deviations, and divided by the one that is left."""
    low, density = ndtr(-2.0), math.exp(-2.0) / math.sqrt(2 * math.pi)
    deviation = math.sqrt(1 - 4 * density / (1 - 2 * low))
    return ndtri(low + (1 - 2 * low) * u) / deviation


def _laplace(u: np.ndarray) -> np.ndarray:
    side = 2 * u - 1
    return -np.sign(side) * np.log1p(-np.abs(side)) / math.sqrt(2)


_QUANTILES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "uniform": _uniform,
    "truncated": _truncated,
    "laplace": _laplace,
}
"""Of variance 1."""


@dataclass(frozen=True)
class WeightedUnits:
    """``largest``: max_k W_k.x of units of rank K.

    Attributes:
      law: of the weights, "uniform", "truncated" or "laplace".
      inputs: x.
      rank: K.
      variance: of a weight, exact: a rounded root in the name would be another stream elsewhere.
    """

    law: str
    inputs: tuple[int, ...]
    rank: int
    variance: sp.Expr

    @cached_property
    def deviation(self) -> float:
        """Standard deviation of a weight."""
        return float(sp.sqrt(self.variance).evalf(17))

    @property
    def arrays(self) -> tuple[str, ...]:
        return ("largest",)

    @property
    def name(self) -> str:
        inputs = ",".join(map(str, self.inputs))
        return f"weighted-units/{self.law}/{self.rank}/{self.variance}/{inputs}"

    @property
    def shard_size(self) -> int:
        return shard_size(self.rank * len(self.inputs))

    def memory(self, setting: Setting) -> tuple[int, str]:
        return 8 * 8 * self.shard_size, f"a shard of units of rank {self.rank}"

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        generator = stream.generator(0, UNITS)
        largest = np.full(self.shard_size, -np.inf)
        for _ in range(self.rank):
            np.maximum(largest, self._feature(generator), out=largest)
        return {"largest": self.deviation * largest}

    def _feature(self, generator: Draws) -> np.ndarray:
        found = np.zeros(self.shard_size)
        for x in self.inputs:
            found += x * _QUANTILES[self.law](generator.random(self.shard_size))
        return found


@dataclass(frozen=True)
class InitializedUnits:
    """``largest``: max_k W_k.x, W drawn by the package's own uniform initializer, c = 1/M_K."""

    rank: int
    inputs: tuple[int, ...]

    @property
    def arrays(self) -> tuple[str, ...]:
        return ("largest",)

    @property
    def name(self) -> str:
        return f"initialized-units/{self.rank}/{','.join(map(str, self.inputs))}"

    @property
    def shard_size(self) -> int:
        return shard_size(self.rank * len(self.inputs))

    def memory(self, setting: Setting) -> tuple[int, str]:
        weights = self.shard_size * self.rank * len(self.inputs)
        return 8 * 2 * weights, f"the weights of {self.shard_size:,} units"

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        import torch  # here: planning draws nothing, and does without

        from maxout.nn.initializers import maxout_uniform_

        seed = stream.generator(0, UNITS).seed()
        weights = torch.empty(self.shard_size * self.rank, len(self.inputs), dtype=torch.float64)
        maxout_uniform_(weights, self.rank, generator=torch.Generator().manual_seed(seed))
        features = weights @ torch.tensor(self.inputs, dtype=torch.float64)
        return {"largest": features.view(-1, self.rank).amax(1).numpy()}
