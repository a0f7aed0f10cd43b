"""Deterministic checks of a subdivision against itself and against its network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maxout.numerics.regions.adjacency import edge_units, topology
from maxout.numerics.regions.affine import UNIT
from maxout.numerics.regions.concrete_layers import MaxoutLayers
from maxout.numerics.regions.subdivision import Subdivision

# Numbers of one temporary array (8 bytes each).
BLOCK = 1 << 22


@dataclass(frozen=True)
class Report:
    """What the checks found.

    Attributes:
      vertices, edges, faces: of the subdivision; Euler's relation says V - E + F = 1.
      area_error: sum of the regions' areas less the window's, relative to the window's.
      unsure: interior points at which the network itself is within rounding of a tie; gradients
        are not compared there.
      findings: one line for each thing that is wrong; empty where all checks passed.
    """

    vertices: int
    edges: int
    faces: int
    area_error: float
    unsure: int
    findings: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether all checks passed."""
        return not self.findings


def check(subdivision: Subdivision, layers: MaxoutLayers) -> Report:
    """Check Euler's relation, neighbours, areas, and values and gradients at interior points.

    The checks hold for networks in general position. Where two units change winners along one
    line (two equal units, say) the finding about neighbours says so and is no error.

    Args:
      subdivision: what ``subdivide`` returned for these layers.
      layers: the network.
    """
    complex_ = topology(subdivision)
    findings = []

    euler = complex_.vertices - complex_.edges + subdivision.count
    if euler != 1:
        findings.append(f"Euler's relation fails: V - E + F = {euler}, not 1")

    on_border = np.zeros(complex_.edges, dtype=bool)
    on_border[complex_.edge[edge_units(subdivision) < 0]] = True
    odd = int((complex_.uses != np.where(on_border, 1, 2)).sum())
    if odd:
        findings.append(f"{odd} edges do not belong to two cells (to one on the window's edge)")
    findings += _neighbours(subdivision, complex_.shared)

    x0, x1, y0, y1 = subdivision.window
    areas = subdivision.areas()
    area_error = float(areas.sum() / ((x1 - x0) * (y1 - y0)) - 1)
    # Corners are off by their errors, each along an edge no longer than the window's.
    size = max(x1 - x0, y1 - y0)
    slack = 2 * size * subdivision.cells.corners[:, 3].sum() / ((x1 - x0) * (y1 - y0))
    if abs(area_error) > slack + subdivision.count * 8 * UNIT:
        findings.append(f"areas do not add up to the window's: relative error {area_error:.2e}")
    if (areas <= 0).any():
        findings.append(f"{int((areas <= 0).sum())} cells have no area")

    unsure, wrong = _against_network(subdivision, layers)
    findings += wrong
    return Report(
        complex_.vertices,
        complex_.edges,
        subdivision.count,
        area_error,
        unsure,
        tuple(findings),
    )


def _neighbours(subdivision: Subdivision, shared: np.ndarray) -> list[str]:
    """Neighbours must differ in one unit's winner: the unit their common edge is labelled by."""
    one, two = subdivision.cells.owner[shared].T
    differ = subdivision.winners[one] != subdivision.winners[two]
    unit = edge_units(subdivision)[shared]
    named = np.take_along_axis(differ, np.maximum(unit, 0), axis=1).all(axis=1)
    wrong = (differ.sum(axis=1) != 1) | (unit[:, 0] != unit[:, 1]) | (unit < 0).any(axis=1) | ~named
    if not wrong.any():
        return []
    return [f"{int(wrong.sum())} pairs of neighbours differ by more or less than one unit's winner"]


def _against_network(subdivision: Subdivision, layers: MaxoutLayers) -> tuple[int, list[str]]:
    """Compare winners, values and gradients with a forward pass at a point inside each cell."""
    points = subdivision.interior_points()
    largest = layers.inputs * max(bias.size for _, bias in layers.hidden)
    size = max(1, BLOCK // largest)
    unsure, counts = 0, np.zeros(3, dtype=np.int64)
    for first in range(0, len(points), size):
        block = slice(first, first + size)
        x = points[block]
        value, error = (part[block] for part in subdivision.maps)
        # Both sides round sums of the same products: each is off by at most the maps' bound.
        reach = np.concatenate([np.abs(x), np.ones((len(x), 1))], axis=1)
        allowed = np.einsum("pd,pdo->po", reach, 2 * error + 8 * UNIT * np.abs(value))
        here = np.einsum("pd,pdo->po", x, value[:, :2]) + value[:, 2]
        own = layers.derivatives(x)
        gradient = np.moveaxis(own.jacobian, 1, 2)  # (points, 2, outputs)
        far = np.abs(gradient - value[:, :2]) > 2 * error[:, :2]
        unsure += int((~own.sure).sum())
        counts += [
            (own.sure & (own.winners != subdivision.winners[block]).any(axis=1)).sum(),
            (np.abs(own.values - here) > allowed).any(axis=1).sum(),
            (own.sure & far.any(axis=(1, 2))).sum(),
        ]
    names = ("winners", "values", "gradients")
    return unsure, [
        f"{count} cells whose {name} are not the network's at an interior point"
        for name, count in zip(names, counts, strict=True)
        if count
    ]
