"""Gradients of sampled networks with respect to their weights and biases, and tangent kernels.

By ``torch.func.vjp``, as in ``networks``: nothing here knows what the gradients should be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch

from maxout.verify.sampling.networks import Layer, Sampler, Tile, forward
from maxout.verify.sampling.populations import Arrays, Setting, concatenate, shard_size
from maxout.verify.sampling.streams import BIASES, Stream

Gradient = tuple[list[torch.Tensor], list[torch.Tensor]]


def output_gradient(layers: list[Layer], x: torch.Tensor) -> tuple[Gradient, torch.Tensor]:
    """Differentiate the first output of each network at its own input.

    Args:
      layers: as for ``forward``; biases that are None are zeros, and are differentiated as well.
      x: inputs (networks, n_0).

    Returns:
      (by the standard normal variables behind the weights, by the biases), a tensor a layer of the
      weights' and biases' shape; and the activations of the last hidden layer.
    """
    outputs, pull, hidden = _pulled_back(layers, x)
    # Networks share nothing, so one pull differentiates all of them.
    return pull(_unit(outputs, 0)), hidden


def _pulled_back(layers: list[Layer], x: torch.Tensor) -> tuple[torch.Tensor, Any, torch.Tensor]:
    """Return outputs, what pulls cotangents of them back to gradients, and last activations."""

    def output(
        weights: list[torch.Tensor], biases: list[torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        there = zip(layers, weights, biases, strict=True)
        hidden, outputs = forward([Layer(w, layer.scale, b) for layer, w, b in there], x)
        return outputs, hidden

    weights = [layer.weights for layer in layers]
    biases = [_own_biases(layer) for layer in layers]
    found: tuple[Any, ...] = torch.func.vjp(output, weights, biases, has_aux=True)
    return found


def _unit(outputs: torch.Tensor, one: int) -> torch.Tensor:
    """The cotangent of one output of each network."""
    unit = torch.zeros_like(outputs)
    unit[:, one] = 1
    return unit


def _own_biases(layer: Layer) -> torch.Tensor:
    shape = layer.weights.shape[:3]
    if layer.biases is None:
        return layer.weights.new_zeros(shape)
    return layer.biases.expand(shape)


def inner(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Inner product of each network's own entries."""
    return (one.double() * other.double()).flatten(1).sum(1)


def _weight_squares(gradient: list[torch.Tensor], layers: list[Layer]) -> list[torch.Tensor]:
    """||dN/dW^(l)||^2: dN/dW is the derivative by the standard normal variable over the scale."""
    return [inner(w, w) / layer.scale**2 for w, layer in zip(gradient, layers, strict=True)]


@dataclass(frozen=True)
class _Differentiated:
    sampler: Sampler

    @property
    def shard_size(self) -> int:
        return shard_size(self.sampler.weights)

    def memory(self, setting: Setting) -> tuple[int, str]:
        # The weights, a gradient at each of two inputs, and products of them.
        return 5 * self.sampler.tile_bytes(setting.dtype), f"gradients of {self.sampler.network}"

    def _describe(self, kind: str) -> str:
        s = self.sampler
        return f"{kind}/{s.network}/{s.biases}/{s.cosine}/{s.norm}"


@dataclass(frozen=True)
class ParameterGradients(_Differentiated):
    """Of one output, ``weights`` and ``biases`` (samples, L): ||dN/dW^(l)||^2, ||dN/db^(l)||^2."""

    @property
    def arrays(self) -> tuple[str, ...]:
        return ("weights", "biases")

    @property
    def name(self) -> str:
        return self._describe("parameter gradients")

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        parts: list[Arrays] = []
        for tile in self.sampler.tiles(stream, self.shard_size, setting.device, setting.dtype):
            (weights, biases), _ = output_gradient(tile.layers, tile.x)
            squares = _weight_squares(weights, tile.layers)
            parts.append(
                {
                    "weights": torch.stack(squares, dim=1).cpu().numpy(),
                    "biases": torch.stack([inner(b, b) for b in biases], dim=1).cpu().numpy(),
                }
            )
        return concatenate(parts)


@dataclass(frozen=True)
class TangentTraces(_Differentiated):
    """``one`` and ``trace``: the sum of ||dN_o/dW^(l)||^2 over all layers, of the first output o
    and over all of them."""

    @property
    def arrays(self) -> tuple[str, ...]:
        return ("one", "trace")

    @property
    def name(self) -> str:
        return self._describe("tangent traces")

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        parts: list[Arrays] = []
        for tile in self.sampler.tiles(stream, self.shard_size, setting.device, setting.dtype):
            outputs, pull, _ = _pulled_back(tile.layers, tile.x)
            diagonal = []
            for output in range(outputs.shape[1]):
                weights, _ = pull(_unit(outputs, output))
                diagonal.append(torch.stack(_weight_squares(weights, tile.layers)).sum(0))
            trace = torch.stack(diagonal).sum(0)
            parts.append({"one": diagonal[0].cpu().numpy(), "trace": trace.cpu().numpy()})
        return concatenate(parts)


@dataclass(frozen=True)
class TangentPairs(_Differentiated):
    """Pairs of inputs in networks whose every bias is N(0, deviation^2), the output's too.

    x has the sampler's norm and y the norm ``other``, at the sampler's angle. ``nngp``: covariance
    of one output at x and y given the hidden layers; ``ntk``: tangent kernel of the first output,
    by the standard normal variables behind weights and biases.
    """

    other: float
    deviation: float

    @property
    def arrays(self) -> tuple[str, ...]:
        return ("nngp", "ntk")

    @property
    def name(self) -> str:
        return f"{self._describe('tangent pairs')}/{self.other}/{self.deviation}"

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        width = self.sampler.network.widths[-1]
        parts: list[Arrays] = []
        for tile in self._tiles(stream, setting):
            at_x, hidden_x = output_gradient(tile.layers, tile.x)
            at_y, hidden_y = output_gradient(tile.layers, self.other * tile.u)
            ntk = torch.zeros(len(hidden_x), dtype=torch.float64, device=hidden_x.device)
            for by_weights in zip(at_x[0], at_y[0], strict=True):
                ntk += inner(*by_weights)
            for by_biases in zip(at_x[1], at_y[1], strict=True):
                ntk += self.deviation**2 * inner(*by_biases)
            nngp = inner(hidden_x, hidden_y) / width + self.deviation**2
            parts.append({"nngp": nngp.cpu().numpy(), "ntk": ntk.cpu().numpy()})
        return concatenate(parts)

    def _tiles(self, stream: Stream, setting: Setting) -> Iterator[Tile]:
        depth = len(self.sampler.shapes)
        generators = [stream.generator(layer, BIASES) for layer in range(1, depth + 1)]
        start = 0
        for tile in self.sampler.tiles(stream, self.shard_size, setting.device, setting.dtype):
            layers = []
            for layer, generator in zip(tile.layers, generators, strict=True):
                drawn = generator.of_networks(start, tuple(layer.weights.shape[:3]))
                biases = torch.from_numpy(drawn).to(setting.device, setting.dtype)
                layers.append(replace(layer, biases=biases * self.deviation))
            start += len(tile.x)
            yield replace(tile, layers=layers)
