"""Chains of a few numbers a layer that stand for networks with gaussian biases.

Two facts leave four random numbers of a layer of n units: with x' = s |(x, 1)| Xi and
u' = s |u| (v sin + Xi cos), only r = ||Xi||, g = v . Xi / r ~ N(0, 1) and the rest of ||v||^2, a
chi^2 of n - 1 degrees of freedom, enter norms and inner product, and none depends on c. So one draw
serves every c. The law of the catalogue, ``jacobian.law.gaussian``, draws all units instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from maxout.verify.sampling.streams import UNITS, WEIGHTS, Stream

Array = np.ndarray
Start = float | Array
SHARD = 1000
"""Networks drawn together; a stream of its own each."""


_TOGETHER = 1 << 17  # normals of one call: they stay in the cache


@dataclass(frozen=True)
class Chain:
    """Chains of networks with gaussian biases and as many inputs as units.

    Attributes:
      ranks: values of K.
      width, depth: units of every layer, number of hidden layers.
      variances: values of c for each rank, (ranks, values); the same draws serve all of a rank.
    """

    ranks: Sequence[int]
    width: int
    depth: int
    variances: Sequence[Sequence[float]]

    def _shards(self, seed: int, name: str, count: int) -> Iterator[tuple[slice, Stream]]:
        for shard, start in enumerate(range(0, count, SHARD)):
            yield slice(start, min(start + SHARD, count)), Stream(seed, name, shard)

    def _radii(self, stream: Stream, count: int) -> Array:
        """||Xi||^2 of every layer, (depth, ranks, count)."""
        radii = np.empty((self.depth, len(self.ranks), count))
        step = max(1, _TOGETHER // (count * self.width))
        for index, rank in enumerate(self.ranks):
            units = stream.generator(rank, UNITS)
            for start in range(0, self.depth, step):
                part = radii[start : start + step, index]
                shape = (*part.shape, self.width)
                # Single precision: a rounding of 1e-7 is nothing beside the scatter of draws.
                largest = units.standard_normal(shape, dtype=np.float32)
                for _ in range(rank - 1):
                    drawn = units.standard_normal(shape, dtype=np.float32)
                    np.maximum(largest, drawn, out=largest)
                part[:] = np.einsum("lij,lij->li", largest, largest)
        return radii

    def _scales(self) -> Array:
        return np.array(self.variances, dtype=float)[:, :, None] / self.width

    def _empty(self, count: int) -> Array:
        return np.empty((self.depth, *np.shape(self.variances), count))

    def lengths(self, seed: int, name: str, count: int, norm: float) -> Array:
        """Draw ||x^(l)||^2, shape (depth, ranks, variances, count), for inputs of one norm."""
        found = self._empty(count)
        for part, stream in self._shards(seed, name, count):
            length = np.full((*np.shape(self.variances), part.stop - part.start), norm**2)
            for layer, radii in enumerate(self._radii(stream, length.shape[-1])):
                length = self._scales() * (length + 1) * radii[:, None]
                found[layer, ..., part] = length
        return found

    def cosines(
        self, seed: int, name: str, count: int, norm: Start, cosine: Start, augmented: bool = False
    ) -> Array:
        """Draw the cosines of the angles between the images of x and u.

        Args:
          norm: of x; one for all, or an array that broadcasts to (ranks, count).
          cosine: of the angle between x and u; the same.
          augmented: of the angles between (x, 1) and (u, 0) instead.

        Returns:
          Shape (depth, ranks, variances, count).
        """
        starts = [np.broadcast_to(start, (len(self.ranks), count)) for start in (norm, cosine)]
        found, scales = self._empty(count), self._scales()
        for part, stream in self._shards(seed, name, count):
            of_x, between = (start[:, None, part] for start in starts)
            length = of_x**2
            radii = self._radii(stream, length.shape[-1])
            gauss = stream.generator(0, WEIGHTS).standard_normal(radii.shape)
            rest = stream.generator(0, UNITS)
            chi2 = rest.chisquare(self.width - 1, radii.shape) if self.width > 1 else 0 * radii
            lengths_of_xi = np.sqrt(radii)
            for layer in range(self.depth):
                # Of the augmented vectors (x, 1) and (u, 0).
                along2 = between**2 * (length / (length + 1))
                sine2 = np.maximum(1 - along2, 0)
                straight = lengths_of_xi[layer][:, None] * np.copysign(np.sqrt(along2), between)
                straight += gauss[layer][:, None] * np.sqrt(sine2)
                between = straight / np.sqrt(straight**2 + chi2[layer][:, None] * sine2)
                length = scales * (length + 1) * radii[layer][:, None]
                found[layer, ..., part] = _seen(between, length) if augmented else between
        return found

    def limit_cosines(
        self, moments: Sequence[float], norm: Start, cosine: Start, augmented: bool = False
    ) -> Array:
        """The cosines in the limit of large width, shape (depth, ranks, variances).

        With r^2 = n M_K, g without weight and ||v||^2 = n, cos' = sqrt(M) cos /
        sqrt(1 + cos^2 (M - 1)), the cosine on the right being that of the augmented vectors.

        Args:
          moments: M_K of every rank.
          norm, cosine: one for all, or of every rank.
          augmented: as above.
        """
        second = np.array(moments)[:, None]
        scales = np.array(self.variances, dtype=float)
        length, between = (
            np.broadcast_to(np.reshape(start, (-1, 1)), scales.shape)
            for start in (np.square(norm), cosine)
        )
        found = np.empty((self.depth, *scales.shape))
        for layer in range(self.depth):
            along = _seen(between, length)
            between = np.sqrt(second) * along / np.sqrt(1 + along**2 * (second - 1))
            length = scales * second * (length + 1)
            found[layer] = _seen(between, length) if augmented else between
        return found


def _seen(between: Array, length: Array) -> Array:
    """The cosine between (x, 1) and (u, 0), of that between x and u and ||x||^2."""
    return np.asarray(between * np.sqrt(length / (length + 1)))
