"""Single units: order statistics and equicorrelated normals, drawn directly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from maxout.verify.sampling.populations import Arrays, Setting, shard_size
from maxout.verify.sampling.streams import UNITS, Stream

if TYPE_CHECKING:  # planning draws nothing, and does without Numba
    from maxout.verify.sampling.draws import Draws

_DIRECT = 64
"""Largest number of pieces drawn one by one; beyond it the extreme is drawn by its quantile."""


@dataclass(frozen=True)
class Extremes:
    """Extremes over ``rank`` pieces, one array each: ``largest`` of N(0, 1), ``chi2_largest`` and
    ``chi2_smallest`` of chi^2_1. ``cells`` units are pooled: all extremes are over rank * cells.
    """

    rank: int
    cells: int = 1

    @property
    def arrays(self) -> tuple[str, ...]:
        return ("largest", "chi2_largest", "chi2_smallest")

    @property
    def name(self) -> str:
        return f"extremes/{self.rank}/{self.cells}"

    @property
    def pieces(self) -> int:
        return self.rank * self.cells

    @property
    def shard_size(self) -> int:
        return shard_size(min(self.pieces, _DIRECT))

    def memory(self, setting: Setting) -> tuple[int, str]:
        return 8 * 6 * self.shard_size, f"a shard of units of rank {self.rank}"

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        generator = stream.generator(0, UNITS)
        if self.pieces > _DIRECT:
            return self._by_quantile(generator)
        units = [self._unit(generator) for _ in range(self.cells)]
        return {
            "largest": np.max([unit["largest"] for unit in units], axis=0),
            "chi2_largest": np.max([unit["chi2_largest"] for unit in units], axis=0),
            "chi2_smallest": np.min([unit["chi2_smallest"] for unit in units], axis=0),
        }

    def _unit(self, generator: Draws) -> Arrays:
        first = generator.standard_normal(self.shard_size)
        largest, high, low = first.copy(), np.abs(first), np.abs(first)
        for _ in range(self.rank - 1):
            piece = generator.standard_normal(self.shard_size)
            np.maximum(largest, piece, out=largest)
            np.maximum(high, np.abs(piece), out=high)
            np.minimum(low, np.abs(piece), out=low)
        return {"largest": largest, "chi2_largest": high**2, "chi2_smallest": low**2}

    def _by_quantile(self, generator: Draws) -> Arrays:
        # U^{1/K} is the largest of K uniforms; its distance from 1 keeps the digits.
        def gap() -> np.ndarray:
            tail = -np.expm1(np.log(generator.random(self.shard_size)) / self.pieces)
            # A draw of exactly 1 would be an infinite extreme.
            return np.maximum(tail, np.finfo(float).tiny)

        return {
            "largest": -special.ndtri(gap()),
            "chi2_largest": 2 * special.erfcinv(gap()) ** 2,
            "chi2_smallest": 2 * special.erfinv(gap()) ** 2,
        }


@dataclass(frozen=True)
class Ordered:
    """``places``: ``rank`` normals in order, the smallest first, (samples, rank)."""

    rank: int

    @property
    def arrays(self) -> tuple[str, ...]:
        return ("places",)

    @property
    def name(self) -> str:
        return f"ordered/{self.rank}"

    @property
    def shard_size(self) -> int:
        return shard_size(4 * self.rank)  # sorting takes longer than drawing

    def memory(self, setting: Setting) -> tuple[int, str]:
        return 8 * 2 * self.rank * self.shard_size, f"a shard of units of rank {self.rank}"

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        pieces = stream.generator(0, UNITS).standard_normal((self.shard_size, self.rank))
        return {"places": np.sort(pieces, axis=1)}


@dataclass(frozen=True)
class Windows:
    """``one`` and ``other``: the largest over ``rank`` pieces and ``cells`` cells, of two windows.

    Features of one piece have correlation ``rho`` in any two of the cells of both.
    """

    rank: int
    cells: int
    rho: float

    @property
    def arrays(self) -> tuple[str, ...]:
        return ("one", "other")

    @property
    def name(self) -> str:
        return f"pooled-windows/{self.rank}/{self.cells}/{self.rho}"

    @property
    def shard_size(self) -> int:
        return shard_size(self.rank * (2 * self.cells + 1))

    def memory(self, setting: Setting) -> tuple[int, str]:
        return 8 * 8 * self.shard_size, f"a shard of windows of {self.cells} cells"

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        generator = stream.generator(0, UNITS)
        found = np.full((2, self.shard_size), -np.inf)
        for _ in range(self.rank):
            shared = math.sqrt(self.rho) * generator.standard_normal(self.shard_size)
            for window in found:
                for _ in range(self.cells):
                    own = math.sqrt(1 - self.rho) * generator.standard_normal(self.shard_size)
                    np.maximum(window, shared + own, out=window)
        return {"one": found[0], "other": found[1]}


@dataclass(frozen=True)
class Equicorrelated:
    """``size`` standard normals of common correlation ``rho``.

    ``positive``: all positive; ``score``: that times the derivative of the log-density in rho, so
    that its mean is the derivative of the probability.
    """

    size: int
    rho: float

    @property
    def arrays(self) -> tuple[str, ...]:
        return ("positive", "score")

    @property
    def name(self) -> str:
        return f"equicorrelated/{self.size}/{self.rho}"

    @property
    def shard_size(self) -> int:
        return shard_size(self.size)

    def memory(self, setting: Setting) -> tuple[int, str]:
        return 8 * 4 * self.size * self.shard_size, f"a shard of {self.size} normals"

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        m = self.size
        z = stream.generator(0, UNITS).standard_normal((self.shard_size, m))
        mean = z.mean(axis=1, keepdims=True)
        # The covariance has eigenvalue a along (1, ..., 1) and b across.
        a, b = 1 + (m - 1) * self.rho, 1 - self.rho
        values = math.sqrt(b) * (z - mean) + math.sqrt(a) * mean
        positive = np.all(values > 0, axis=1)
        along = m * mean[:, 0] ** 2  # chi^2_1; what remains is chi^2_{m-1}
        across = np.sum(z**2, axis=1) - along
        score = ((m - 1) * (along - 1) / a - (across - (m - 1)) / b) / 2
        return {"positive": positive, "score": np.where(positive, score, 0.0)}

    def score_variance(self) -> float:
        """Fisher information of rho: a bound of the variance of ``score``."""
        m = self.size
        a, b = 1 + (m - 1) * self.rho, 1 - self.rho
        return ((m - 1) ** 2 / a**2 + (m - 1) / b**2) / 2


@dataclass(frozen=True)
class HalfNormals:
    """Y ~ N(0, rho/(1-rho)) and ``size`` standard normals.

    ``below``: all |Z_i| <= |Y|; ``above``: all |Z_i| >= |Y|; ``score`` as for ``Equicorrelated``.
    """

    size: int
    rho: float

    @property
    def arrays(self) -> tuple[str, ...]:
        return ("below", "above", "score")

    @property
    def name(self) -> str:
        return f"half-normals/{self.size}/{self.rho}"

    @property
    def shard_size(self) -> int:
        return shard_size(self.size + 1)

    def memory(self, setting: Setting) -> tuple[int, str]:
        return 8 * 4 * self.size * self.shard_size, f"a shard of {self.size} normals"

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        generator = stream.generator(0, UNITS)
        base = generator.standard_normal(self.shard_size)
        y = math.sqrt(self.rho / (1 - self.rho)) * base
        z = generator.standard_normal((self.shard_size, self.size))
        size, bound = np.abs(z), np.abs(y)[:, None]
        below = np.all(size <= bound, axis=1)
        # d ln density / d variance, times d variance / d rho = variance / (rho (1 - rho)).
        score = (base**2 - 1) / (2 * self.rho * (1 - self.rho))
        return {
            "below": below,
            "above": np.all(size >= bound, axis=1),
            "score": np.where(below, score, 0.0),
        }

    def score_variance(self) -> float:
        """Fisher information of rho: a bound of the variance of ``score``."""
        return 1 / (2 * (self.rho * (1 - self.rho)) ** 2)
