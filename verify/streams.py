"""Streams of draws: every random number belongs to (root seed, name, shard, layer, role).

A shard is a fixed number of samples, so which worker draws it, in what order, and how much memory
there is cannot change a number. Source of the keying: NumPy's SeedSequence spawn keys.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch

WEIGHTS = 0
BIASES = 1
INPUTS = 2
UNITS = 3
"""Roles: what the draws of one layer are for, so that no two purposes share a stream."""


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
        # SeedSequence pads the entropy to four words: longer seeds could collide with spawn keys.
        if not 0 <= self.seed < 2**128:
            raise ValueError(f"seed must be an integer from 0 to 2^128 - 1; got {self.seed}")
        if not 0 <= self.shard < 2**32:
            raise ValueError(f"shard must be an integer from 0 to 2^32 - 1; got {self.shard}")

    def generator(self, layer: int, role: int = WEIGHTS) -> np.random.Generator:
        """Return the generator of one layer and role, always from its beginning.

        PCG64 was the fastest of NumPy's generators for normals in either precision, and its
        ziggurat takes draws one after the other: reading them in pieces changes nothing.
        """
        digest = hashlib.sha256(self.name.encode()).digest()
        words = np.frombuffer(digest[:16], dtype="<u4")
        key = (*(int(word) for word in words), self.shard, layer, role)
        return np.random.Generator(
            np.random.PCG64(np.random.SeedSequence(self.seed, spawn_key=key))
        )


def fill_normal(generator: np.random.Generator, out: torch.Tensor) -> torch.Tensor:
    """Fill a contiguous CPU tensor with N(0, 1) draws in its own precision, and return it."""
    view = out.numpy()
    generator.standard_normal(out=view, dtype=view.dtype)
    return out
