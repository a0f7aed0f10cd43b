"""Linear pieces of the decision boundary of a network with two inputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maxout.numerics.regions.concrete_layers import Array
from maxout.numerics.regions.polygons import Index, doubtful
from maxout.numerics.regions.split import split
from maxout.numerics.regions.subdivision import MAX_RANK, Subdivision
from maxout.theory.errors import DoesNotApplyError


@dataclass(frozen=True)
class DecisionBoundary:
    """Where the two largest outputs are equal, one segment for each region and pair of outputs.

    Attributes:
      segments: (count, 2, 2), the two ends (x, y) of each piece.
      region: (count,), the region of the subdivision each piece lies in.
      classes: (count, 2), the two outputs that are equal and largest, the smaller index first.
      undecided: number of regions in which rounding could change the pieces.
    """

    segments: Array
    region: Index
    classes: Index
    undecided: int

    @property
    def count(self) -> int:
        """Number of linear pieces."""
        return len(self.region)

    def length(self) -> float:
        """Return the total length of the decision boundary in the window."""
        return float(np.linalg.norm(self.segments[:, 1] - self.segments[:, 0], axis=1).sum())


def decision_boundary(subdivision: Subdivision) -> DecisionBoundary:
    """Find the linear pieces of {x: the largest output is attained twice} in the window.

    On a region the outputs are affine, so they cut it as the pieces of one more maxout unit do.

    Raises:
      DoesNotApplyError: for a network with fewer than two outputs.
    """
    value, error = subdivision.maps
    outputs = value.shape[2]
    if outputs < 2:
        raise DoesNotApplyError(
            "a decision boundary needs a network with at least 2 outputs; it has 1"
        )
    ours = MAX_RANK * subdivision.winners.shape[1]  # above every label of the subdivision
    parts = split(
        subdivision.cells,
        doubtful(value, error),
        np.ones((subdivision.count, outputs), dtype=bool),
        np.full(subdivision.count, ours),
    )
    cells = parts.polygons
    other = cells.label - ours
    # Each piece is an edge of the parts on both sides; take it from the smaller class.
    slot = np.flatnonzero(other > parts.winner[cells.owner])
    ends = cells.corners[np.stack([slot, cells.following[slot]], axis=1), :2]
    part = cells.owner[slot]
    classes = np.column_stack([parts.winner[part], other[slot]])
    return DecisionBoundary(ends, parts.parent[part], classes, int(parts.undecided.sum()))
