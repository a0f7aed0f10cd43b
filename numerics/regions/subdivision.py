"""The regions of a network with two inputs, in a window of the plane, as convex polygons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

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
from maxout.numerics.regions.polygons import Flags, Index, Polygons, doubtful, join, rectangle
from maxout.numerics.regions.room import Room
from maxout.numerics.regions.split import split
from maxout.theory.errors import DoesNotApplyError, DomainError
from maxout.theory.network import RANK

WINDOW_EDGE = -1
MAX_RANK = 256
_RANK = RANK.up_to(MAX_RANK, "where regions are found")
# Numbers of one temporary array (8 bytes each): small enough to stay in cache, large enough that
# the cost of a NumPy call does not show.
BLOCK = 1 << 20


@dataclass(frozen=True)
class Subdivision:
    """Activation regions of a network in a window, one convex polygon each.

    An activation region is a maximal set of positive area on which every unit has one winning
    piece. On it the network is affine.

    Attributes:
      window: (x0, x1, y0, y1).
      cells: the polygons; an edge's label is the number of the unit (from 0, input side first)
        whose winner changes there, or WINDOW_EDGE.
      winners: (count, N), the winning piece of each unit.
      maps: coefficients (count, 3, outputs) of x, y and 1 in each output, with error bounds.
      undecided: number of decisions (does this unit change its winner on this cell?) that fell
        within the rounding error. Where it is 0 the count is proved; otherwise the count is that
        of a network within rounding of the given one at those places.
    """

    window: tuple[float, float, float, float]
    cells: Polygons
    winners: npt.NDArray[np.uint8]
    maps: Maps
    undecided: int

    @property
    def count(self) -> int:
        """Number of activation regions in the window."""
        return len(self.cells.count)

    def polygons(self) -> list[Array]:
        """Return the corners (corners, 2) of each region, counterclockwise, ready to be drawn."""
        return np.split(self.cells.corners[:, :2], self.cells.starts[1:])

    def areas(self) -> Array:
        """Return (count,): the area of each region."""
        starts, after = self.cells.starts, self.cells.following
        # Seen from a corner of its own: no cancellation however small or far the region is.
        local = self.cells.corners[:, :2] - np.repeat(
            self.cells.corners[starts, :2], self.cells.count, axis=0
        )
        x, y = local.T
        return np.add.reduceat(x * y[after] - x[after] * y, starts) / 2

    def interior_points(self) -> Array:
        """Return (count, 2): the mean of each region's corners."""
        total = np.add.reduceat(self.cells.corners[:, :2], self.cells.starts, axis=0)
        return total / self.cells.count[:, None]


def check_window(window: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Return the window as floats.

    Raises:
      DomainError: unless it is (x0, x1, y0, y1) with finite x0 < x1 and y0 < y1, of a size that
        leaves float64 room for products of them.
    """
    try:
        values = tuple(float(v) for v in window)
    except (TypeError, ValueError):
        values = ()  # told below, with the window as it was given
    if len(values) != 4 or not np.isfinite(values).all():
        raise DomainError(f"a window is four finite numbers (x0, x1, y0, y1); got {window}")
    x0, x1, y0, y1 = values
    if not (x0 < x1 and y0 < y1):
        raise DomainError(f"a window needs an area, x0 < x1 and y0 < y1; got {values}")
    if max(map(abs, values)) > LARGEST or min(x1 - x0, y1 - y0) < 1 / LARGEST:
        raise DomainError(
            f"a window's coordinates must be at most {LARGEST:g} and its sides at least "
            f"{1 / LARGEST:g}; got {values}"
        )
    return x0, x1, y0, y1


def subdivide(
    layers: MaxoutLayers,
    window: tuple[float, float, float, float],
    say: Callable[[str], None] = lambda detail: None,
) -> Subdivision:
    """Find every activation region of a network with two inputs in a window.

    Layer by layer, the cells so far are cut along the upper envelope of the affine pieces of each
    unit that changes its winner there. Cost: proportional to the number of regions.

    Args:
      layers: a network with n_0 = 2.
      window: (x0, x1, y0, y1).
      say: called with how far it is.

    Raises:
      MaxoutError: for a network that does not have two inputs, a rank above 256, weights or values
        that ``LARGEST`` rules out, a window that is not one, or more regions than there is ``Room``
        for.
    """
    bounds = check_window(window)
    if layers.inputs != 2:
        raise DoesNotApplyError(
            f"a subdivision of the plane needs a network of 2 inputs, not {layers.inputs}"
        )
    _RANK(layers.rank)
    state = _State(rectangle(*bounds, WINDOW_EDGE), np.zeros((1, 0), dtype=np.uint8), None, 0)
    last = len(layers.hidden) - 1
    for number, (weight, bias) in enumerate(layers.hidden):
        then = layers.output if number == last else None
        blocks = state.blocks(max(1, BLOCK // bias.size))
        what = f"regions after {number + 1} of {last + 1} layers"
        width = len(bias) if then is None else len(then[1])
        room = Room(layers, _numbers(width), what, say)
        parts = []
        for block in blocks:
            here = Room(layers, _numbers(len(bias)), what)
            parts.append(_cut_layer(block, weight, bias, then, here))
            room.take(len(parts[-1].winners))
        state = _State(
            join([part.cells for part in parts]),
            np.concatenate([part.winners for part in parts]),
            join_maps([part.maps for part in parts if part.maps is not None]),
            state.undecided + sum(part.undecided for part in parts),
        )
    assert state.maps is not None  # there is at least one layer
    return Subdivision(bounds, state.cells, state.winners, state.maps, state.undecided)


def _numbers(functions: int) -> int:
    """Of one cell: three coefficients of each function and their errors, and about the polygon."""
    return 6 * functions + 64


@dataclass(frozen=True)
class _State:
    """The cells so far; ``maps`` is None before the first layer."""

    cells: Polygons
    winners: npt.NDArray[np.uint8]
    maps: Maps | None
    undecided: int

    def blocks(self, size: int) -> Iterator[_State]:
        """Yield the state in blocks of cells: cells do not matter to each other."""
        for start in range(0, len(self.cells.count), size):
            which = np.arange(len(self.cells.count))[start : start + size]
            maps = self.maps and Maps(self.maps.value[which], self.maps.error[which])
            yield _State(self.cells.take(which), self.winners[which], maps, 0)


def _cut_layer(
    state: _State,
    weight: Array,
    bias: Array,
    output: tuple[Array, Array] | None,
    room: Room,
) -> _State:
    """Cut the cells along all units of one layer; compose with the output layer where given."""
    units = len(bias)
    done = state.winners.shape[1]
    maps = compose(weight, bias, state.maps)  # (faces, 3, units, rank)
    usable = candidates(weight, bias)
    winner, mixed = _first_look(state.cells, maps, usable)
    # Each cell ("face") of the layer's input goes through its own list of units that change there.
    number = mixed.sum(axis=1)
    order = np.argsort(~mixed, axis=1, kind="stable")

    cells, face, won = state.cells, np.arange(len(winner)), winner.astype(np.uint8)
    finished, undecided = [], 0
    for step in range(units + 1):
        still = number[face] > step
        if not still.all():
            rest = np.flatnonzero(~still)
            finished.append((cells.take(rest), face[rest], won[rest]))
            on = np.flatnonzero(still)
            cells, face, won = cells.take(on), face[on], won[on]
        room.check(len(face) + sum(len(part[1]) for part in finished))
        if not len(face):
            break
        unit = order[face, step]
        result = split(
            cells,
            doubtful(maps.value[face, :, unit], maps.error[face, :, unit]),
            usable[unit],
            MAX_RANK * (done + unit),
        )
        undecided += int(result.undecided.sum())
        cells, face, won = result.polygons, face[result.parent], won[result.parent]
        won[np.arange(len(face)), unit[result.parent]] = result.winner
    cells = join([part[0] for part in finished])
    face = np.concatenate([part[1] for part in finished])
    won = np.concatenate([part[2] for part in finished])
    maps = select(maps, face, won)
    if output is not None:
        maps = compose(*output, maps)
    return _State(cells, np.concatenate([state.winners[face], won], axis=1), maps, undecided)


def _first_look(cells: Polygons, maps: Maps, usable: Flags) -> tuple[Index, Flags]:
    """Return each unit's winner (cells, units), and True where it may not be so all over the cell.

    The winner at the middle of the cell's bounding box is compared with the other pieces on the
    whole box: quick, since corners do not enter, and wrong only in calling too many doubtful.
    """
    high = np.maximum.reduceat(cells.corners[:, :4], cells.starts, axis=0)
    low = np.minimum.reduceat(cells.corners[:, :2], cells.starts, axis=0)
    middle = np.ones((len(low), 3))
    middle[:, :2] = (high[:, :2] + low) / 2
    half = (high[:, :2] - low) / 2 + high[:, 3:]  # and the corners' own errors
    value = np.einsum("fd,fdnk->fnk", middle, maps.value)
    guess = np.where(usable, value, -np.inf).argmax(axis=2)
    shape = (len(low), 1, len(usable), 1)
    best = np.take_along_axis(maps.value, guess.reshape(shape), axis=3)
    spread = np.einsum("fd,fdnk->fnk", half, np.abs(best - maps.value)[:, :2])
    reach = np.abs(middle)
    reach[:, :2] += half
    error = np.einsum("fd,fdnk->fnk", reach, maps.error + 8 * UNIT * np.abs(maps.value))
    guessed = guess[:, :, None]
    spread += error + np.take_along_axis(error, guessed, axis=2)
    doubt = np.take_along_axis(value, guessed, axis=2) - value <= spread
    doubt &= usable
    np.put_along_axis(doubt, guessed, False, axis=2)
    return guess, doubt.any(axis=2)
