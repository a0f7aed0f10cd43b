"""Sampled networks taken one by one, as plain arrays: along curves, in windows, at features.

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
    Pieces,
    Subdivision,
    check,
    count_polyline,
    decision_boundary,
    subdivide,
)
from maxout.verify.sampling.draws import Draws
from maxout.verify.sampling.networks import Layer, Sampler, forward
from maxout.verify.sampling.populations import Arrays, Setting, concatenate
from maxout.verify.sampling.streams import BIASES, UNITS, Stream

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
    for tile in sampler.tiles(stream, count, CPU, torch.float64):
        parts = [
            (
                np.multiply(layer.weights.numpy(), layer.scale, order="C"),
                None
                if layer.biases is None
                else layer.biases.expand(layer.weights.shape[:3]).numpy(),
            )
            for layer in tile.layers
        ]
        for index in range(len(tile.x)):
            hidden = [
                (w[index], np.zeros(w.shape[1:3]) if b is None else b[index]) for w, b in parts[:-1]
            ]
            weight = parts[-1][0][index, :, 0]
            bias = np.zeros(len(weight))
            if output_biases:
                bias = next(last_biases) / np.sqrt(last)
            yield MaxoutLayers(hidden, (weight, bias))


@dataclass(frozen=True)
class _Concrete:
    sampler: Sampler

    @property
    def shard_size(self) -> int:
        return SHARD

    def memory(self, setting: Setting) -> tuple[int, str]:
        return self.sampler.tile_bytes(torch.float64), f"networks {self.sampler.network}"

    def _describe(self, kind: str) -> str:
        return f"{kind}/{self.sampler.network}/{self.sampler.biases}"


@dataclass(frozen=True)
class Polylines(_Concrete):
    """A fixed polyline through each network.

    ``length``: of its image; ``layers`` (samples, L-1): breakpoints that each layer adds;
    ``breakpoints``: of them all.

    Attributes:
      points: of the polyline.
      called: its name where the points are rounded (sines, say), whose last digit is the
        processor's: the name of a population must be the same on all of them.
    """

    points: tuple[tuple[float, ...], ...]
    called: str = ""

    @property
    def arrays(self) -> tuple[str, ...]:
        return ("layers", "breakpoints", "length")

    @property
    def name(self) -> str:
        return f"{self._describe('polylines')}/{self.called or self.points}"

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        networks = concrete_networks(self.sampler, stream, self.shard_size)
        widths = self.sampler.network.widths
        layer_of = np.repeat(np.arange(len(widths)), widths)
        found, lengths = [], []
        for layers in networks:
            pieces = count_polyline(layers, self.points)
            unit = pieces.unit[pieces.unit >= 0]
            found.append(np.bincount(layer_of[unit], minlength=len(widths)))
            lengths.append(image_length(pieces))
        counts = np.array(found, dtype=float)
        return {"layers": counts, "breakpoints": counts.sum(axis=1), "length": np.array(lengths)}


@dataclass(frozen=True)
class Chords(_Concrete):
    """Lines that meet the unit ball, isotropic and uniform, several through each network.

    ``breakpoints``: on a line within the ball, the mean over the network's lines.

    Attributes:
      lines: through each network.
    """

    lines: int = 8

    @property
    def arrays(self) -> tuple[str, ...]:
        return ("breakpoints",)

    @property
    def name(self) -> str:
        return f"{self._describe('chords')}/{self.lines}"

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        generator = stream.generator(0, UNITS)
        found = []
        for layers in concrete_networks(self.sampler, stream, self.shard_size):
            # One polyline through all lines, every other segment of which only joins two of them.
            points = self.chords(generator)
            segment = count_polyline(layers, points).breakpoints[:, 0]
            found.append(np.count_nonzero(segment % 2 == 0) / self.lines)
        return {"breakpoints": np.array(found)}

    def chords(self, generator: Draws) -> np.ndarray:
        """Ends of the lines within the ball, one after another."""
        inputs = self.sampler.network.inputs
        direction, across = generator.standard_normal((2, self.lines, inputs))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        # Uniform in the ball of the hyperplane across the direction.
        across -= np.sum(across * direction, axis=1, keepdims=True) * direction
        radius = generator.random((self.lines, 1)) ** (1 / (inputs - 1))
        across *= radius / np.linalg.norm(across, axis=1, keepdims=True)
        half = np.sqrt(np.maximum(1 - radius**2, 0)) * direction
        return np.stack([across - half, across + half], axis=1).reshape(-1, inputs)


def image_length(pieces: Pieces) -> float:
    """Return the length of a polyline's image, exact: the network is affine on each piece."""
    speed = np.linalg.norm(pieces.maps.value[:, 0], axis=1)
    return float(speed @ (pieces.interval[:, 1] - pieces.interval[:, 0]))


@dataclass(frozen=True)
class Windows(_Concrete):
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
        return f"{self._describe('windows')}/{self.side}" + (f"/{self.damage}" * bool(self.damage))

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
class Features(_Concrete):
    """``slope``: ||grad zeta(x)||^2 of a pre-activation feature of the last hidden layer, by
    automatic differentiation."""

    @property
    def arrays(self) -> tuple[str, ...]:
        return ("slope",)

    @property
    def name(self) -> str:
        s = self.sampler
        return f"{self._describe('features')}/{s.norm}"

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
