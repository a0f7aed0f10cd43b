"""How the cells of a subdivision fit together: shared corners and edges, merged regions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from maxout.numerics.regions.polygons import Index, Polygons
from maxout.numerics.regions.subdivision import MAX_RANK, Subdivision


@dataclass(frozen=True)
class Topology:
    """The cell complex of a subdivision. A slot is one corner of one cell, and the edge from it.

    Attributes:
      vertices: number of distinct corners.
      vertex: (slots,), the distinct corner each slot is at.
      edges: number of distinct edges.
      edge: (slots,), the distinct edge that leaves each slot.
      uses: (edges,), number of cells each edge belongs to.
      shared: (interior edges, 2), the two slots of each edge that two cells share.
    """

    vertices: int
    vertex: Index
    edges: int
    edge: Index
    uses: Index
    shared: Index


def topology(subdivision: Subdivision) -> Topology:
    """Identify the corners and edges that cells share."""
    cells = subdivision.cells
    vertices, vertex = _same_corners(cells)
    ends = np.sort(np.stack([vertex, vertex[cells.following]]), axis=0)
    _, edge, uses = np.unique(ends[0] * vertices + ends[1], return_inverse=True, return_counts=True)
    order = np.argsort(edge, kind="stable")
    first = (np.cumsum(uses) - uses)[uses == 2]
    shared = np.column_stack([order[first], order[first + 1]])
    return Topology(vertices, vertex, len(uses), edge, uses, shared)


def _same_corners(cells: Polygons) -> tuple[int, Index]:
    """Number the distinct corners. Two computed corners are one where their error boxes meet."""
    points, radius = cells.corners[:, :2], cells.corners[:, 3]
    tree = cKDTree(points)
    # Most errors are near rounding: one search at the largest of those, and the rest one by one.
    usual = 2 * float(np.quantile(radius, 0.99))
    near = tree.query_pairs(usual, p=np.inf, output_type="ndarray")
    wide = np.flatnonzero(2 * radius > usual)
    found = tree.query_ball_point(points[wide], 2 * radius[wide], p=np.inf)
    one = np.concatenate([near[:, 0], np.repeat(wide, [len(others) for others in found])])
    two = np.concatenate([near[:, 1], *(np.asarray(others, dtype=np.int64) for others in found)])
    apart = np.abs(points[one] - points[two]).max(axis=1, initial=0.0)
    meet = apart <= radius[one] + radius[two]
    return _components(len(points), one[meet], two[meet])


def _components(count: int, one: Index, two: Index) -> tuple[int, Index]:
    """Number the connected components of ``count`` nodes that are linked pair by pair."""
    # SciPy's graph routines read 32-bit indices; not every version of it converts others.
    ends = (one.astype(np.int32), two.astype(np.int32))
    links = coo_array((np.ones(len(one)), ends), shape=(count, count))
    found, label = connected_components(links, directed=False)
    return int(found), label.astype(np.int64)


def linear_regions(subdivision: Subdivision) -> Index:
    """Return (count,): the linear region each activation region belongs to, numbered from 0.

    A linear region is a maximal connected set (through edges) on which the network's outputs are
    one affine function. Two neighbours count as one where their maps agree within rounding; with
    parameters drawn from densities that never happens, and linear and activation regions are the
    same sets.
    """
    one, two = subdivision.cells.owner[topology(subdivision).shared].T
    value, error = subdivision.maps
    same = (np.abs(value[one] - value[two]) <= error[one] + error[two]).all(axis=(1, 2))
    return _components(subdivision.count, one[same], two[same])[1]


def edge_units(subdivision: Subdivision) -> Index:
    """Return (slots,): the unit whose winner changes across each edge; -1 on the window's edge."""
    return subdivision.cells.label // MAX_RANK
