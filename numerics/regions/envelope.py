"""Upper envelopes of lines on intervals: many intervals and many units at once."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from maxout.numerics.regions.affine import UNIT, Maps
from maxout.numerics.regions.concrete_layers import Array

Index = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

FEW = 1 << 10
"""Bends that are looked at together whatever the number of lines."""


class Bends(NamedTuple):
    """Where envelopes bend.

    Attributes:
      first: (pieces, units), the line on top at the start of each interval.
      piece, unit, winner: (bends,), the interval and unit of each bend, the line that takes over.
      position, error: (bends,), where, and a bound on its error.
      undecided: number of (piece, unit) on which rounding could change the order of lines.
    """

    first: Index
    piece: Index
    unit: Index
    winner: Index
    position: Array
    error: Array
    undecided: int


class _Lines(NamedTuple):
    """Rows of K lines slope · t + offset, with bounds on the coefficients' errors."""

    slope: Array
    offset: Array
    slope_error: Array
    offset_error: Array
    usable: Flags

    def rows(self, which: Index) -> _Lines:
        return _Lines(
            self.slope[which],
            self.offset[which],
            self.slope_error[which],
            self.offset_error[which],
            self.usable[which],
        )

    def at(self, t: Array, radius: Array) -> tuple[Array, Array]:
        """Values (rows, K) at t (rows,) known up to ``radius``, and bounds on their errors."""
        t, radius = t[:, None], radius[:, None]
        rise = self.slope * t
        value = np.where(self.usable, rise + self.offset, -np.inf)
        error = self.slope_error * np.abs(t) + self.offset_error
        error += 4 * UNIT * (np.abs(rise) + np.abs(self.offset))  # the roundings of the sum
        error += (np.abs(self.slope) + self.slope_error) * radius
        return value, error

    def start(self, t: Array, radius: Array) -> Index:
        """Return the line on top just after t: of those that cannot be told apart, the steepest."""
        value, doubt = self.at(t, radius)
        item, best = np.arange(len(t)), value.argmax(axis=1)
        doubt += doubt[item, best, None]
        tied = value >= value[item, best, None] - doubt
        return np.where(tied, self.slope, -np.inf).argmax(axis=1)

    def next_bend(self, winner: Index, t: Array) -> tuple[Array, Index]:
        """Return where the line on top at t is next overtaken, and by which line (the steepest)."""
        item = np.arange(len(t))
        steeper = self.slope - self.slope[item, winner, None]
        lead = self.offset[item, winner, None] - self.offset
        meeting = np.full_like(lead, np.inf)
        with np.errstate(over="ignore"):  # nearly parallel lines may meet beyond the largest float
            np.divide(lead, steeper, where=self.usable & (steeper > 0), out=meeting)
        nearest = meeting.min(axis=1)
        rival = np.where(meeting == nearest[:, None], self.slope, -np.inf).argmax(axis=1)
        return np.maximum(nearest, t), rival

    def steeper(self, one: Index, two: Index) -> Array:
        """Return a lower bound on how much steeper line two is than line one."""
        item = np.arange(len(one))
        error = self.slope_error[item, one] + self.slope_error[item, two]
        return self.slope[item, two] - self.slope[item, one] - error

    def close(self, one: Index, two: Index, t: Array, radius: Array) -> tuple[Flags, Array]:
        """Say where a line besides two given ones may be on top at t (one of them is there).

        Returns:
          (rows,): True where it may, and a bound on the error of the two lines' difference at t.
        """
        item = np.arange(len(t))
        value, doubt = self.at(t, radius)
        doubt += doubt[item, one, None]
        near: Flags = self.usable & (value[item, one, None] - value <= doubt) & (doubt > 0)
        near[item, one] = near[item, two] = False
        anywhere: Flags = np.logical_or.reduce(near, axis=1)
        return anywhere, doubt[item, two]


def envelope(maps: Maps, interval: Array, error: Array, usable: Flags) -> Bends:
    """Walk along the upper envelope of every unit's lines on every interval.

    The order of the lines is certain where, at each end of an interval and at each bend, every
    line but those meeting there is below the top by more than the errors: an affine difference
    that is positive at two points is positive between them.

    Args:
      maps: coefficients (pieces, 2, units, K) of t and 1.
      interval: (pieces, 2), start and end.
      error: (pieces, 2), bounds on their errors.
      usable: (units, K), or (pieces, units, K), the lines that can be on top at all.
    """
    pieces, _, units, rank = maps.value.shape
    flat = pieces * units
    lines = _Lines(
        maps.value[:, 0].reshape(flat, rank),
        maps.value[:, 1].reshape(flat, rank),
        maps.error[:, 0].reshape(flat, rank),
        maps.error[:, 1].reshape(flat, rank),
        np.broadcast_to(usable, (pieces, units, rank)).reshape(flat, rank),
    )
    position, end = interval.repeat(units, axis=0).T
    radius, end_radius = error.repeat(units, axis=0).T
    length = end - position
    uncertain = np.zeros(flat, dtype=bool)
    winner = lines.start(position, radius)
    first = winner.reshape(pieces, units)
    uncertain |= lines.close(winner, winner, position, radius)[0]

    row, last, left = np.arange(flat), winner.copy(), lines
    found: list[tuple[npt.NDArray[Any], ...]] = []
    while len(row):
        meeting, rival = left.next_bend(winner, position)
        on = np.flatnonzero(meeting < end[row])
        row, left, position, before, winner = (
            row[on],
            left.rows(on),
            meeting[on],
            winner[on],
            rival[on],
        )
        last[row] = winner
        found.append((row, before, winner, position))
    uncertain |= lines.close(last, last, end, end_radius)[0]
    rows, befores, winners, positions = (np.concatenate(part) for part in zip(*found, strict=True))
    errors = np.empty(len(rows))
    # As many at once as there were lines at the start, or few.
    for start in range(0, len(rows), step := max(flat, FEW)):
        some = slice(start, start + step)
        row, before, winner = rows[some], befores[some], winners[some]
        here = lines.rows(row)
        close, doubt = here.close(before, winner, positions[some], np.zeros(len(row)))
        uncertain[row[close]] = True
        # Off by the doubt in the difference over its slope, and never by more than the interval.
        steepness = here.steeper(before, winner)
        safe = doubt < steepness * length[row]
        errors[some] = np.where(safe, doubt / np.where(safe, steepness, 1.0), length[row])
    piece, unit = np.divmod(rows, units)
    return Bends(first, piece, unit, winners, positions, errors, int(uncertain.sum()))
