"""Where a tensor's entries come from: which channels of which layer were maximised into each.

A shadow has the tensor's shape and holds channel numbers. Whatever reshapes the tensor is applied
to the shadow as well, so no pattern of code has to be guessed: after ``y.view(-1, n, K).amax(-1)``
or ``torch.maximum(y[:, :n], y[:, n:])`` the shadows say of which channels an entry is the largest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from maxout.nn.functional import LAYOUTS

MAX_MEMBERS = 4096  # channels maximised into one entry, beyond which the shadows are given up


@dataclass(frozen=True)
class Trail:
    """What is known of one tensor.

    Attributes:
      source: the layer whose output it is made of by reshaping and maxima alone; None: unknown.
      shadows: channel numbers; each entry is the maximum over the shadows' channels.
      channels: how many the layer has.
      window: positions maximised into each entry.
      reason: where source is None, what stands between.
    """

    source: str | None
    shadows: tuple[Tensor, ...] = ()
    channels: int = 0
    window: int = 1
    reason: str = "the model's input"

    def reshaped(self, run: Callable[[Tensor], Tensor]) -> Trail:
        return replace(self, shadows=tuple(run(shadow) for shadow in self.shadows))

    def maximised(self, dim: int, keepdim: bool) -> Trail | None:
        """Behind a maximum along ``dim``; None where it cannot be followed."""
        if all(_constant(shadow, dim) for shadow in self.shadows):
            size = self.shadows[0].shape[dim]
            kept = self.reshaped(lambda shadow: shadow.select(dim, 0))
            trail = replace(kept, window=self.window * size)
        else:
            size = self.shadows[0].shape[dim]
            if size * len(self.shadows) > MAX_MEMBERS:
                return None
            members = tuple(s.select(dim, k) for s in self.shadows for k in range(size))
            trail = replace(self, shadows=members)
        return trail.reshaped(lambda shadow: shadow.unsqueeze(dim)) if keepdim else trail

    def joined(self, other: Trail) -> Trail | None:
        """Behind the larger of two tensors of one layer."""
        if (self.source, self.window) != (other.source, other.window):
            return None
        shape = torch.broadcast_shapes(self.shadows[0].shape, other.shadows[0].shape)
        both = (*self.shadows, *other.shadows)
        return replace(self, shadows=tuple(shadow.expand(shape) for shadow in both))

    def pooled(self, run: Callable[[Tensor], Tensor], cells: int) -> Trail | None:
        """Behind a max pooling that never mixes channels."""
        lowest = self.reshaped(lambda shadow: -run(-shadow))
        highest = self.reshaped(run)
        if all(map(torch.equal, lowest.shadows, highest.shadows)):
            return replace(highest, window=self.window * cells)
        return None

    def groups(self) -> Tensor | None:
        """Channels of each unit, (units, pieces), ordered by their first.

        None where they do not split the layer's channels into groups of one size.
        """
        rank = len(self.shadows)
        members = torch.stack([shadow.flatten() for shadow in self.shadows], 1).long()
        rows = torch.unique(members.sort(1).values, dim=0)
        if rows.numel() != self.channels or rows.unique().numel() != self.channels:
            return None
        return rows.reshape(-1, rank)


def start(source: str, output: Tensor, axis: int) -> Trail:
    """The trail of a layer's output, whose channels lie along ``axis``."""
    channels = output.shape[axis]
    shape = [1] * output.dim()
    shape[axis] = channels
    # Floating point, so that poolings run on it; exact up to 2^53 channels.
    index = torch.arange(channels, dtype=torch.float64).view(shape).expand(output.shape)
    return Trail(source, (index,), channels)


def layout(groups: Tensor) -> str:
    """ "contiguous", "strided", or "permuted" for any other grouping."""
    for name in LAYOUTS:
        if torch.equal(groups, group_channels(groups.numel(), groups.shape[1], name)):
            return name
    return "permuted"


def group_channels(channels: int, rank: int, layout: str) -> Tensor:
    """Channels of each unit, (units, pieces), in one of this package's layouts."""
    index = torch.arange(channels)
    return index.view(-1, rank) if layout == "contiguous" else index.view(rank, -1).T


def _constant(shadow: Tensor, dim: int) -> bool:
    return bool((shadow == shadow.select(dim, 0).unsqueeze(dim)).all())


def tensors_in(value: Any) -> list[Tensor]:
    """All tensors in nested lists, tuples and dictionaries."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [x for v in value for x in tensors_in(v)] if isinstance(value, (list, tuple)) else []


def replaced(value: Any, change: Callable[[Tensor], Any]) -> Any:
    """The same nest with every tensor changed."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, dict):
        return {key: replaced(v, change) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        items = [replaced(v, change) for v in value]
        return tuple(items) if isinstance(value, tuple) else items
    return value
