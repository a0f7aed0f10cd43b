"""Breakpoints of a network along a line segment or a polyline: all segments and units at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from maxout.numerics.regions.affine import (
    LARGEST,
    UNIT,
    Maps,
    candidates,
    compose,
    join_maps,
    select,
)
from maxout.numerics.regions.concrete_layers import Array, MaxoutLayers
from maxout.numerics.regions.envelope import envelope
from maxout.numerics.regions.room import Room
from maxout.theory.errors import DomainError

Index = npt.NDArray[np.int64]

START = -1
# Numbers of one temporary array (8 bytes each).
BLOCK = 1 << 20


@dataclass(frozen=True)
class Pieces:
    """The pieces of a polyline on which a network is affine, in order along it.

    Positions run from 0 to 1 on each segment.

    Attributes:
      points: (segments + 1, n_0), the polyline's corners.
      segment: (pieces,), the segment each piece lies on.
      interval: (pieces, 2), where it starts and ends.
      error: (pieces, 2), bounds on the errors of the interval's ends.
      unit: (pieces,), the unit (from 0, input side first) whose winner changes where the piece
        starts; START at the start of a segment.
      maps: coefficients (pieces, 2, outputs) of the position and of 1, with error bounds.
      undecided: number of (piece, unit) whose winners rounding could change. Where it is 0 the
        count is proved.
    """

    points: Array
    segment: Index
    interval: Array
    error: Array
    unit: Index
    maps: Maps
    undecided: int

    @property
    def count(self) -> int:
        """Number of breakpoints: changes of one unit's winner along the polyline."""
        return int((self.unit != START).sum())

    @property
    def breakpoints(self) -> Array:
        """(count, 2): segment and position of each breakpoint, sorted along the polyline."""
        inner = self.unit != START
        return np.column_stack([self.segment[inner], self.interval[inner, 0]])

    def slopes(self) -> Array:
        """Return (pieces, outputs): the outputs' derivatives by arc length."""
        lengths = np.linalg.norm(np.diff(self.points, axis=0), axis=1)
        return self.maps.value[:, 0] / lengths[self.segment, None]


def count_segment(layers: MaxoutLayers, a: npt.ArrayLike, b: npt.ArrayLike) -> Pieces:
    """Find the breakpoints of a network on the segment from a to b; see ``count_polyline``."""
    start, end = (np.asarray(point, dtype=np.float64) for point in (a, b))
    if start.shape != end.shape or start.ndim != 1:
        raise DomainError(
            f"a segment needs two points of n_0 numbers; got shapes {start.shape} and {end.shape}"
        )
    return count_polyline(layers, np.stack([start, end]))


def check_polyline(points: npt.ArrayLike, inputs: int) -> Array:
    """Return a polyline's corners as an array (segments + 1, inputs).

    Raises:
      DomainError: for fewer than two points, a shape that does not fit, entries that are not
        finite or above ``LARGEST``, or a point that repeats the one before it (within
        1/``LARGEST``).
    """
    try:
        corners = np.array(points, dtype=np.float64)
    except (TypeError, ValueError):
        raise DomainError(
            f"a polyline is two or more points of {inputs} numbers; got {points!r}"
        ) from None
    if corners.ndim != 2 or len(corners) < 2 or corners.shape[1] != inputs:
        raise DomainError(
            f"a polyline is two or more points of {inputs} numbers; got shape {corners.shape}"
        )
    if not np.isfinite(corners).all():
        raise DomainError("a polyline's points must be finite numbers; leave out NaN and inf")
    if np.abs(corners).max() > LARGEST:
        raise DomainError(
            f"a polyline's coordinates come too near the end of float64's range: at most "
            f"{LARGEST:g}"
        )
    # Nearer than this, the square of their distance is no longer a number above 0.
    still = np.flatnonzero(np.abs(np.diff(corners, axis=0)).max(axis=1) < 1 / LARGEST)
    if len(still):
        raise DomainError(
            f"points {still[0]} and {still[0] + 1} of the polyline coincide; remove one of them"
        )
    return corners


def count_polyline(
    layers: MaxoutLayers,
    points: npt.ArrayLike,
    say: Callable[[str], None] = lambda detail: None,
) -> Pieces:
    """Find the breakpoints of a network along a polyline, exact to rounding.

    Layer by layer, each piece so far is cut where the upper envelope of a unit's lines bends.

    Args:
      layers: the network.
      points: (segments + 1, n_0), the polyline's corners; a closed curve repeats its first corner.
      say: called with how far it is.

    Raises:
      MaxoutError: for fewer than two points, a shape that does not fit, entries that are not
        finite, a point that repeats the one before it, weights or values that ``LARGEST`` rules
        out, or more pieces than there is ``Room`` for.
    """
    corners = check_polyline(points, layers.inputs)
    state = straight(corners[None])
    before = 0
    for number, (weight, bias) in enumerate(layers.hidden):
        size = max(1, BLOCK // bias.size)
        what = f"pieces after {number + 1} of {len(layers.hidden)} layers"
        room = Room(layers, 4 * len(bias), what, say)
        usable, blocks = candidates(weight, bias), []
        for first in range(0, len(state.segment), size):
            part = part_of(state, slice(first, first + size))
            blocks.append(bend(part, compose(weight, bias, part.maps), usable, before))
            room.take(len(blocks[-1].segment))
        state = join(blocks, state.undecided)
        before += len(bias)
    state = replace(state, points=corners)
    if layers.output is None:
        return state
    Room(layers, 4 * layers.outputs, "pieces", say).check(len(state.segment))
    return replace(state, maps=compose(*layers.output, state.maps))


def straight(corners: Array) -> Pieces:
    """Return the segments of polylines (polylines, segments + 1, n_0), one after another."""
    direction = np.diff(corners, axis=1).reshape(-1, corners.shape[2])
    offset = corners[:, :-1].reshape(direction.shape)
    value = np.stack([direction, offset], axis=1)
    error = np.stack([UNIT * np.abs(direction), np.zeros_like(direction)], axis=1)
    segments = len(direction)
    return Pieces(
        corners,  # of each polyline: the only place where there may be several
        np.arange(segments),
        np.tile([0.0, 1.0], (segments, 1)),
        np.zeros((segments, 2)),
        np.full(segments, START),
        Maps(value, error),
        0,
    )


def part_of(pieces: Pieces, which: slice) -> Pieces:
    """Return some of the pieces, none of them undecided."""
    return Pieces(
        pieces.points,
        pieces.segment[which],
        pieces.interval[which],
        pieces.error[which],
        pieces.unit[which],
        Maps(pieces.maps.value[which], pieces.maps.error[which]),
        0,
    )


def join(parts: list[Pieces], undecided: int) -> Pieces:
    """Return the pieces of all parts in order, ``undecided`` more than theirs."""

    def column(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts])

    return Pieces(
        parts[0].points,
        column("segment"),
        column("interval"),
        column("error"),
        column("unit"),
        join_maps([part.maps for part in parts]),
        undecided + sum(part.undecided for part in parts),
    )


def bend(pieces: Pieces, maps: Maps, usable: npt.NDArray[np.bool_], before: int) -> Pieces:
    """Cut the pieces at the bends of one layer's units, numbered from ``before``.

    Args:
      maps: of the units' pieces, (pieces, 2, units, rank).
      usable: as ``envelope`` takes it.
    """
    found = envelope(maps, pieces.interval, pieces.error, usable)
    number = len(pieces.segment)
    order = np.lexsort((found.position, found.piece))
    piece, unit, winner = found.piece[order], found.unit[order], found.winner[order]

    added = np.bincount(piece, minlength=number)
    parent = np.arange(number).repeat(added + 1)
    head = np.cumsum(added + 1) - (added + 1)  # each old piece's first new one
    row = np.arange(len(piece)) + piece + 1  # the new piece that starts at each bend
    # A unit's winner on a new piece is the one set last: at a bend of its own, or at the start.
    new_winner = found.first[parent]
    new_winner[row, unit] = winner
    latest = np.zeros(new_winner.shape, dtype=np.int64)
    latest[head] = head[:, None]
    latest[row, unit] = row
    np.maximum.accumulate(latest, axis=0, out=latest)
    new_winner = np.take_along_axis(new_winner, latest, axis=0)

    interval, error = pieces.interval[parent], pieces.error[parent]
    interval[row, 0] = interval[row - 1, 1] = found.position[order]
    error[row, 0] = error[row - 1, 1] = found.error[order]
    new_unit = pieces.unit[parent]
    new_unit[row] = unit + before
    return Pieces(
        pieces.points,
        pieces.segment[parent],
        interval,
        error,
        new_unit,
        select(maps, parent, new_winner),
        found.undecided,
    )
