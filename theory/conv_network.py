"""A convolutional maxout network: a ``Network`` whose hidden layers are convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import sympy as sp

from maxout.theory.convolution import CHANNELS, CONVOLUTION_FIELDS, Convolution
from maxout.theory.errors import DomainError
from maxout.theory.network import MAX_WIDTH, Network, short_widths


@dataclass(frozen=True, init=False)
class ConvNetwork(Network):
    """A network of convolutional maxout layers and a linear output layer over all of the last map.

    ``inputs`` and ``widths`` count the numbers of a map, channels times cells. Hidden weights are
    N(0, c/fan_in) with fan_in = kernel cells times input channels over groups, output weights
    N(0, 1/n_{L-1}). A bias belongs to a channel, or is zero.

    Args:
      channels: C_0, C_1, ..., C_{L-1} of the input and of every hidden layer.
      size: cells of the input map along every axis; one to three axes.
      kernel, stride, padding, dilation, groups, padding_mode: see ``Convolution``.
      outputs, rank, c, bias: see ``Network``.

    Raises:
      MaxoutError: naming the field and what it must be.
    """

    convolution: Convolution

    def __init__(
        self,
        channels: Any,
        size: Any,
        kernel: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        padding_mode: str = "zeros",
        outputs: int = 1,
        rank: int = 2,
        c: Any = None,
        bias: str = "any",
    ) -> None:
        found = CHANNELS(channels)
        convolution = Convolution(size, kernel, stride, padding, dilation, groups, padding_mode)
        if any(units % convolution.groups for units in found):
            raise DomainError(
                f"groups must divide the channels of every map, {_comma(found)}; "
                f"got {convolution.groups}"
            )
        sizes = [convolution.size]
        for _ in found[1:]:
            sizes.append(convolution.after(sizes[-1]))
        widths = [units * prod(cells) for units, cells in zip(found, sizes, strict=True)]
        if max(widths) > MAX_WIDTH:
            raise DomainError(f"a map may have {MAX_WIDTH:,} numbers; got {max(widths):,}")
        super().__init__(widths[0], widths[1:], outputs, rank, c, bias)
        vars(self).update(channels=found, convolution=convolution, sizes=tuple(sizes))

    def but(self, **changes: Any) -> ConvNetwork:
        """The network with other values of some arguments of the constructor."""
        own = {name: getattr(self, name) for name in ("channels", "outputs", "rank", "c", "bias")}
        lying = {f.name: getattr(self.convolution, f.name) for f in CONVOLUTION_FIELDS}
        return ConvNetwork(**{**own, **lying, **changes})

    def share(self, cell: int = 0, position: int = 0) -> sp.Rational | None:
        """What of a path's chances belongs to an input cell, exactly.

        A path begins at an output cell and goes back through one tap of each layer, all taps
        equally likely: the share is the chance that it ends at the input cell, times the number of
        those. Of all input cells: the chance that it ends in the map and not in zero padding.

        Args:
          cell: of the last hidden map, counted row by row from 1; 0 for the mean of all.
          position: of the input map, likewise; 0 for the mean of all.

        Returns:
          The share; None where there is no such cell.
        """
        last, first = self.sizes[-1], self.sizes[0]
        if cell > prod(last) or position > prod(first):
            return None
        starts, ends = _axes(cell, last), _axes(position, first)
        found = 1
        for axis, (start, end) in enumerate(zip(starts, ends, strict=True)):
            paths = self.convolution.paths(axis, [size[axis] for size in self.sizes], start)
            found *= sum(paths) if end is None else paths[end]
        total = self.convolution.taps ** len(self.widths)
        cells = 1 if cell else prod(last)
        return sp.Rational(found * (prod(first) if position else 1), total * cells)

    def _text(self, c: str) -> str:
        maps = f"{self.channels[0]}-[{short_widths(self.channels[1:])}] channels {self.convolution}"
        return f"{maps} outputs={self.outputs} K={self.rank} c={c} bias={self.bias}"


def _axes(cell: int, size: Sequence[int]) -> list[int | None]:
    """Indices along every axis of a cell counted row by row from 1; None along all for cell 0."""
    if cell == 0:
        return [None] * len(size)
    found: list[int | None] = []
    rest = cell - 1
    for cells in reversed(size):
        rest, at = divmod(rest, cells)
        found.append(at)
    return found[::-1]


def _comma(values: Sequence[int]) -> str:
    return ",".join(map(str, values))
