"""Cut cells along the upper envelope of one maxout unit: one unit a cell, all cells at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from maxout.numerics.regions.concrete_layers import Array
from maxout.numerics.regions.polygons import DIFFERENCE, Flags, Index, Polygons, clip, join

# Numbers of the largest temporary array (8 bytes each).
BLOCK = 1 << 23


class Split(NamedTuple):
    """Cells after the cut.

    Attributes:
      polygons: the new cells.
      parent: (new cells,), the cell each one was cut from.
      winner: (new cells,), the piece that is largest on it.
      undecided: (cells before,), True where rounding could have changed the outcome.
    """

    polygons: Polygons
    parent: Index
    winner: Index
    undecided: Flags


def values_and_bounds(polygons: Polygons, pieces: Array) -> tuple[Array, Array]:
    """Return the values of pieces at corners, and per cell a bound on the errors of those values.

    Args:
      polygons: the cells.
      pieces: (cells, 7, ...), doubtful affine functions.

    Returns:
      values (corners, ...) and bounds (cells, ...).
    """
    values = np.einsum("id,id...->i...", polygons.corners[:, :3], pieces[:, :3][polygons.owner])
    reach = np.maximum.reduceat(np.abs(polygons.corners[:, :4]), polygons.starts, axis=0)
    return values, np.einsum("id,id...->i...", reach, pieces[:, 3:])


def split(polygons: Polygons, pieces: Array, usable: Flags, label: Index) -> Split:
    """Cut each cell into the parts where each piece of its unit is largest.

    Args:
      polygons: the cells.
      pieces: (cells, 7, K), the K pieces of the cell's unit as doubtful affine functions.
      usable: (cells, K), the pieces that can be largest at all.
      label: (cells,); an edge across which piece k takes over is labelled with this plus k.

    Returns:
      the new cells; a cell on which no decision could be made keeps the first of equal pieces.
    """
    cells, rank = usable.shape
    if cells > 1 and cells * rank * rank > BLOCK:
        return _in_halves(polygons, pieces, usable, label)
    starts = polygons.starts
    values, bound = values_and_bounds(polygons, pieces)
    lead = np.empty((cells, rank, rank))  # [c, k, j]: how far k rises above j at most
    for j in range(rank):
        lead[:, :, j] = np.maximum.reduceat(values - values[:, j, None], starts, axis=0)
    # k is out where a usable j is above it at every corner, hence (convexity) on the whole cell.
    rises = lead >= -(bound[:, :, None] + bound[:, None, :])
    alive = usable & (rises | ~usable[:, None, :]).all(axis=2)
    several = alive.sum(axis=1) > 1

    whole = (~several).nonzero()[0]
    parts = [polygons.take(whole)]
    parents, winners = [whole], [alive[whole].argmax(axis=1)]
    undecided = np.zeros(cells, dtype=bool)

    parent, winner = (alive & several[:, None]).nonzero()
    current = polygons.take(parent)
    # j can only matter to k's part where it is in play itself and may rise above k.
    cuts = alive[parent] & rises[parent, :, winner]
    cuts[np.arange(len(parent)), winner] = False
    order = (~cuts).argsort(axis=1, kind="stable")
    number = cuts.sum(axis=1)
    for step in range(1, rank if len(parent) else 1):
        rival = order[:, step - 1]
        line = pieces[parent, :, winner] + DIFFERENCE * pieces[parent, :, rival]
        current, kept, uncertain = clip(current, line, label[parent] + rival, winner < rival)
        undecided[parent[uncertain]] = True
        parent, winner, order, number = parent[kept], winner[kept], order[kept], number[kept]
        rest = (number > step).nonzero()[0]
        done = (number == step).nonzero()[0]
        parts.append(current.take(done) if len(rest) else current)
        parents.append(parent[done])
        winners.append(winner[done])
        if not len(rest):
            break
        current = current.take(rest)
        parent, winner, order, number = parent[rest], winner[rest], order[rest], number[rest]
    return Split(join(parts), np.concatenate(parents), np.concatenate(winners), undecided)


def _in_halves(polygons: Polygons, pieces: Array, usable: Flags, label: Index) -> Split:
    """Cut half of the cells, then the other half: what compares pieces with pieces stays small."""
    middle = len(label) // 2
    one, two = (
        split(polygons.take(half), pieces[half], usable[half], label[half])
        for half in (np.arange(middle), np.arange(middle, len(label)))
    )
    return Split(
        join([one.polygons, two.polygons]),
        np.concatenate([one.parent, two.parent + middle]),
        np.concatenate([one.winner, two.winner]),
        np.concatenate([one.undecided, two.undecided]),
    )
