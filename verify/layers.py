"""One layer of a tile of networks: weights drawn into a buffer, multiplied, and forgotten.

On the CPU the products and maxima are NumPy's. For the two or few rows of a tile its BLAS took less
than half of the time of PyTorch's there, and its calls a fifth. PyTorch does the same on any
device.
"""

from __future__ import annotations

import math
from collections.abc import Callable

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


def drawn_layers(
    sampler: Sampler, stream: Stream, size: int, device: torch.device, dtype: torch.dtype
) -> PushLayer:
    """Return the layer that draws its weights from the stream, ``size`` networks at most."""
    kind = numpy_layers if device.type == "cpu" else torch_layers
    return kind(sampler, stream, size, device, dtype)


def torch_layers(
    sampler: Sampler, stream: Stream, size: int, device: torch.device, dtype: torch.dtype
) -> PushLayer:
    """``drawn_layers`` by PyTorch."""
    weights, buffer = _weights(sampler, stream, size, device, dtype)

    def push_layer(
        rows: torch.Tensor,
        layer: int,
        network: int,
        shape: Shape,
        scale: float,
        biases: torch.Tensor | None,
    ) -> torch.Tensor:
        networks, (units, pieces, _) = len(rows), shape
        matrices = _drawn(weights[layer - 1], buffer, networks, shape)
        products = torch.bmm(rows * scale, matrices).view(networks, -1, units, pieces)
        if biases is not None:
            products[:, 0] += biases
        if pieces == 1:
            return products.squeeze(-1)
        winners = products[:, 0].argmax(dim=-1)
        index = winners[:, None, :, None].expand(-1, rows.shape[1], -1, 1)
        return products.gather(-1, index).squeeze(-1)

    return push_layer


def numpy_layers(
    sampler: Sampler, stream: Stream, size: int, device: torch.device, dtype: torch.dtype
) -> PushLayer:
    """``drawn_layers`` by NumPy."""
    weights, buffer = _weights(sampler, stream, size, device, dtype)
    firsts: dict[tuple[int, int, int], np.ndarray] = {}

    def first_pieces(vectors: int, units: int, pieces: int) -> np.ndarray:
        """Where in the products (networks, vectors, units, pieces) the first pieces lie."""
        key = (vectors, units, pieces)
        if key not in firsts:
            firsts[key] = np.arange(size * vectors * units).reshape(size, vectors, units) * pieces
        return firsts[key]

    def push_layer(
        rows: torch.Tensor,
        layer: int,
        network: int,
        shape: Shape,
        scale: float,
        biases: torch.Tensor | None,
    ) -> torch.Tensor:
        networks, vectors, _ = rows.shape
        units, pieces, _ = shape
        matrices = _drawn(weights[layer - 1], buffer, networks, shape)
        products = _multiply(rows.numpy() * scale, matrices)
        products = products.reshape(networks, vectors, units, pieces)
        if biases is not None:
            products[:, 0] += biases.numpy()
        if pieces == 1:
            return torch.from_numpy(products[..., 0])
        winners = products[:, 0].argmax(axis=-1)
        places = first_pieces(vectors, units, pieces)[:networks] + winners[:, None]
        return torch.from_numpy(products.take(places))

    return push_layer


def _multiply(rows: np.ndarray, matrices: torch.Tensor) -> np.ndarray:
    # A single column goes to another routine of BLAS, with another limit.
    columns = matrices.shape[2]
    if columns > 1 and rows[0].size * columns <= SERIAL:
        return np.matmul(rows, matrices.numpy())
    return torch.bmm(torch.from_numpy(rows), matrices).numpy()


def _weights(
    sampler: Sampler, stream: Stream, size: int, device: torch.device, dtype: torch.dtype
) -> tuple[list[Weights], torch.Tensor]:
    shapes = sampler.shapes
    weights = [stream.weights(layer) for layer in range(1, len(shapes) + 1)]
    return weights, torch.empty(size * max(map(math.prod, shapes)), dtype=dtype, device=device)


def _drawn(weights: Weights, buffer: torch.Tensor, networks: int, shape: Shape) -> torch.Tensor:
    """Draw weights into the buffer; return them as matrices (networks, fan_in, units * pieces)."""
    units, pieces, fan_in = shape
    memory = buffer[: networks * math.prod(shape)]
    if weights.inputs_first:
        inner = memory.view(networks, fan_in, units, pieces)
        weights.fill(inner.permute(0, 2, 3, 1))
        return memory.view(networks, fan_in, units * pieces)
    weights.fill(memory.view(networks, *shape))
    return memory.view(networks, units * pieces, fan_in).transpose(1, 2)
