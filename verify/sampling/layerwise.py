"""Networks pushed through layer by layer, each layer's weights forgotten before the next is drawn.

An input and a direction are two rows of one product with the weights, and of each unit the winner's
value and derivative are kept: the forward mode of differentiation, written out. It uses every
weight once, while it is in the cache, where automatic differentiation (``networks.Tile.push``, to
which the tests hold it) reads them three times.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from maxout.verify.sampling.biases import LAWS
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.streams import BIASES, INPUTS, Stream
from maxout.verify.sampling.weight_tiles import PushLayer, drawn_layers

LAYER_BYTES = 1 << 22
"""Memory of one layer of a tile, unless a single network has more: little enough for a cache that
cores share, and enough that the time is not that of the calls."""


def tile_size(sampler: Sampler, dtype: torch.dtype) -> int:
    """Networks of one tile; depends on the architecture and the precision alone."""
    # Weights, and of every piece some eight numbers: products, indices and copies.
    largest = max(units * pieces * (fan_in + 8) for units, pieces, fan_in in sampler.shapes)
    return max(1, LAYER_BYTES // (dtype.itemsize * largest))


def squared_norms(
    sampler: Sampler,
    stream: Stream,
    count: int,
    device: torch.device,
    dtype: torch.dtype,
    push_layer: PushLayer | None = None,
) -> Iterator[dict[str, torch.Tensor]]:
    """Yield what ``populations.Networks`` draws, tile by tile.

    Args:
      push_layer: makes a layer's weights and applies them; by default they are drawn from the
        stream into one buffer that all layers share.

    Returns:
      Tiles of ``gain`` ||J u||^2, ``hidden`` the same before the output layer, and ``length``
      ||x||^2 of the last hidden layer, in float64. Where two pieces tie the first wins.
    """
    shapes = sampler.shapes
    scales = [math.sqrt(sampler.variance / fan) for _, _, fan in shapes]
    scales[-1] = 1 / math.sqrt(sampler.network.widths[-1])
    inputs = stream.generator(0, INPUTS)
    law = LAWS[sampler.biases]
    hidden_layers = range(1, len(shapes)) if law else range(0)
    biases = [stream.generator(layer, BIASES) for layer in hidden_layers]
    size = tile_size(sampler, dtype)
    push_layer = push_layer or drawn_layers(sampler, stream, size, device, dtype)
    for start in range(0, count, size):
        networks = min(size, count - start)
        rows = torch.stack(sampler.directions(inputs, networks), dim=1).to(device, dtype)
        hidden = rows
        for index, shape in enumerate(shapes):
            is_hidden = index < len(shapes) - 1
            offset = None
            if law and is_hidden:
                full = torch.Size((networks, *shape[:2]))
                drawn = law(index + 1, full, scales[index], biases[index])
                offset = drawn.expand(full).to(device, dtype)
            rows = push_layer(rows, index + 1, start, shape, scales[index], offset)
            hidden = rows if is_hidden else hidden
        found = {"length": _squared(hidden[:, 0])}
        for place, ending in enumerate(sampler.endings, start=1):
            found[f"gain{ending}"] = _squared(rows[:, place])
            found[f"hidden{ending}"] = _squared(hidden[:, place])
        yield found


def _squared(values: torch.Tensor) -> torch.Tensor:
    return values.double().square().sum(dim=1)
