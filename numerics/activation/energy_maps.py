"""Mean energies of the maps of a convolutional network, layer by layer and cell by cell."""

from __future__ import annotations

from typing import Any

import numpy as np

from maxout.numerics.balls.evaluator import enclose
from maxout.theory.conv_network import ConvNetwork
from maxout.theory.errors import DoesNotApplyError, DomainError
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.symbols import K, c

Energies = np.ndarray[Any, np.dtype[np.float64]]


def mean_energies(network: ConvNetwork, energies: Any) -> list[Energies]:
    """Return the mean energy ||x_a||^2 of every cell of every map, at zero biases.

    Exact at any number of channels; float64, a few roundings a layer. Divided by the channels of a
    map they are mean squares of its numbers. Source: this project, docs/convolutions.md.

    Args:
      energies: of the input's cells, an array of shape ``network.sizes[0]`` of numbers >= 0.

    Returns:
      Arrays of shape ``network.sizes[l]`` for the input and every hidden layer.

    Raises:
      DomainError: for another shape, or other numbers.
      DoesNotApplyError: where the network's biases are not zero.
    """
    if network.bias != "zero":
        raise DoesNotApplyError(f"mean energies need zero biases; got bias {network.bias}")
    found = np.array(energies, dtype=float)
    if found.shape != network.sizes[0] or not np.all(np.isfinite(found) & (found >= 0)):
        raise DomainError(
            f"energies must be an array of shape {network.sizes[0]} of finite numbers >= 0"
        )
    gain = float(enclose(c * LargestNormalMoment(K, 2), network.environment(), 17))
    maps = [found]
    channels = network.channels
    for before, units, size in zip(channels, channels[1:], network.sizes[1:], strict=False):
        for axis, cells in enumerate(size):
            found = _along(network, found, axis, cells)
        found = found * (gain * units / before)
        maps.append(found)
    return maps


def _along(network: ConvNetwork, energies: Energies, axis: int, cells: int) -> Energies:
    """Average over the taps of every output cell along one axis; taps in zero padding give 0."""
    lying, length = network.convolution, energies.shape[axis]
    rows = [energies.take(lying.patch(axis, length, cell), axis).sum(axis) for cell in range(cells)]
    return np.stack(rows, axis) / lying.kernel[axis]
