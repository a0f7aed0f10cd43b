"""One layer of a tile of networks: weights drawn into a buffer, multiplied, and forgotten.

On the CPU the products and maxima are NumPy's. For the two or few rows of a tile its BLAS took less
than half of the time of PyTorch's there, and its calls a fifth. PyTorch does the same on any
device.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
import torch

from maxout.verify.sampling import sfc64
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.streams import Sfc64Weights, Stream

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


def torch_layers(
    sampler: Sampler, stream: Stream, size: int, device: torch.device, dtype: torch.dtype
) -> PushLayer:
    """``drawn_layers`` by PyTorch."""
    weights = [stream.weights(layer) for layer in range(1, len(sampler.shapes) + 1)]
    buffer = torch.empty(size * max(map(math.prod, sampler.shapes)), dtype=dtype, device=device)

    def push_layer(
        rows: torch.Tensor,
        layer: int,
        network: int,
        shape: Shape,
        scale: float,
        biases: torch.Tensor | None,
    ) -> torch.Tensor:
        (networks, vectors, fan_in), (units, pieces, _) = rows.shape, shape
        drawn = buffer[: networks * math.prod(shape)].view(networks, *shape)
        matrices = weights[layer - 1].fill(drawn).view(networks, units * pieces, fan_in)
        products = torch.bmm(rows * scale, matrices.transpose(1, 2))
        products = products.view(networks, vectors, units, pieces)
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
    matrices = _matrices(sampler, stream, size, torch.empty(0, dtype=dtype).numpy().dtype)

    @cache  # making these takes as long as the products of a small layer
    def room(
        networks: int, vectors: int, units: int, pieces: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Products (networks, vectors, units * pieces), the same in memory as a row a vector, and
        where in a row the first pieces of units lie, (networks, units)."""
        row = networks * units * pieces
        memory = torch.empty((vectors, row), dtype=dtype).numpy()
        products = memory.reshape(vectors, networks, -1).transpose(1, 0, 2)
        return products, memory, np.arange(0, row, pieces).reshape(networks, units)

    def push_layer(
        rows: torch.Tensor,
        layer: int,
        network: int,
        shape: Shape,
        scale: float,
        biases: torch.Tensor | None,
    ) -> torch.Tensor:
        (networks, vectors, _), (units, pieces, _) = rows.shape, shape
        products, memory, firsts = room(networks, vectors, units, pieces)
        _multiply(rows.numpy() * scale, matrices(layer, networks), products)
        scores = memory[0].reshape(networks, units, pieces)
        if biases is not None:
            scores += biases.numpy()
        places = firsts + winners_of(scores)
        return torch.from_numpy(memory.take(places, axis=1).transpose(1, 0, 2))

    return push_layer


def _matrices(
    sampler: Sampler, stream: Stream, size: int, dtype: np.dtype
) -> Callable[[int, int], np.ndarray]:
    """Return what draws a layer of so many networks: matrices (networks, fan_in, units * pieces).

    They hold until the next call for a later layer. All layers share one buffer; SFC64 draws
    consecutive layers of one shape ahead, as many as it can make together.
    """
    shapes = sampler.shapes
    weights = [stream.weights(layer) for layer in range(1, len(shapes) + 1)]
    buffer = np.empty(max(size * max(map(math.prod, shapes)), 2 * sfc64.PAIRS), dtype=dtype)
    ahead: dict[int, np.ndarray] = {}

    def matrices(layer: int, networks: int) -> np.ndarray:
        if layer not in ahead:
            shape = units, pieces, fan_in = shapes[layer - 1]
            count = networks * math.prod(shape)
            generators: list[np.random.Generator] = []
            for alike, drawer in zip(shapes[layer - 1 :], weights[layer - 1 :], strict=True):
                full = len(generators) == sfc64.together(count)
                if alike != shape or full or not isinstance(drawer, Sfc64Weights):
                    break
                generators.append(drawer.generator)
            if generators:
                memory = buffer[: len(generators) * count].reshape(-1, count)
                sfc64.fill_rows(generators, memory)
                drawn = memory.reshape(-1, networks, fan_in, units * pieces)
                ahead.update(enumerate(drawn, start=layer))
            else:
                tile = buffer[:count].reshape(networks, *shape)
                weights[layer - 1].fill(torch.from_numpy(tile))
                ahead[layer] = tile.reshape(networks, -1, fan_in).transpose(0, 2, 1)
        return ahead.pop(layer)

    return matrices


def winners_of(scores: np.ndarray) -> np.ndarray:
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


def _multiply(rows: np.ndarray, matrices: np.ndarray, out: np.ndarray) -> None:
    # A single column goes to another routine of BLAS, with another limit.
    columns = matrices.shape[2]
    if columns > 1 and rows[0].size * columns <= SERIAL:
        np.matmul(rows, matrices, out=out)
    else:
        out[:] = torch.bmm(torch.from_numpy(rows), torch.from_numpy(matrices)).numpy()
