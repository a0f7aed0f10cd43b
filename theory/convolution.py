"""How the units of a convolutional layer lie over the map before: kernel, stride, padding, groups.

One record for all hidden layers. Output cell a has along every axis the taps a s - p + d j,
j = 0..k-1: its patch. Taps outside the map are zeros (zero padding) or wrap around (circular).
Source: this project, docs/convolutions.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import sympy as sp

from maxout.theory.errors import DomainError
from maxout.theory.field import Field, integer, one_of

MAX_SIZE = 4096
MAX_AXES = 3
MAX_STEPS = 10**7
"""Taps of all layers along one axis, at most: a step of exact integers each."""
PADDING_MODES = ("zeros", "circular")


def _axes(low: int) -> Callable[[Any], tuple[int, ...]]:
    """Accept one integer for every axis, or one an axis, in a tuple."""
    entry = integer(low, MAX_SIZE)

    def check(value: Any) -> tuple[int, ...]:
        if isinstance(value, (str, bytes)):
            raise TypeError(value)
        found = tuple(map(entry, value)) if isinstance(value, Sequence) else (entry(value),)
        if not 1 <= len(found) <= MAX_AXES:
            raise ValueError(value)
        return found

    return check


def _field(name: str, low: int, typical: tuple[Any, ...], meaning: str) -> Field:
    domain = f"1 to {MAX_AXES} integers from {low} to {MAX_SIZE:,}, one for each axis of the map"
    return Field(name, sp.Symbol(name), domain, typical, meaning, _axes(low))


SIZE = _field("size", 1, ((8, 8), (32,)), "size of the input map, axis by axis")
KERNEL = _field("kernel", 1, (3, (3, 5)), "cells of a kernel along every axis")
STRIDE = _field("stride", 1, (1, 2), "step from one output cell to the next, along every axis")
PADDING = _field("padding", 0, (0, 1), "cells added on either side of the map, along every axis")
DILATION = _field("dilation", 1, (1, 2), "step from one tap to the next, along every axis")
GROUPS = Field(
    "groups",
    sp.Symbol("groups"),
    "an integer from 1 to 1,000,000",
    (1, 2),
    "groups of channels that a convolution does not mix",
    integer(1, 10**6),
)
PADDING_MODE = Field(
    "padding_mode",
    sp.Symbol("padding_mode"),
    f"one of {', '.join(map(repr, PADDING_MODES))}",
    PADDING_MODES,
    "what stands in the cells that padding adds: zeros, or circular for the other side of the map",
    one_of(PADDING_MODES),
)
MAX_CHANNELS = 10**6


def _channels(value: Any) -> tuple[int, ...]:
    if isinstance(value, (str, bytes)):
        raise TypeError(value)
    found = tuple(integer(1, MAX_CHANNELS)(v) for v in value)
    if len(found) < 2:
        raise ValueError(value)
    return found


CHANNELS = Field(
    "channels",
    sp.Symbol("channels"),
    f"two or more integers from 1 to {MAX_CHANNELS:,}: of the input and of every hidden layer",
    ((3, 8, 8), (1, 4)),
    "channels C_0, C_1, ..., C_{L-1} of the input and of the hidden layers, which are convolutions",
    _channels,
)
SIZES = Field(
    "sizes",
    sp.Symbol("sizes"),
    "sizes of all maps",
    (),
    "sizes of the maps, input first; follows from size, kernel and the like",
    tuple,
)
CONVOLUTION_FIELDS = (SIZE, KERNEL, STRIDE, PADDING, DILATION, GROUPS, PADDING_MODE)


@dataclass(frozen=True, init=False)
class Convolution:
    """The convolution of every hidden layer; the names and the meaning are PyTorch's.

    Args:
      size: cells of the input map along every axis; one to three axes.
      kernel, stride, padding, dilation: one integer for all axes, or one an axis.
      groups: groups of channels; all pieces of a unit are in one of them.
      padding_mode: "zeros" or "circular".

    Raises:
      MaxoutError: naming the field and what it must be.
    """

    size: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int
    padding_mode: str

    def __init__(
        self,
        size: Any,
        kernel: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        padding_mode: str = "zeros",
    ) -> None:
        vars(self).update(size=SIZE(size), groups=GROUPS(groups))
        vars(self).update(padding_mode=PADDING_MODE(padding_mode))
        given = {KERNEL: kernel, STRIDE: stride, PADDING: padding, DILATION: dilation}
        for field, value in given.items():
            found = field(value)
            if len(found) not in (1, len(self.size)):
                raise DomainError(
                    f"{field.name} must have one entry, or one for each of the {len(self.size)} "
                    f"axes of size; got {len(found)}"
                )
            vars(self)[field.name] = found * (len(self.size) // len(found))

    @property
    def taps(self) -> int:
        """Cells of a kernel, of all axes together."""
        return prod(self.kernel)

    def after(self, size: tuple[int, ...]) -> tuple[int, ...]:
        """The size of the map that a layer makes of one of this size.

        Raises:
          DomainError: where there is none.
        """
        found = tuple(
            (n + 2 * p - d * (k - 1) - 1) // s + 1
            for n, k, s, p, d in zip(
                size, self.kernel, self.stride, self.padding, self.dilation, strict=True
            )
        )
        if min(found) < 1:
            raise DomainError(
                f"a kernel {_typed(self.kernel)} with dilation {_typed(self.dilation)} does "
                f"not fit a map of size {_typed(size)} with padding {_typed(self.padding)}"
            )
        if self.padding_mode == "circular" and any(
            p > n for n, p in zip(size, self.padding, strict=True)
        ):
            raise DomainError(
                f"circular padding must not be wider than the map; got {_typed(self.padding)} "
                f"around a map of size {_typed(size)}"
            )
        return found

    def patch(self, axis: int, size: int, cell: int) -> list[int]:
        """Input cells of an output cell's taps along an axis, those outside the map left out.

        Where padding wraps around a small map, a cell may stand there several times.
        """
        start = cell * self.stride[axis] - self.padding[axis]
        taps = [start + self.dilation[axis] * j for j in range(self.kernel[axis])]
        if self.padding_mode == "circular":
            return [tap % size for tap in taps]
        return [tap for tap in taps if 0 <= tap < size]

    def paths(self, axis: int, sizes: Sequence[int], cell: int | None) -> list[int]:
        """Numbers of paths of taps along one axis, by the input cell in which they end.

        Args:
          sizes: of the maps along this axis, input first.
          cell: of the last map, in which they begin; None for all of them.
        """
        if sum(sizes) * self.kernel[axis] > MAX_STEPS:
            raise DomainError(f"maps and kernels may have {MAX_STEPS:,} taps along an axis")
        counts = [int(cell in (None, a)) for a in range(sizes[-1])]
        for before in reversed(sizes[:-1]):
            following = [0] * before
            for a, count in enumerate(counts):
                for b in self.patch(axis, before, a) if count else ():
                    following[b] += count
            counts = following
        return counts

    @property
    def words(self) -> dict[str, str]:
        """The arguments as they are typed, without those that have their defaults."""
        found = {
            field.name: _typed(_one(field, getattr(self, field.name)))
            for field in CONVOLUTION_FIELDS
        }
        return {name: text for name, text in found.items() if text != _DEFAULTS.get(name)}

    def __str__(self) -> str:
        return " ".join(f"{name}={text}" for name, text in self.words.items())


_DEFAULTS = {"stride": "1", "padding": "0", "dilation": "1", "groups": "1", "padding_mode": "zeros"}


def _one(field: Field, value: Any) -> Any:
    """One entry in place of equal ones; of the size every axis is named."""
    same = isinstance(value, tuple) and field != SIZE and len(set(value)) == 1
    return value[:1] if same else value


def _typed(value: Any) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
