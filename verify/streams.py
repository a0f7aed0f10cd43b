"""Streams of draws: every random number belongs to (root seed, name, shard, layer, role).

A shard is a fixed number of samples, so which worker draws it, in what order, and how much memory
there is cannot change a number. Source of the keying: NumPy's SeedSequence spawn keys.

Two kinds: ``pcg`` draws everything on the CPU by NumPy's PCG64, the fastest there. ``philox`` draws
the weights of networks by Philox4x32-10 where they are used, which a GPU can do for itself and
which ``maxout.verify.philox`` repeats on the CPU; what is few or drawn on the CPU in any case
(inputs, biases, order statistics, chains) comes from PCG64 all the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from maxout.verify import philox

KINDS = ("pcg", "philox")

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
      kind: "pcg" or "philox", how the weights of networks are drawn.
    """

    seed: int
    name: str
    shard: int
    kind: str = "pcg"

    def __post_init__(self) -> None:
        # SeedSequence pads the entropy to four words: longer seeds could collide with spawn keys.
        if not 0 <= self.seed < 2**128:
            raise ValueError(f"seed must be an integer from 0 to 2^128 - 1; got {self.seed}")
        if not 0 <= self.shard < 2**32:
            raise ValueError(f"shard must be an integer from 0 to 2^32 - 1; got {self.shard}")
        if self.kind not in KINDS:
            raise ValueError(f"stream must be {' or '.join(KINDS)}; got {self.kind!r}")

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

    def weights(self, layer: int) -> Weights:
        """Return what draws the weights of one layer, tile after tile from the first network."""
        if self.kind == "philox":
            return PhiloxWeights(philox.key_of(self.seed, self.name), self.shard, layer)
        return PcgWeights(self.generator(layer, WEIGHTS))


class Weights(Protocol):
    """Draws the weights of one layer, network after network."""

    def draw(
        self, shape: tuple[int, int, int, int], device: torch.device, dtype: torch.dtype
    ) -> torch.Tensor:
        """Return N(0, 1) weights (networks, units, pieces, fan_in) of the next networks."""


@dataclass
class PcgWeights:
    """Weights read on from a generator: on the CPU whatever the device."""

    generator: np.random.Generator

    def draw(
        self, shape: tuple[int, int, int, int], device: torch.device, dtype: torch.dtype
    ) -> torch.Tensor:
        return fill_normal(self.generator, torch.empty(shape, dtype=dtype)).to(device)


@dataclass
class PhiloxWeights:
    """Weights from counters, on the device itself."""

    key: tuple[int, int]
    shard: int
    layer: int
    network: int = 0

    def draw(
        self, shape: tuple[int, int, int, int], device: torch.device, dtype: torch.dtype
    ) -> torch.Tensor:
        out = torch.empty(shape, dtype=dtype, device=device)
        philox.fill_weights(out, self.key, self.shard, self.layer, WEIGHTS, self.network)
        self.network += shape[0]
        return out


def fill_normal(generator: np.random.Generator, out: torch.Tensor) -> torch.Tensor:
    """Fill a contiguous CPU tensor with N(0, 1) draws in its own precision, and return it."""
    view = out.numpy()
    generator.standard_normal(out=view, dtype=view.dtype)
    return out
