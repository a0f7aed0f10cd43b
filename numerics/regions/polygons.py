"""Many convex polygons in one ragged structure of arrays, all cut by a half-plane at once.

Corners run counterclockwise. A corner stands for the exact intersection of two exact lines; it
carries a bound on its distance from that point, computed from the lines alone, so that bounds do
not pile up from cut to cut and a side test knows when it cannot be trusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from maxout.numerics.regions.affine import UNIT
from maxout.numerics.regions.concrete_layers import Array

Index = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


LINE = slice(4, 11)


@dataclass(frozen=True)
class Polygons:
    """Ragged convex polygons.

    Attributes:
      corners: (corners, 11): x, y, 1 and a bound on the error of x and of y; then, from column
        LINE on, the doubtful line (see ``side``) of the edge to the next corner.
      label: (corners,), what the edge to the next corner was cut by.
      count: (polygons,), number of corners; the corners of one polygon are contiguous.
    """

    corners: Array
    label: Index
    count: Index

    @cached_property
    def ends(self) -> Index:
        """Index after each polygon's last corner."""
        return self.count.cumsum()

    @cached_property
    def starts(self) -> Index:
        """Index of each polygon's first corner."""
        return self.ends - self.count

    @cached_property
    def owner(self) -> Index:
        """Index of the polygon each corner belongs to."""
        return np.arange(len(self.count)).repeat(self.count)

    @cached_property
    def following(self) -> Index:
        """Index of the next corner of the same polygon, for each corner."""
        after = np.arange(1, len(self.label) + 1)
        after[self.ends - 1] = self.starts
        return after

    def take(self, which: Index) -> Polygons:
        """Return the polygons of the given indices, in that order; indices may repeat."""
        count = self.count[which]
        ends = count.cumsum()
        slot = (self.ends[which] - ends).repeat(count)
        slot += np.arange(len(slot))
        return Polygons(self.corners[slot], self.label[slot], count)


def rectangle(x0: float, x1: float, y0: float, y1: float, label: int) -> Polygons:
    """Return one polygon, the window [x0, x1] x [y0, y1], all its edges with one label."""
    corners = np.zeros((4, 11))
    corners[:, :3] = [[x0, y0, 1], [x1, y0, 1], [x1, y1, 1], [x0, y1, 1]]
    lines = np.array([[0.0, 1, -y0], [-1, 0, x1], [0, -1, y1], [1, 0, -x0]])
    corners[:, LINE] = doubtful(lines, np.zeros_like(lines))
    return Polygons(corners, np.full(4, label), np.array([4]))


def join(parts: list[Polygons]) -> Polygons:
    """Return all polygons of the parts, in order."""
    if len(parts) == 1:
        return parts[0]
    return Polygons(
        np.concatenate([part.corners for part in parts]),
        np.concatenate([part.label for part in parts]),
        np.concatenate([part.count for part in parts]),
    )


def doubtful(value: Array, error: Array) -> Array:
    """Return affine functions in the form in which their sign can be decided.

    Args:
      value: (items, 3, ...), coefficients of x, y and 1.
      error: bounds on their errors, of the same shape.

    Returns:
      (items, 7, ...): the coefficients, then the factors of |x|, |y|, 1 and a corner's error bound
      that add up to the error of a computed value: the coefficients' own errors and five
      roundings (one of a difference of two such functions, four of the sum a x + b y + c).
    """
    size = np.abs(value)
    factors = error + 5 * UNIT * size
    slope = size[:, :2].sum(axis=1, keepdims=True) + error[:, :2].sum(axis=1, keepdims=True)
    return np.concatenate([value, factors, slope], axis=1)


DIFFERENCE = np.array([-1.0, -1.0, -1.0, 1.0, 1.0, 1.0, 1.0])
"""f + DIFFERENCE * g is the doubtful function f - g."""


def side(corners: Array, line: Array) -> tuple[Array, Array]:
    """Return the value of a x + b y + c at corners, and a bound on its error.

    The bound holds for the exact line at the exact corner.

    Args:
      corners: (corners, 4 or more), as in ``Polygons``.
      line: (corners, 7), as ``doubtful`` returns them.
    """
    value = np.einsum("ij,ij->i", corners[:, :3], line[:, :3])
    return value, np.einsum("ij,ij->i", np.abs(corners[:, :4]), line[:, 3:])


def clip(
    polygons: Polygons, line: Array, label: Index, first: Flags
) -> tuple[Polygons, Flags, Flags]:
    """Cut every polygon by its own half-plane a x + b y + c >= 0.

    A corner is on the line where its value cannot be told from 0; it then belongs to both sides.
    A polygon that touches the half-plane only in its boundary is dropped.

    Args:
      polygons: what to cut.
      line: (polygons, 7), as ``doubtful`` returns them.
      label: (polygons,), label of the new edge.
      first: (polygons,), whether to keep the polygon where every corner is on the line.

    Returns:
      (the polygons that are left, (polygons,) which were kept, (polygons,) where rounding could
      have decided: some corner's value is within its error of 0 and the error is not 0).
    """
    owner, starts, after = polygons.owner, polygons.starts, polygons.following
    value, doubt = side(polygons.corners, line[owner])
    inside, outside = value > doubt, value < -doubt
    uncertain = np.logical_or.reduceat(~(inside | outside) & (doubt > 0), starts)
    kept = np.logical_or.reduceat(inside, starts)
    kept |= first & ~np.logical_or.reduceat(outside, starts)
    left = kept[owner]

    # Each corner yields itself if it stays, then the crossing on its edge if there is one.
    stays = left & ~outside
    leaves = stays & outside[after]
    crosses = (leaves & inside) | (left & outside & inside[after])
    produced = stays.astype(np.int64) + crosses
    last = produced.cumsum() - 1
    source = np.arange(len(owner)).repeat(produced)
    corners, labels = polygons.corners[source], polygons.label[source]
    leaving, cut = leaves.nonzero()[0], crosses.nonzero()[0]
    corners[last[leaving], LINE] = line[owner[leaving]]
    labels[last[leaving]] = label[owner[leaving]]
    ends = polygons.corners[cut], polygons.corners[after[cut]]
    corners[last[cut], :4] = _intersect(*ends, value[cut], value[after[cut]], line[owner[cut]])
    return Polygons(corners, labels, np.add.reduceat(produced, starts)[kept]), kept, uncertain


def _intersect(start: Array, end: Array, d0: Array, d1: Array, chord: Array) -> Array:
    """Return x, y, 1 and error bound where chords cross edges.

    The point p is interpolated, so it never leaves the edge. With exact lines n_i·p* + c_i = 0
    and |n_i·p + c_i| <= r_i the exact corner p* solves a 2 x 2 system for p - p*, and
    |p - p*| <= (|n_2| r_1 + |n_1| r_2) / |det(n_1, n_2)|; nor is p* off the edge.

    Args:
      start, end: (edges, 11), the two ends; ``start`` has the edge's line.
      d0, d1: (edges,), the chord's values at the ends, of opposite signs.
      chord: (edges, 7).
    """
    edge = start[:, LINE]
    span = end[:, :4] - start[:, :4]
    new = start[:, :4] + (d0 / (d0 - d1))[:, None] * span
    new[:, 3] = 0.0
    # Lines without any offset, error included, meet exactly in the origin.
    new[(edge[:, [2, 5]] == 0).all(axis=1) & (chord[:, [2, 5]] == 0).all(axis=1), :2] = 0.0
    (r1, doubt1), (r2, doubt2) = side(new, edge), side(new, chord)
    off = chord[:, 6] * (np.abs(r1) + doubt1) + edge[:, 6] * (np.abs(r2) + doubt2)
    det = np.abs(edge[:, 0] * chord[:, 1] - edge[:, 1] * chord[:, 0])
    # Column 6 bounds |a| + |b|, columns 3 and 4 their errors and more than the roundings here.
    det -= edge[:, 6] * chord[:, 3:5].sum(axis=1) + chord[:, 6] * edge[:, 3:5].sum(axis=1)
    anywhere = np.abs(span[:, :2]).max(axis=1, initial=0.0) + np.maximum(start[:, 3], end[:, 3])
    safe = off < det * anywhere  # false where det <= 0: nearly parallel lines
    new[:, 3] = np.where(safe, off / np.where(safe, det, 1.0), anywhere)
    return new
