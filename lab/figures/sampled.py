"""Real networks for figures: every hidden layer at once, and many inputs on one draw of weights.

Derivatives are automatic: v -> J^T v by ``torch.func.vjp``, whose own transpose is J.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
import torch

from maxout.verify.sampling.networks import Layer, Sampler
from maxout.verify.sampling.streams import Stream

CPU = torch.device("cpu")
REAL = torch.float32  # roundings of 1e-7 are nothing beside the scatter of networks
SHARD = 25
"""Networks drawn by one thread, from a stream of their own: threads change no number."""
Array = np.ndarray
Result = TypeVar("Result")
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


def over_shards(
    work: Callable[[Stream, int], Result],
    seed: int,
    name: str,
    count: int,
    progress: Callable[[float], None],
) -> list[Result]:
    """Do the work of ``count`` networks, shard by shard on all cores; results in order.

    Args:
      work: (stream, networks) -> result. Must differentiate in reverse mode alone: forward mode
        keeps state that threads would share.
    """
    sizes = [min(SHARD, count - start) for start in range(0, count, SHARD)]
    streams = [Stream(seed, name, shard) for shard in range(len(sizes))]
    found = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for result in pool.map(work, streams, sizes):
            found.append(result)
            progress(len(found) / len(sizes))
    return found


def profiles(sampler: Sampler, stream: Stream, count: int) -> Profiles:
    """Carry an input and a direction through every hidden layer of ``count`` networks."""
    parts = []
    for tile in sampler.tiles(stream, count, CPU, REAL):
        through = partial(hidden_layers, tile.layers)
        parts.append(measure(*push(through, tile.x[:, None], tile.u[:, None])))
    return Profiles(
        *(
            np.concatenate(arrays)
            for arrays in zip(*[(p.length, p.gain, p.inner) for p in parts], strict=True)
        )
    )


def lengths(sampler: Sampler, stream: Stream, count: int, variances: Sequence[float]) -> Array:
    """Return ||x^(l)||^2 of networks at several c, (variances, networks, L-1).

    One draw of standard normals serves every c: weights and biases are times sqrt(c).
    """
    factors = torch.tensor([math.sqrt(c / sampler.variance) for c in variances], dtype=REAL)
    parts = []
    for tile in sampler.tiles(stream, count, CPU, REAL):
        x = tile.x[:, None].expand(-1, len(factors), -1)
        found = []
        for layer in tile.layers[:-1]:
            x = _layer(layer, x, relu=False) * factors[:, None]
            found.append(x.double().square().sum(dim=2).T)
        parts.append(torch.stack(found, dim=2).numpy())
    return np.concatenate(parts, axis=1)


def measure(values: tuple[torch.Tensor, ...], slopes: tuple[torch.Tensor, ...]) -> Profiles:
    """Norms and inner products, layer by layer, of tensors (networks, ...)."""
    pairs = ((values, values), (slopes, slopes), (values, slopes))
    return Profiles(
        *(
            torch.stack(
                [(a.double() * b.double()).flatten(1).sum(1) for a, b in zip(*pair, strict=True)], 1
            ).numpy()
            for pair in pairs
        )
    )


def push(function: Callable[[torch.Tensor], Any], x: torch.Tensor, u: torch.Tensor) -> Any:
    """Return a function's values at x and its derivatives along u, tensors or tuples of them."""
    vjp: Any = torch.func.vjp  # its declared return type has a third member, for auxiliary output
    values, pull = vjp(function, x)
    single = isinstance(values, torch.Tensor)
    anywhere = (torch.zeros_like(values),) if single else tuple(map(torch.zeros_like, values))
    _, forward = vjp(lambda *v: pull(v[0] if single else v)[0], *anywhere)
    slopes = forward(u)
    return values, slopes[0] if single else slopes


def gains(
    sampler: Sampler,
    stream: Stream,
    count: int,
    x: torch.Tensor,
    u: torch.Tensor,
    relu: bool = False,
) -> Array:
    """Return ||J(x_i) u||^2, (networks, inputs): all inputs share each network's weights.

    Args:
      x: inputs (inputs, n_0).
      u: unit direction (n_0,).
    """
    x, u = x.to(REAL), u.to(REAL)
    values = max(units * pieces for units, pieces, _ in sampler.shapes) * len(x)
    size = max(1, PASS_BYTES // (REAL.itemsize * values))
    found = []
    for tile in sampler.tiles(stream, count, CPU, REAL):
        for start in range(0, len(tile.x), size):
            some = [_part(layer, slice(start, start + size)) for layer in tile.layers]
            many = x.expand(len(some[0].weights), *x.shape)
            _, slopes = push(partial(outputs, some, relu=relu), many, u.expand_as(many))
            found.append(slopes.double().square().sum(dim=2).numpy())
    return np.concatenate(found)


def _part(layer: Layer, which: slice) -> Layer:
    """Some of the networks."""
    biases = layer.biases
    if biases is not None:
        biases = biases.expand(layer.weights.shape[:3])[which]
    return replace(layer, weights=layer.weights[which], biases=biases)
