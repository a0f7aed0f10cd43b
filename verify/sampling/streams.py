"""Streams of draws: every random number belongs to (root seed, name, shard, layer, role).

A shard is a fixed number of samples, so which worker draws it, in what order, and how much memory
there is cannot change a number. Source of the keying: NumPy's SeedSequence spawn keys.

Four kinds: ``pcg`` draws everything on the CPU by NumPy's PCG64, the same on every machine.
``philox`` draws the weights of networks by Philox4x32-10 where they are used, which a GPU can do
for itself and which ``philox`` repeats on the CPU. ``fused`` are the same draws, made
within the kernel that uses them (``fused``). ``sfc64`` draws them on the CPU by
NumPy's SFC64, in bulk (``sfc64``), in float32 the fastest there. What is few or drawn
on the CPU in any case (inputs, biases, order statistics, chains) comes from PCG64 all the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from maxout.numerics.run_fields import SEED
from maxout.theory.errors import DomainError
from maxout.verify.run_setting import STREAMS
from maxout.verify.sampling import sfc64

if TYPE_CHECKING:  # planning draws nothing, and does without PyTorch
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
      kind: one of ``run_setting.STREAMS``, how the weights of networks are drawn.
    """

    seed: int
    name: str
    shard: int
    kind: str = "pcg"

    def __post_init__(self) -> None:
        # SeedSequence pads the entropy to four words: longer seeds could collide with spawn keys.
        SEED(self.seed)
        if not 0 <= self.shard < 2**32:
            raise DomainError(f"shard must be an integer from 0 to 2^32 - 1; got {self.shard}")
        if self.kind not in STREAMS:
            raise DomainError(f"stream must be one of {', '.join(STREAMS)}; got {self.kind!r}")

    def generator(self, layer: int, role: int = WEIGHTS) -> np.random.Generator:
        """Return the generator of one layer and role, always from its beginning.

        PCG64 was the fastest of NumPy's generators for normals in either precision, and its
        ziggurat takes draws one after the other: reading them in pieces changes nothing.
        """
        return np.random.Generator(np.random.PCG64(self._sequence(layer, role)))

    def symbol(self, label: str) -> np.random.Generator:
        """Return the generator of one random symbol, always from its beginning."""
        return np.random.Generator(np.random.PCG64(self._sequence(*_words(label))))

    def _sequence(self, *place: int) -> np.random.SeedSequence:
        key = (*_words(self.name), self.shard, *place)
        return np.random.SeedSequence(self.seed, spawn_key=key)

    def weights(self, layer: int) -> Weights:
        """Return what draws the weights of one layer, tile after tile from the first network."""
        if self.kind in ("philox", "fused"):
            from maxout.verify.sampling import philox

            return PhiloxWeights(philox.key_of(self.seed, self.name), self.shard, layer)
        if self.kind == "sfc64":
            return Sfc64Weights(sfc64.generator(self.seed, self.name, self.shard, layer))
        return PcgWeights(self.generator(layer, WEIGHTS))


def _words(name: str) -> tuple[int, ...]:
    digest = hashlib.sha256(name.encode()).digest()
    return tuple(int(word) for word in np.frombuffer(digest[:16], dtype="<u4"))


class Weights(Protocol):
    """Draws the weights of one layer, network after network."""

    def fill(self, out: torch.Tensor) -> torch.Tensor:
        """Fill (networks, units, pieces, fan_in) with N(0, 1) of the next networks; return it."""


@dataclass
class PcgWeights:
    """Weights read on from a generator: on the CPU whatever the device."""

    generator: np.random.Generator

    def fill(self, out: torch.Tensor) -> torch.Tensor:
        if out.device.type == "cpu":
            return fill_normal(self.generator, out)
        drawn = fill_normal(self.generator, out.new_empty(out.shape, device="cpu"))
        return out.copy_(drawn)


@dataclass
class PhiloxWeights:
    """Weights from counters, on the device itself."""

    key: tuple[int, int]
    shard: int
    layer: int
    network: int = 0

    def fill(self, out: torch.Tensor) -> torch.Tensor:
        from maxout.verify.sampling import philox

        philox.fill_weights(out, self.key, self.shard, self.layer, WEIGHTS, self.network)
        self.network += out.shape[0]
        return out


@dataclass
class Sfc64Weights:
    """Weights from NumPy's SFC64 in bulk, tile after tile: on the CPU whatever the device.

    They lie in the order (networks, fan_in, units, pieces), in which products take them. A tile's
    draws are made in blocks, so the tiles belong to the stream: their size depends on the
    architecture and the precision alone.
    """

    generator: np.random.Generator

    def fill(self, out: torch.Tensor) -> torch.Tensor:
        inner = out.permute(0, 3, 1, 2)
        drawn = out.new_empty(inner.shape, device="cpu")
        sfc64.fill_normal(self.generator, drawn.numpy())
        inner.copy_(drawn)
        return out


def fill_normal(generator: np.random.Generator, out: torch.Tensor) -> torch.Tensor:
    """Fill a contiguous CPU tensor with N(0, 1) draws in its own precision, and return it."""
    view = out.numpy()
    generator.standard_normal(out=view, dtype=view.dtype)
    return out
