"""Sampled networks as plain arrays: in windows of the plane, and at features.

The networks are those of ``networks.Sampler``; breakpoints, lengths and regions are found exactly
by ``numerics.regions``, which knows nothing of expectations. Always in float64 on the CPU.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from maxout.numerics.regions import (
    MaxoutLayers,
    Subdivision,
    check,
    decision_boundary,
    subdivide,
)
from maxout.numerics.regions.many_segments import ManyLayers
from maxout.verify.sampling.networks import Layer, Sampler, forward
from maxout.verify.sampling.populations import Arrays, Setting, concatenate
from maxout.verify.sampling.streams import BIASES, Stream

CPU = torch.device("cpu")
SHARD = 250
"""Networks of one shard: some tenths of a second, so that a run can be interrupted."""


def concrete_networks(
    sampler: Sampler, stream: Stream, count: int, output_biases: bool = False
) -> Iterator[MaxoutLayers]:
    """Yield sampled networks as plain arrays.

    Args:
      output_biases: whether the outputs have biases N(0, 1/n_{L-1}); they shift the outputs and
        change no gradient.
    """
    last = sampler.network.widths[-1]
    outputs = (count, sampler.network.outputs)
    last_biases = iter(stream.generator(sampler.network.depth, BIASES).of_networks(0, outputs))
    for tile in many_networks(sampler, stream, count):
        weights, biases = tile.output
        for index in range(len(tile)):
            bias = biases[index]
            if output_biases:
                bias = next(last_biases) / np.sqrt(last)
            yield MaxoutLayers(
                [(w[index], b[index]) for w, b in tile.hidden], (weights[index], bias)
            )


def many_networks(sampler: Sampler, stream: Stream, count: int) -> Iterator[ManyLayers]:
    """Yield the networks of ``concrete_networks`` tile by tile, without output biases."""
    for tile in sampler.tiles(stream, count, CPU, torch.float64):
        *hidden, (output, zero) = [
            (
                np.multiply(layer.weights.numpy(), layer.scale, order="C"),
                np.zeros(layer.weights.shape[:3])
                if layer.biases is None
                else layer.biases.expand(layer.weights.shape[:3]).numpy(),
            )
            for layer in tile.layers
        ]
        yield ManyLayers(hidden, (output[:, :, 0], zero[:, :, 0]))


@dataclass(frozen=True)
class Concrete:
    """What populations of plain arrays share."""

    sampler: Sampler

    @property
    def shard_size(self) -> int:
        return SHARD

    def memory(self, setting: Setting) -> tuple[int, str]:
        return self.sampler.tile_bytes(torch.float64), f"networks {self.sampler.network}"

    def describe(self, kind: str) -> str:
        """The beginning of a population's name."""
        return f"{kind}/{self.sampler.network}/{self.sampler.biases}"


@dataclass(frozen=True)
class Windows(Concrete):
    """The regions of each network (n_0 = 2) in the window [-side/2, side/2]^2.

    ``regions``: their number; ``pieces``: of the decision boundary (0 with one output);
    ``right``: whether every deterministic check passed and nothing was undecided.

    Attributes:
      damage: a control: "" or "dropped", where one region is lost from each subdivision.
    """

    side: float
    damage: str = ""

    @property
    def arrays(self) -> tuple[str, ...]:
        return ("regions", "pieces", "right")

    @property
    def name(self) -> str:
        # A damaged subdivision is one of the same networks: it has the same draws.
        return f"{self.describe('windows')}/{self.side}" + (f"/{self.damage}" * bool(self.damage))

    @property
    def shard_size(self) -> int:
        return SHARD // 5

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        half = self.side / 2
        regions, boundary, right = [], [], []
        biased = self.sampler.biases == "gaussian"
        for layers in concrete_networks(self.sampler, stream, self.shard_size, biased):
            found = subdivide(layers, (-half, half, -half, half))
            judged = _without_one(found) if self.damage else found
            report = check(judged, layers)
            regions.append(found.count)
            right.append(report.ok and found.undecided == 0)
            boundary.append(decision_boundary(found).count if layers.outputs > 1 else 0)
        return {
            "regions": np.array(regions, dtype=float),
            "pieces": np.array(boundary, dtype=float),
            "right": np.array(right),
        }


def _without_one(found: Subdivision) -> Subdivision:
    """Drop a region, as a counter would that lost one."""
    kept = np.arange(1, found.count)
    maps = type(found.maps)(found.maps.value[kept], found.maps.error[kept])
    return replace(found, cells=found.cells.take(kept), winners=found.winners[kept], maps=maps)


def _output(layers: list[Layer], x: torch.Tensor) -> torch.Tensor:
    return forward(layers, x)[1]


@dataclass(frozen=True)
class Features(Concrete):
    """``slope``: ||grad zeta(x)||^2 of a pre-activation feature of the last hidden layer, by
    automatic differentiation."""

    @property
    def arrays(self) -> tuple[str, ...]:
        return ("slope",)

    @property
    def name(self) -> str:
        s = self.sampler
        return f"{self.describe('features')}/{s.norm}"

    @property
    def shard_size(self) -> int:
        return max(1, (1 << 21) // self.sampler.weights)

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        parts = []
        for tile in self.sampler.tiles(stream, self.shard_size, setting.device, setting.dtype):
            *before, last, _ = tile.layers
            # The first piece of the first unit, as a linear output.
            piece = replace(
                last,
                weights=last.weights[:, :1, :1],
                biases=None if last.biases is None else last.biases[..., :1, :1],
            )
            layers = [*before, piece]
            feature = partial(_output, layers)
            output, pull = torch.func.vjp(feature, tile.x)  # type: ignore[misc]
            gradient = pull(torch.ones_like(output))[0]
            parts.append({"slope": gradient.double().square().sum(dim=1).cpu().numpy()})
        return concatenate(parts)
