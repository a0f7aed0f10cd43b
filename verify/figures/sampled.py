"""Real networks for figures: every hidden layer at once, and many inputs on one draw of weights.

Derivatives are automatic: v -> J^T v by ``torch.func.vjp``, whose own transpose is J.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from maxout.verify.networks import Layer, Sampler
from maxout.verify.streams import Stream

CPU = torch.device("cpu")
Array = np.ndarray
PASS_BYTES = 1 << 20
"""Values of the widest layer in one pass of many inputs: few enough to stay in the cache."""


def _layer(layer: Layer, x: torch.Tensor, relu: bool) -> torch.Tensor:
    """One layer on inputs (networks, inputs, fan_in)."""
    networks, units, pieces, fan_in = layer.weights.shape
    matrices = layer.weights.reshape(networks, units * pieces, fan_in)
    values = torch.bmm(x, matrices.transpose(1, 2)) * layer.scale
    values = values.view(networks, x.shape[1], units, pieces)
    if layer.biases is not None:
        values = values + layer.biases.reshape(-1, 1, units, pieces)
    return values.squeeze(-1).clamp(min=0) if relu else values.max(dim=-1).values


def hidden_layers(
    layers: list[Layer], x: torch.Tensor, relu: bool = False
) -> tuple[torch.Tensor, ...]:
    """Activations of every hidden layer on inputs (networks, inputs, n_0)."""
    found = []
    for layer in layers[:-1]:
        x = _layer(layer, x, relu)
        found.append(x)
    return tuple(found)


def outputs(layers: list[Layer], x: torch.Tensor, relu: bool = False) -> torch.Tensor:
    """The linear output layer on inputs (networks, inputs, n_0)."""
    for layer in layers[:-1]:
        x = _layer(layer, x, relu)
    last = layers[-1]
    matrices = last.weights.squeeze(2)
    return torch.bmm(x, matrices.transpose(1, 2)) * last.scale


@dataclass(frozen=True)
class Profiles:
    """Every hidden layer of sampled networks: arrays (networks, L-1) of ||x||^2, ||u||^2, x . u."""

    length: Array
    gain: Array
    inner: Array


def profiles(
    sampler: Sampler, stream: Stream, count: int, variances: Sequence[float] | None = None
) -> Iterator[list[Profiles]]:
    """Carry an input and a direction through every hidden layer, some networks at a time.

    Args:
      variances: values of c; default that of the sampler's network alone. One draw of standard
        normals serves them all.

    Yields:
      For some of the ``count`` networks, a ``Profiles`` for each c.
    """
    variances = [sampler.variance] if variances is None else variances
    for tile in sampler.tiles(stream, count, CPU, torch.float64):
        yield [
            _profile(_rescaled(tile.layers, math.sqrt(c / sampler.variance)), tile.x, tile.u)
            for c in variances
        ]


def lengths(
    sampler: Sampler, stream: Stream, count: int, variances: Sequence[float]
) -> Iterator[Array]:
    """Yield ||x^(l)||^2 of the networks of ``profiles``, (variances, networks, L-1)."""
    for tile in sampler.tiles(stream, count, CPU, torch.float64):
        found = []
        for c in variances:
            layers = _rescaled(tile.layers, math.sqrt(c / sampler.variance))
            values = hidden_layers(layers, tile.x[:, None])
            found.append(torch.stack([x.square().sum(dim=(1, 2)) for x in values], dim=1))
        yield torch.stack(found).numpy()


def _rescaled(layers: list[Layer], factor: float) -> list[Layer]:
    """Standard deviations of hidden weights and of biases, times a factor."""
    return [
        *(
            replace(
                layer,
                scale=layer.scale * factor,
                biases=None if layer.biases is None else layer.biases * factor,
            )
            for layer in layers[:-1]
        ),
        layers[-1],
    ]


def _profile(layers: list[Layer], x: torch.Tensor, u: torch.Tensor) -> Profiles:
    return measure(*push(lambda y: hidden_layers(layers, y), x[:, None], u[:, None]))


def measure(values: tuple[torch.Tensor, ...], slopes: tuple[torch.Tensor, ...]) -> Profiles:
    """Norms and inner products, layer by layer, of tensors (networks, ...)."""
    pairs = ((values, values), (slopes, slopes), (values, slopes))
    return Profiles(
        *(
            torch.stack([(a * b).flatten(1).sum(1) for a, b in zip(*pair, strict=True)], 1).numpy()
            for pair in pairs
        )
    )


def join(parts: Iterable[Profiles]) -> Profiles:
    """The profiles of all networks together."""
    return Profiles(
        *(
            np.concatenate(arrays)
            for arrays in zip(*((p.length, p.gain, p.inner) for p in parts), strict=True)
        )
    )


def push(function: Callable[[torch.Tensor], Any], x: torch.Tensor, u: torch.Tensor) -> Any:
    """Return a function's values at x and its derivatives along u, tensors or tuples of them."""
    values, pull = torch.func.vjp(function, x)
    single = isinstance(values, torch.Tensor)
    anywhere = (torch.zeros_like(values),) if single else tuple(map(torch.zeros_like, values))
    _, forward = torch.func.vjp(lambda *v: pull(v[0] if single else v)[0], *anywhere)
    slopes = forward(u)
    return values, slopes[0] if single else slopes


def gains(
    sampler: Sampler,
    stream: Stream,
    count: int,
    x: torch.Tensor,
    u: torch.Tensor,
    relu: bool = False,
) -> Iterator[Array]:
    """Yield ||J(x_i) u||^2 of networks, (networks, inputs), some networks at a time.

    All inputs share each network's weights: one draw serves them all.

    Args:
      x: inputs (inputs, n_0).
      u: unit direction (n_0,).
    """
    values = max(units * pieces for units, pieces, _ in sampler.shapes) * len(x)
    size = max(1, PASS_BYTES // (torch.float64.itemsize * values))
    for tile in sampler.tiles(stream, count, CPU, torch.float64):
        for start in range(0, len(tile.x), size):
            some = [_part(layer, slice(start, start + size)) for layer in tile.layers]
            many = x.expand(len(some[0].weights), *x.shape)
            _, slopes = push(
                lambda y, layers=some: outputs(layers, y, relu), many, u.expand_as(many)
            )
            yield slopes.square().sum(dim=2).numpy()


def _part(layer: Layer, which: slice) -> Layer:
    """Some of the networks."""
    biases = layer.biases
    if biases is not None:
        biases = biases.expand(layer.weights.shape[:3])[which]
    return replace(layer, weights=layer.weights[which], biases=biases)
