"""Data of one run, drawn so that the truth about it is known from the theory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import torch

from maxout.theory.catalogue import CATALOGUE
from maxout.theory.network import Network
from maxout.verify.sampling.law_population import Law
from maxout.verify.sampling.networks import Layer, Sampler, Tile
from maxout.verify.sampling.populations import Setting
from maxout.verify.sampling.streams import UNITS, Stream

CPU = Setting(torch.device("cpu"), torch.float64)

Extreme = Literal["largest", "chi2_largest", "chi2_smallest"]


@dataclass(frozen=True)
class Unit:
    """A power of an extreme of K normals or chi-squares, one unit an observation."""

    rank: int
    extreme: Extreme
    power: int

    def __call__(self, stream: Stream, samples: int) -> np.ndarray:
        pieces = stream.generator(0, UNITS).standard_normal((self.rank, samples))
        if self.extreme == "largest":
            return np.max(pieces, axis=0) ** self.power
        extreme = np.max if self.extreme == "chi2_largest" else np.min
        return extreme(np.abs(pieces), axis=0) ** (2 * self.power)


@dataclass(frozen=True)
class Gain:
    """||J u||^2 of networks at zero bias (moving frame) or gaussian biases (angles)."""

    network: Network
    cosine: float
    norm: float = 1.0

    @cached_property
    def law(self) -> Law:
        key = "jacobian.frame.law" if self.network.bias == "zero" else "jacobian.law.gaussian"
        return Law.of(CATALOGUE[key], self.network, {"cosine": self.cosine, "norm": self.norm})

    def __call__(self, stream: Stream, samples: int) -> np.ndarray:
        return self.law.sample(stream, samples)


@dataclass(frozen=True)
class LogLength:
    """ln r, r = ||(Xi_1, ..., Xi_n)||: the logarithmic growth of a layer along its input."""

    rank: int
    width: int

    def __call__(self, stream: Stream, samples: int) -> np.ndarray:
        pieces = stream.generator(0, UNITS).standard_normal((self.rank, samples, self.width))
        return np.sqrt(np.sum(np.max(pieces, axis=0) ** 2, axis=1))


@dataclass(frozen=True)
class Orthant:
    """Whether all of ``size`` normals of common correlation ``rho`` >= 0 are positive."""

    size: int
    rho: float

    def __call__(self, stream: Stream, samples: int) -> np.ndarray:
        generator = stream.generator(0, UNITS)
        common = math.sqrt(self.rho) * generator.standard_normal(samples)
        own = math.sqrt(1 - self.rho) * generator.standard_normal((self.size, samples))
        return np.all(own > -common, axis=0)


@dataclass(frozen=True)
class Kinks:
    """Changes of the winner on a half turn of the input, of one layer of ``units`` units of rank 2.

    A unit changes its winner where the difference of its two weight vectors is across the input:
    once on every half turn, at a uniform angle. Counted on an arc of ``share`` of a half turn.
    """

    units: int
    share: float

    def __call__(self, stream: Stream, samples: int) -> np.ndarray:
        difference = stream.generator(0, UNITS).standard_normal((samples, self.units, 2))
        angle = np.arctan2(difference[..., 1], difference[..., 0]) % np.pi
        return (angle < self.share * np.pi).sum(axis=1).astype(float)


@dataclass(frozen=True)
class Regrouped:
    """||J u||^2 of real networks whose channels are grouped by stride: unit i owns i, i + n, ...

    The weights and biases are those of the contiguous grouping, channel by channel.
    """

    sampler: Sampler
    strided: bool

    def __call__(self, stream: Stream, samples: int) -> np.ndarray:
        parts = []
        for tile in self.sampler.tiles(stream, samples, CPU.device, CPU.dtype):
            layers = [*map(_by_stride, tile.layers[:-1]), tile.layers[-1]]
            used = Tile(layers, tile.x, tile.u) if self.strided else tile
            _, (_, outputs) = used.push()
            parts.append(outputs.square().sum(dim=1).numpy())
        return np.concatenate(parts)


def _by_stride(layer: Layer) -> Layer:
    networks, units, pieces, fan_in = layer.weights.shape
    weights = layer.weights.reshape(networks, pieces, units, fan_in).transpose(1, 2)
    biases = layer.biases
    if biases is not None:
        channels = biases.expand(networks, units, pieces).reshape(networks, pieces, units)
        biases = channels.transpose(1, 2)
    return Layer(weights.contiguous(), layer.scale, biases)


@dataclass(frozen=True)
class Pair:
    """Two samples of their own streams; with ``reused`` the second reads the first one's stream."""

    first: Gain
    second: Gain
    reused: bool = False

    def __call__(self, stream: Stream, samples: int) -> tuple[np.ndarray, np.ndarray]:
        other = Stream(stream.seed, stream.name + "/other", stream.shard)
        return self.first(stream, samples), self.second(stream if self.reused else other, samples)
