"""Chains of a few numbers a layer that stand for networks with gaussian biases.

Two facts leave four random numbers of a layer of n units: with x' = s |(x, 1)| Xi and
u' = s |u| (v sin + Xi cos), only r = ||Xi||, g = v . Xi / r ~ N(0, 1) and the rest of ||v||^2, a
chi^2 of n - 1 degrees of freedom, enter norms and inner product, and none depends on c. So one draw
serves every c. ``maxout.verify.chain.angle_steps`` draws all units instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from maxout.verify.chain import largest_normal
from maxout.verify.streams import INPUTS, UNITS, WEIGHTS, Stream

Array = np.ndarray
SHARD = 1000
"""Networks drawn together; a stream of its own each."""


@dataclass(frozen=True)
class Chain:
    """Chains of networks with gaussian biases and as many inputs as units.

    Attributes:
      rank, width, depth: K, units of every layer, number of hidden layers.
      variances: values of c, each of which the same draws serve.
    """

    rank: int
    width: int
    depth: int
    variances: Sequence[float]

    def _shards(self, seed: int, name: str, count: int) -> Iterator[tuple[slice, Stream]]:
        for shard, start in enumerate(range(0, count, SHARD)):
            yield slice(start, min(start + SHARD, count)), Stream(seed, name, shard)

    def _radii(self, units: np.random.Generator, count: int) -> Array:
        """||Xi||^2 of one layer, (count,)."""
        largest = largest_normal(units, self.rank, (count, self.width))
        return np.einsum("ij,ij->i", largest, largest)

    def _scales(self) -> Array:
        return np.array(self.variances, dtype=float)[:, None] / self.width

    def lengths(self, seed: int, name: str, count: int, norm: float) -> Array:
        """Draw ||x^(l)||^2, shape (depth, variances, count), for inputs of one norm."""
        found = np.empty((self.depth, len(self.variances), count))
        for part, stream in self._shards(seed, name, count):
            units = stream.generator(0, UNITS)
            length = np.full((len(self.variances), part.stop - part.start), norm**2)
            for layer in range(self.depth):
                length = self._scales() * (length + 1) * self._radii(units, length.shape[1])
                found[layer, :, part] = length
        return found

    def cosines(self, seed: int, name: str, count: int, norm: float, cosine: float) -> Array:
        """Draw the cosines of the angles between the images of x and u.

        Args:
          norm: of x.
          cosine: of the angle between x and u.

        Returns:
          Shape (depth, variances, count).
        """
        found = np.empty((self.depth, len(self.variances), count))
        for part, stream in self._shards(seed, name, count):
            units, gauss, rest = (stream.generator(0, r) for r in (UNITS, WEIGHTS, INPUTS))
            shape = (len(self.variances), part.stop - part.start)
            length, between = np.full(shape, norm**2), np.full(shape, cosine)
            for layer in range(self.depth):
                radii = self._radii(units, shape[1])
                g = gauss.standard_normal(shape[1])
                chi2 = rest.chisquare(self.width - 1, shape[1]) if self.width > 1 else 0.0
                # Of the augmented vectors (x, 1) and (u, 0).
                along = between * np.sqrt(length / (length + 1))
                sine = np.sqrt(np.maximum(1 - along**2, 0))
                straight = np.sqrt(radii) * along + g * sine
                between = straight / np.sqrt(straight**2 + chi2 * sine**2)
                length = self._scales() * (length + 1) * radii
                found[layer, :, part] = between
        return found

    def limit_cosines(self, moment: float, norm: float, cosine: float) -> Array:
        """The cosines in the limit of large width, shape (depth, variances).

        With r^2 = n M_K, g without weight and ||v||^2 = n, cos' = sqrt(M) cos /
        sqrt(1 + cos^2 (M - 1)), the cosine on the right being that of the augmented vectors.

        Args:
          moment: M_K.
        """
        scales = np.array(self.variances, dtype=float)
        length, between = np.full(len(scales), norm**2), np.full(len(scales), cosine)
        found = np.empty((self.depth, len(scales)))
        for layer in range(self.depth):
            along = between * np.sqrt(length / (length + 1))
            between = np.sqrt(moment) * along / np.sqrt(1 + along**2 * (moment - 1))
            # Biases add c/n a unit: nothing beside ||x||^2 c/n where norms grow as sqrt(n).
            length = scales * moment * (length + 1)
            found[layer] = between
        return found
