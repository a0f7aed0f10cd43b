"""Streams of draws: every random number belongs to (root seed, name, shard, layer, role).

A shard is a fixed number of samples, so which worker draws it, in what order, and how much memory
there is cannot change a number; nor can the processor (``kernels``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maxout.numerics.run_fields import SEED
from maxout.theory.errors import DomainError

if TYPE_CHECKING:  # planning draws nothing, and does without Numba
    from maxout.verify.sampling.draws import Draws

WEIGHTS = 0
BIASES = 1
INPUTS = 2
UNITS = 3
MASKS = 4
BRANCH_ENDS = 5
"""Roles: what the draws of one layer are for, so that no two purposes share a counter."""


@dataclass(frozen=True)
class Stream:
    """All draws of one shard.

    Attributes:
      seed: root seed of the run, 0 <= seed < 2^128.
      name: what is sampled; equal names mean equal draws.
      shard: index of the shard, 0 <= shard < 2^32.
    """

    seed: int
    name: str
    shard: int

    def __post_init__(self) -> None:
        SEED(self.seed)
        if not 0 <= self.shard < 2**32:
            raise DomainError(f"shard must be an integer from 0 to 2^32 - 1; got {self.shard}")

    def generator(self, layer: int, role: int = WEIGHTS) -> Draws:
        """Return the draws of one layer and role, from their beginning.

        Their key is of ``maxout/draws/1/SEED/NAME``.
        """
        return self._draws(f"maxout/draws/1/{self.seed}/{self.name}", layer, role)

    def symbol(self, label: str) -> Draws:
        """Return the draws of one random symbol, from their beginning.

        Their key is of ``maxout/draws/1/symbol/SEED/LABEL/NAME``.
        """
        return self._draws(f"maxout/draws/1/symbol/{self.seed}/{label}/{self.name}", 0, UNITS)

    def _draws(self, text: str, layer: int, role: int) -> Draws:
        from maxout.verify.sampling.draws import Draws

        digest = hashlib.sha256(text.encode()).digest()
        key = int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:8], "little")
        return Draws(key, self.shard, layer, role)
