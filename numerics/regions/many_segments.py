"""Breakpoints along polylines through many networks of one architecture, all at once.

What ``segment`` does for one network, here with a network's number for each piece: a few large
array operations a layer in place of a few small ones a layer and network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from maxout.numerics.regions.affine import candidates, compose
from maxout.numerics.regions.concrete_layers import Array
from maxout.numerics.regions.segment import BLOCK, Index, Pieces, bend, join, part_of, straight
from maxout.theory.errors import DomainError

Parameters = tuple[Array, Array]


@dataclass(frozen=True)
class ManyLayers:
    """Parameters of networks of one architecture, as in ``MaxoutLayers`` behind one more axis.

    Attributes:
      hidden: (weights (networks, units, rank, fan_in), biases (networks, units, rank)) of each
        hidden layer, input side first; finite.
      output: (weights (networks, n_L, n_{L-1}), biases (networks, n_L)) of the linear layer.
    """

    hidden: Sequence[Parameters]
    output: Parameters

    def __len__(self) -> int:
        return len(self.output[0])


@dataclass(frozen=True)
class ManyPieces:
    """Pieces of polylines, one polyline through each network.

    Attributes:
      pieces: of all of them, network after network; ``pieces.segment`` counts on from one polyline
        to the next.
      segments: of one polyline.
    """

    pieces: Pieces
    segments: int

    @property
    def network(self) -> Index:
        """(pieces,): the network of each piece."""
        return self.pieces.segment // self.segments


def count_polylines(layers: ManyLayers, corners: Array) -> ManyPieces:
    """Find the breakpoints of each network along a polyline of its own, as ``count_polyline``.

    Args:
      layers: the networks.
      corners: (networks, segments + 1, n_0), as ``check_polyline`` accepts them.

    Raises:
      DomainError: where there are not as many polylines as networks.
      MaxoutError: for weights or values that ``LARGEST`` rules out.
    """
    if corners.ndim != 3 or len(corners) != len(layers):
        raise DomainError(
            f"there are {len(layers)} networks, each of which needs a polyline; got corners of "
            f"shape {corners.shape}"
        )
    found = ManyPieces(straight(corners), corners.shape[1] - 1)
    before = 0
    for weight, bias in layers.hidden:
        size = max(1, BLOCK // weight[0].size)  # each piece has a copy of its network's weights
        usable, blocks = candidates(weight, bias), []
        for first in range(0, len(found.pieces.segment), size):
            which = slice(first, first + size)
            part, network = part_of(found.pieces, which), found.network[which]
            maps = compose(weight, bias, part.maps, network)
            blocks.append(bend(part, maps, usable[network], before))
        found = replace(found, pieces=join(blocks, found.pieces.undecided))
        before += bias.shape[1]
    maps = compose(*layers.output, found.pieces.maps, found.network)
    return replace(found, pieces=replace(found.pieces, maps=maps))
