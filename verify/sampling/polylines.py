"""Breakpoints and lengths along curves and lines through sampled networks.

Found exactly by ``numerics.regions``, a tile of networks at a time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from maxout.numerics.regions.many_segments import count_polylines
from maxout.numerics.regions.segment import START, Pieces, check_polyline
from maxout.verify.sampling.concrete_networks import Concrete, many_networks
from maxout.verify.sampling.draws import Draws
from maxout.verify.sampling.populations import Arrays, Setting, concatenate
from maxout.verify.sampling.streams import UNITS, Stream


@dataclass(frozen=True)
class Polylines(Concrete):
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
        return f"{self.describe('polylines')}/{self.called or self.points}"

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        corners = check_polyline(self.points, self.sampler.network.inputs)
        widths = self.sampler.network.widths
        layer_of = np.repeat(np.arange(len(widths)), widths)
        parts: list[Arrays] = []
        for layers in many_networks(self.sampler, stream, self.shard_size):
            shape = (len(layers), len(widths))
            found = count_polylines(layers, np.broadcast_to(corners, (len(layers), *corners.shape)))
            bend = found.pieces.unit != START
            place = found.network[bend] * len(widths) + layer_of[found.pieces.unit[bend]]
            counts = np.bincount(place, minlength=math.prod(shape)).reshape(shape).astype(float)
            length = np.bincount(found.network, image_lengths(found.pieces), len(layers))
            parts.append({"layers": counts, "breakpoints": counts.sum(axis=1), "length": length})
        return concatenate(parts)


@dataclass(frozen=True)
class Chords(Concrete):
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
        return f"{self.describe('chords')}/{self.lines}"

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        generator = stream.generator(0, UNITS)
        parts: list[Arrays] = []
        for layers in many_networks(self.sampler, stream, self.shard_size):
            # One polyline through all lines, every other segment of which only joins two of them.
            found = count_polylines(
                layers, np.stack([self.chords(generator) for _ in range(len(layers))])
            )
            on_line = found.pieces.segment % found.segments % 2 == 0
            bends = found.network[on_line & (found.pieces.unit != START)]
            parts.append({"breakpoints": np.bincount(bends, minlength=len(layers)) / self.lines})
        return concatenate(parts)

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


def image_lengths(pieces: Pieces) -> np.ndarray:
    """Return the lengths of the pieces' images, (pieces,): the network is affine on each."""
    speed = np.linalg.norm(pieces.maps.value[:, 0], axis=1)
    return np.asarray(speed * (pieces.interval[:, 1] - pieces.interval[:, 0]))
