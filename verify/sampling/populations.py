"""What can be sampled: populations, drawn shard by shard into arrays of one value a sample."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import sympy as sp

from maxout.theory.field import Field, integer
from maxout.verify.sampling.streams import Stream

if TYPE_CHECKING:  # planning draws nothing, and does without PyTorch
    import torch

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


@runtime_checkable
class Together(Population, Protocol):
    """A population of which one call may draw many shards."""

    def together(self, setting: Setting) -> int:
        """Shards that are best drawn by one call."""

    def draw_together(self, streams: Sequence[Stream], setting: Setting) -> list[Arrays]:
        """Draw shards that follow one another."""


def shard_size(draws_per_sample: int) -> int:
    """Samples of a shard whose samples take so many draws."""
    return max(1, SHARD_DRAWS // draws_per_sample)


def concatenate(parts: list[Arrays]) -> Arrays:
    """Join arrays of consecutive samples."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def shards_for(population: Population, samples: int) -> int:
    """Shards that hold at least so many samples."""
    return math.ceil(samples / population.shard_size)
