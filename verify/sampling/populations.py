"""What can be sampled: populations, drawn shard by shard into arrays of one value a sample."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import sympy as sp

from maxout.theory.field import Field, integer
from maxout.verify.sampling.streams import Stream

if TYPE_CHECKING:  # planning draws nothing, and does without PyTorch
    import torch

    from maxout.verify.sampling.networks import Sampler

Arrays = dict[str, np.ndarray]

SHARD_DRAWS = 1 << 22
"""Draws of one shard, about: some fifty milliseconds of work, so that a run can be interrupted."""

SAMPLES = Field(
    "simulate",
    sp.Symbol("simulate"),
    "an integer from 100 to 100,000,000",
    (10_000,),
    "networks to sample",
    integer(100, 10**8),
)


@dataclass(frozen=True)
class Setting:
    """Where and in which precision networks are computed. Laws are always drawn in float64."""

    device: torch.device
    dtype: torch.dtype


class Population(Protocol):
    """Something with independent samples, drawn in shards of a fixed number."""

    @property
    def name(self) -> str:
        """Names the streams: two populations of one name are the same draws."""

    @property
    def arrays(self) -> tuple[str, ...]:
        """Names of the arrays of every shard."""

    @property
    def shard_size(self) -> int:
        """Samples of one shard; depends on the population alone."""

    def memory(self, setting: Setting) -> tuple[int, str]:
        """Bytes in use while a shard is drawn, and what they hold."""

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        """Draw one shard."""


def shard_size(draws_per_sample: int) -> int:
    """Samples of a shard whose samples take so many draws."""
    return max(1, SHARD_DRAWS // draws_per_sample)


@dataclass(frozen=True)
class _Sampled:
    sampler: Sampler

    @property
    def shard_size(self) -> int:
        return shard_size(self.sampler.weights)

    def _describe(self, kind: str) -> str:
        s = self.sampler
        return f"{kind}/{s.network}/{s.biases}/{','.join(map(str, s.cosines))}/{s.norm}"

    def memory(self, setting: Setting) -> tuple[int, str]:
        tile = self.sampler.tile_size(setting.dtype)
        networks = "one network" if tile == 1 else f"a tile of {tile} networks"
        return self.sampler.tile_bytes(setting.dtype), f"{networks} {self.sampler.network}"


@dataclass(frozen=True)
class Networks(_Sampled):
    """Sampled networks: ``gain`` ||J u||^2, ``hidden`` the same before the output layer, and
    ``length`` ||x||^2 of the last hidden layer; ``gain/COSINE`` and ``hidden/COSINE`` along the
    sampler's other directions.

    In float64 the derivatives are automatic; float32 on the CPU is the fast way, ``layerwise``."""

    @property
    def arrays(self) -> tuple[str, ...]:
        along = (f"{name}{end}" for name in ("gain", "hidden") for end in self.sampler.endings)
        return ("length", *along)

    @property
    def name(self) -> str:
        return self._describe("networks")

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        import torch

        from maxout.verify.sampling import layerwise

        parts: list[Arrays] = []
        if setting.dtype == torch.float32 and setting.device.type == "cpu":
            parts = [*layerwise.squared_norms(self.sampler, stream, self.shard_size)]
            return concatenate(parts)
        for tile in self.sampler.tiles(stream, self.shard_size, setting.device, setting.dtype):
            (activations, _), along = tile.push_all()
            found = {"length": _squared_norm(activations)}
            for ending, (hidden, outputs) in zip(self.sampler.endings, along, strict=True):
                found[f"gain{ending}"] = _squared_norm(outputs)
                found[f"hidden{ending}"] = _squared_norm(hidden)
            parts.append(found)
        return concatenate(parts)


@dataclass(frozen=True)
class Along:
    """Networks seen along one of their directions: the draws are those of ``networks``.

    One network is one observation of every direction. Verdicts about two of them are dependent,
    which the sum of their alphas does not mind.
    """

    networks: Networks
    cosine: float

    @property
    def arrays(self) -> tuple[str, ...]:
        return self.networks.arrays

    @property
    def name(self) -> str:
        return self.networks.name

    @property
    def shard_size(self) -> int:
        return self.networks.shard_size

    def memory(self, setting: Setting) -> tuple[int, str]:
        return self.networks.memory(setting)

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        return self.networks.draw(stream, setting)

    def view(self, arrays: Arrays) -> Arrays:
        """The arrays of this direction, named as if it were the only one."""
        s = self.networks.sampler
        ending = s.endings[s.cosines.index(self.cosine)]
        return {
            "gain": arrays[f"gain{ending}"],
            "hidden": arrays[f"hidden{ending}"],
            "length": arrays["length"],
        }


@dataclass(frozen=True)
class Spectra(_Sampled):
    """Sampled networks of one width n, inputs included: ``growth`` (samples, n).

    Column j is ln |R_jj| a layer, where the hidden layers' Jacobian maps an orthonormal frame that
    starts with x onto Q R: the growth of the j-th direction apart from those before it.
    """

    @property
    def arrays(self) -> tuple[str, ...]:
        return ("growth",)

    @property
    def name(self) -> str:
        return self._describe("spectra")

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        import torch

        parts: list[Arrays] = []
        layers = len(self.sampler.network.widths)
        for tile in self.sampler.tiles(stream, self.shard_size, setting.device, setting.dtype):
            jacobian = tile.hidden_jacobian().double()
            x = tile.x.double()
            others = torch.eye(x.shape[1], dtype=x.dtype, device=x.device)[1:]
            columns = torch.cat([x.unsqueeze(1), others.expand(len(x), -1, -1)], dim=1).mT
            frame = torch.linalg.qr(columns).Q
            upper = torch.linalg.qr(jacobian @ frame).R
            growth = upper.diagonal(dim1=1, dim2=2).abs().log() / layers
            parts.append({"growth": growth.cpu().numpy()})
        return concatenate(parts)


def concatenate(parts: list[Arrays]) -> Arrays:
    """Join arrays of consecutive samples."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _squared_norm(values: torch.Tensor) -> np.ndarray:
    return values.double().square().sum(dim=1).cpu().numpy()


def shards_for(population: Population, samples: int) -> int:
    """Shards that hold at least so many samples."""
    return math.ceil(samples / population.shard_size)
