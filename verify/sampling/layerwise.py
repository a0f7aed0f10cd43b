"""Networks on the CPU: layers whose weights are made where they are used.

An input and its directions go through all layers of a network in one compiled function, which makes
a few hundred weights at a time and forgets them (``kernels.walk``). A direction follows the pieces
that win for the input, which is the derivative. Automatic differentiation of written weights
(``networks.Tile.push``, to which the tests hold it) takes several times as long.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from maxout.verify.sampling import kernels
from maxout.verify.sampling.draws import require_layer
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.streams import INPUTS, WEIGHTS, Stream


def squared_norms(
    sampler: Sampler, stream: Stream, count: int, dtype: torch.dtype
) -> Iterator[dict[str, np.ndarray]]:
    """Yield what ``populations.Networks`` draws, tile by tile; the same bits on every processor.

    Args:
      dtype: float32 or float64, the precision of all but the normals.

    Returns:
      Tiles of ``gain`` ||J u||^2, ``hidden`` the same before the output layer, and ``length``
      ||x||^2 of the last hidden layer, in float64. Where two pieces tie the first wins.

    Raises:
      DomainError: for a layer too large for the counters.
    """
    shapes = sampler.shapes
    for units, pieces, fan_in in shapes:
        require_layer(units * pieces, fan_in)
    sizes = np.array(shapes, dtype=np.int64)
    numbers = torch.empty(0, dtype=dtype).numpy().dtype
    scales = np.array(sampler.scales, dtype=numbers)
    inputs = stream.generator(0, INPUTS)
    place = stream.generator(0, WEIGHTS).place
    biases = sampler.biases_of(stream)
    vectors = 1 + len(sampler.cosines)
    size = sampler.tile_size(dtype)
    for start in range(0, count, size):
        networks = min(size, count - start)
        rows = np.stack(sampler.directions(inputs, start, networks), axis=1).astype(numbers)
        drawn = [draw(start, networks, numbers) for draw in biases]
        flat = [b.reshape(len(b), -1) for b in drawn if b is not None]
        given = np.concatenate(flat, axis=1) if flat else np.zeros((1, 0), numbers)
        found = np.empty((networks, 2, vectors))
        kernels.walk(rows, sizes, scales, given, start, place, found)
        yield named(sampler, found)


def named(sampler: Sampler, squares: np.ndarray) -> dict[str, np.ndarray]:
    """Return the arrays of squared norms (networks, 2, 1 + directions) by their names."""
    arrays = {"length": squares[:, 0, 0]}
    for index, ending in enumerate(sampler.endings, start=1):
        arrays[f"hidden{ending}"] = squares[:, 0, index]
        arrays[f"gain{ending}"] = squares[:, 1, index]
    return arrays
