"""One layer of a tile of networks: weights drawn into a buffer, multiplied, and forgotten.

On the CPU the products and maxima are NumPy's. For the two or few rows of a tile its BLAS took less
than half of the time of PyTorch's there, and its calls a fifth. PyTorch does the same on any
device.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from maxout.verify.networks import Sampler
from maxout.verify.streams import Stream, Weights

Shape = tuple[int, int, int]
PushLayer = Callable[[torch.Tensor, int, int, Shape, float, torch.Tensor | None], torch.Tensor]
"""(rows (networks, 1 + directions, fan_in), activations first, layer from 1, first network, (units,
pieces, fan_in), standard deviation of a weight, biases or None) -> rows (networks, 1 + directions,
units): of each unit the value and the derivatives of the piece that wins, the first where two tie.
"""

SERIAL = 1 << 18
"""Multiplications up to which OpenBLAS leaves a product to one thread. Larger ones are PyTorch's,
whose threads the collector sets: how a sum is split must not depend on the machine."""

MANY, FEW = 1024, 8
"""Units and pieces from which, and up to which, maxima are taken piece by piece."""


def drawn_layers(
    sampler: Sampler, stream: Stream, size: int, device: torch.device, dtype: torch.dtype
) -> PushLayer:
    """Return the layer that draws its weights from the stream, for ``size`` networks at most."""
    kind = numpy_layers if device.type == "cpu" else torch_layers
    return kind(sampler, stream, size, device, dtype)


def _prepare(
    sampler: Sampler, stream: Stream, size: int, device: torch.device, dtype: torch.dtype
) -> tuple[list[Weights], Callable[[int, Shape], tuple[torch.Tensor, torch.Tensor]]]:
    """Return what draws each layer, and views of one buffer that all layers share.

    The views of so many networks of a shape are their weights (networks, units, pieces, fan_in) and
    the same as matrices (networks, fan_in, units * pieces).
    """
    shapes = sampler.shapes
    weights = [stream.weights(layer) for layer in range(1, len(shapes) + 1)]
    buffer = torch.empty(size * max(map(math.prod, shapes)), dtype=dtype, device=device)

    def views(networks: int, shape: Shape) -> tuple[torch.Tensor, torch.Tensor]:
        units, pieces, fan_in = shape
        memory = buffer[: networks * math.prod(shape)]
        if weights[0].inputs_first:
            drawn = memory.view(networks, fan_in, units, pieces).permute(0, 2, 3, 1)
            return drawn, memory.view(networks, fan_in, units * pieces)
        matrices = memory.view(networks, units * pieces, fan_in).transpose(1, 2)
        return memory.view(networks, units, pieces, fan_in), matrices

    return weights, views


def torch_layers(
    sampler: Sampler, stream: Stream, size: int, device: torch.device, dtype: torch.dtype
) -> PushLayer:
    """``drawn_layers`` by PyTorch."""
    weights, views = _prepare(sampler, stream, size, device, dtype)

    def push_layer(
        rows: torch.Tensor,
        layer: int,
        network: int,
        shape: Shape,
        scale: float,
        biases: torch.Tensor | None,
    ) -> torch.Tensor:
        (networks, vectors, _), (units, pieces, _) = rows.shape, shape
        drawn, matrices = views(networks, shape)
        weights[layer - 1].fill(drawn)
        products = torch.bmm(rows * scale, matrices).view(networks, vectors, units, pieces)
        if biases is not None:
            products[:, 0] += biases
        winners = products[:, 0].argmax(dim=-1)
        index = winners[:, None, :, None].expand(-1, vectors, -1, 1)
        return products.gather(-1, index).squeeze(-1)

    return push_layer


def numpy_layers(
    sampler: Sampler, stream: Stream, size: int, device: torch.device, dtype: torch.dtype
) -> PushLayer:
    """``drawn_layers`` by NumPy, on the CPU.

    The vectors come before the networks in memory, so that one index finds a unit's winner in all.
    """
    weights, views = _prepare(sampler, stream, size, device, dtype)

    @cache  # making views takes as long as the products of a small layer
    def room(networks: int, vectors: int, shape: Shape) -> _Room:
        units, pieces, _ = shape
        products = np.empty((vectors, networks * units * pieces), dtype=rows_type)
        return _Room(
            *views(networks, shape),
            products,
            products.reshape(vectors, networks, -1).transpose(1, 0, 2),
            products[0].reshape(networks, units, pieces),
            np.arange(0, networks * units * pieces, pieces).reshape(networks, units),
        )

    rows_type = torch.empty(0, dtype=dtype).numpy().dtype

    def push_layer(
        rows: torch.Tensor,
        layer: int,
        network: int,
        shape: Shape,
        scale: float,
        biases: torch.Tensor | None,
    ) -> torch.Tensor:
        here = room(len(rows), rows.shape[1], shape)
        weights[layer - 1].fill(here.drawn)
        _multiply(rows.numpy() * scale, here.matrices, here.by_network)
        if biases is not None:
            np.add(here.scores, biases.numpy(), out=here.scores)
        places = here.firsts + _winners(here.scores)
        return torch.from_numpy(here.products.take(places, axis=1).transpose(1, 0, 2))

    return push_layer


@dataclass(frozen=True)
class _Room:
    """Memory of a layer.

    drawn, matrices: views of the weights; products (vectors, networks * units * pieces);
    by_network, scores: views of them (networks, vectors, units * pieces) and, of the activations,
    (networks, units, pieces); firsts (networks, units): where their first pieces lie.
    """

    drawn: torch.Tensor
    matrices: torch.Tensor
    products: np.ndarray
    by_network: np.ndarray
    scores: np.ndarray
    firsts: np.ndarray


def _winners(scores: np.ndarray) -> np.ndarray:
    """Return the first piece that is largest, of each unit, scores (networks, units, pieces).

    NumPy's own way branches at every new maximum. Of few units that is the faster, of many it is
    what takes the time: there the pieces are compared one after the other, all units at once.
    """
    networks, units, pieces = scores.shape
    if networks * units < MANY or pieces > FEW:
        return scores.argmax(axis=-1)
    by_piece = np.ascontiguousarray(scores.reshape(-1, pieces).T)
    best, winners = by_piece[0], np.zeros(networks * units, dtype=np.int8)
    for piece in range(1, pieces):
        wins = by_piece[piece] > best
        np.maximum(winners, wins * np.int8(piece), out=winners)
        best = np.maximum(best, by_piece[piece])
    return winners.reshape(networks, units)


def _multiply(rows: np.ndarray, matrices: torch.Tensor, out: np.ndarray) -> None:
    # A single column goes to another routine of BLAS, with another limit.
    columns = matrices.shape[2]
    if columns > 1 and rows[0].size * columns <= SERIAL:
        np.matmul(rows, matrices.numpy(), out=out)
    else:
        out[:] = torch.bmm(torch.from_numpy(rows), matrices).numpy()
