"""Draws of one purpose: a counter-based generator, read from its beginning.

Layout. The key is the first 64 bits, little-endian, of SHA-256 of a text (``Stream`` says which).
The counter's words are

    c0 = place in the draws, counted from 0
    c1 = network, counted from 0 within the shard; 0 for what no network has
    c2 = shard
    c3 = 8 * layer + role

A counter has four words: four float32 normals, or two float64 normals or uniforms, in order. Weight
(row, input) of a layer of ``rows`` rows (unit * pieces + piece) is normal ``input % 4`` of c0 =
``(input // 4) * rows + row``. A chi-square has a c0 of its own, and one c1 > 0 after another for
the normals and uniforms of its attempts. ``kernels`` and ``fine_kernels`` make numbers of words.

Two finenesses. Weights and biases of networks are float32 normals in networks of either precision:
radii on a grid of 2^31 uniforms, none beyond 6.7, in moments an error of 1e-9 of themselves. What
tails decide (order statistics), what is multiplied over many layers (chains of laws, chi-squares),
and what float64 networks are fed (inputs, directions) is made of 53-bit uniforms: none beyond 8.6.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from maxout.theory.errors import DomainError
from maxout.verify.sampling import fine_kernels, kernels

ROLES = 8
"""Purposes of one layer that the layout can tell apart."""

Shape = int | tuple[int, ...]


class Draws:
    """The draws of one key, shard, layer and role. Not for several threads at once.

    Args:
      key: two words of 32 bits.
      shard, layer: at least 0, below 2^32 and 2^29.
      role: below ``ROLES``.

    Attributes:
      place: (shard, 8 * layer + role, key, key), as ``kernels`` takes it.

    Raises:
      DomainError: of its methods, where 2^32 counters do not suffice.
    """

    def __init__(self, key: tuple[int, int], shard: int, layer: int, role: int) -> None:
        self.place = np.array([shard, ROLES * layer + role, *key], dtype=np.uint32)
        self._next = 0

    def standard_normal(self, shape: Shape = (), dtype: Any = np.float64) -> np.ndarray:
        """Return the next N(0, 1): fine ones in float64, those of weights in float32."""
        out = np.empty(shape, dtype)
        flat = out.reshape(1, -1)
        if out.dtype == np.float32:
            kernels.normals32(flat, self._take(-(-out.size // 4)), 0, self.place)
        else:
            fine_kernels.draw(flat, self._take(-(-out.size // 2)), 0, self.place, True)
        return out

    def random(self, shape: Shape = ()) -> np.ndarray:
        """Return the next uniforms: odd multiples of 2^-53, so neither 0 nor 1."""
        out = np.empty(shape)
        fine_kernels.draw(out.reshape(1, -1), self._take(-(-out.size // 2)), 0, self.place, False)
        return out

    def chisquare(self, freedom: float, shape: Shape = ()) -> np.ndarray:
        """Return the next chi-squares, of 0, 1, or at least 2 degrees of freedom.

        Source: Marsaglia and Tsang 2000.

        Raises:
          DomainError: for another freedom.
        """
        if freedom == 0:
            return np.zeros(shape)
        if freedom == 1:
            return np.square(self.standard_normal(shape))
        if not 2 <= freedom < math.inf:
            raise DomainError(
                f"chi-squares have 0, 1 or at least 2 degrees of freedom; got {freedom}"
            )
        out = np.empty(shape)
        fine_kernels.chisquares(out.reshape(-1), float(freedom), self._take(out.size), self.place)
        return out

    def seed(self) -> int:
        """Return the next 64 bits, for a generator of another library."""
        out = np.empty((4, 1), np.uint32)
        kernels.words(out, self._take(1), 1, 0, self.place)
        return int(out[0, 0]) << 32 | int(out[1, 0])

    def of_networks(self, first: int, shape: tuple[int, ...]) -> np.ndarray:
        """Return float32 N(0, 1), (networks, ...), of networks ``first``, ``first`` + 1, ..."""
        out = np.empty(shape, np.float32)
        kernels.normals32(out.reshape(len(out), -1), 0, first, self.place)
        return out

    def fine_of_networks(self, first: int, shape: tuple[int, ...]) -> np.ndarray:
        """``of_networks`` in float64, of 53-bit uniforms."""
        out = np.empty(shape)
        fine_kernels.draw(out.reshape(len(out), -1), 0, first, self.place, True)
        return out

    def weights(self, first: int, shape: tuple[int, int, int], dtype: Any) -> np.ndarray:
        """Return weights N(0, 1) of networks ``first``, ``first`` + 1, ...

        Args:
          shape: networks, rows, fan_in.
          dtype: float32, or float64 for the same ones widened.

        Returns:
          An array of that shape whose rows are contiguous in memory, as products take them.
        """
        networks, rows, fan_in = shape
        require_layer(rows, fan_in)
        out = np.empty((networks, fan_in, rows), dtype)
        kernels.weights(out, first, self.place)
        return out.transpose(0, 2, 1)

    def _take(self, counters: int) -> int:
        start = self._next
        self._next += counters
        _require(self._next <= 2**32, "draws")
        return start


def require_layer(rows: int, fan_in: int) -> None:
    """Check that a layer's weights have counters.

    Raises:
      DomainError: for about 2^34 weights and more.
    """
    _require(rows * -(-fan_in // 4) <= 2**32, f"a layer of {rows:,} rows of {fan_in:,} weights")


def _require(fits: bool, what: str) -> None:
    if not fits:
        raise DomainError(f"{what}: too large for a counter of 32 bits")
