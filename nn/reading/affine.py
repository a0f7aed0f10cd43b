"""Affine maps among the recorded operations: their weights, and what each output element reads."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from maxout.nn.reading.tape import Op, Tape, View

NAMES = frozenset(
    ["mm", "addmm", "bmm", "baddbmm", "mv", "addmv", "dot", "linear", "mkldnn_linear"]
    + ["convolution", "_convolution"]
)
_ADDED = frozenset(["addmm", "baddbmm", "addmv"])  # their first argument is added


@dataclass(frozen=True)
class Affine:
    """One run of an affine map.

    Attributes:
      weight: as the operation has it.
      matrix: the weight as rows of inputs, without what is only repeated; says which weight it is.
      source: the data that the map reads.
      bias: a constant that the operation adds, or None.
      channel, position: of every output element, the weight's row and the place it is applied at.
      fan_in: inputs of one element.
      spatial: dimensions of the kernel; 0 for a matrix.
      channels: input channels of the whole map.
      groups, transposed: of a convolution.
    """

    weight: View
    matrix: View
    source: View
    bias: View | None
    channel: Tensor
    position: Tensor
    fan_in: int
    spatial: int
    channels: int
    groups: int = 1
    transposed: bool = False

    def rows(self, weight: Tensor) -> Tensor:
        """(channels, inputs) from the content of ``matrix``."""
        if not self.transposed:
            return weight.flatten(0, -2) if not self.spatial else weight.flatten(1)
        split = weight.unflatten(0, (self.groups, -1)).transpose(1, 2)
        return split.flatten(0, 1).flatten(1)


def describe(tape: Tape, op: Op) -> Affine | None:
    """The affine map that an operation of :data:`NAMES` is, or None: a product of two data."""
    if "convolution" in op.name:
        return _convolution(tape, op)
    args = op.args
    first, second = args[1:3] if op.name in _ADDED else args[:2]
    on_left = first.storage in tape.data
    if on_left and second.storage in tape.data:
        return None
    added = args[0] if op.name in _ADDED else args[2] if len(args) > 2 else None
    bias = added if isinstance(added, View) and added.storage not in tape.data else None
    source, weight = (first, second) if on_left else (second, first)
    out = op.outs[0]
    grid = torch.meshgrid(*map(torch.arange, out.size), indexing="ij")
    if op.name in ("linear", "mkldnn_linear"):
        channel, position = grid[-1], _packed(grid, out.size, range(len(out.size) - 1))
        matrix = weight
    elif op.name in ("bmm", "baddbmm"):
        return _batched(op, source, weight, bias, on_left, grid)
    elif op.name in ("mv", "addmv", "dot"):
        zero = torch.zeros(out.size, dtype=torch.long)
        channel, position = (
            (zero, _packed(grid, out.size, range(len(out.size))))
            if on_left
            else (
                _packed(grid, out.size, range(len(out.size))),
                zero,
            )
        )
        matrix = replace(weight, size=(1, *weight.size), stride=(0, *weight.stride))
        matrix = weight if len(weight.size) == 2 else matrix
    else:
        channel, position = (grid[1], grid[0]) if on_left else (grid[0], grid[1])
        matrix = _turned(weight) if on_left else weight
    fan_in = matrix.size[-1]
    return Affine(
        weight, matrix, source, bias, channel.flatten(), position.flatten(), fan_in, 0, fan_in
    )


def _batched(
    op: Op, source: View, weight: View, bias: View | None, on_left: bool, grid: Any
) -> Affine:
    size = op.outs[0].size
    row, column = (1, 2) if on_left else (2, 1)
    matrix = _turned(weight) if on_left else weight
    if _is_repeated(weight):
        matrix = replace(matrix, size=matrix.size[1:], stride=matrix.stride[1:])
        channel, position = grid[column], _packed(grid, size, [0, row])
    else:
        channel = _packed(grid, size, [0, column])
        position = grid[row] if _is_repeated(source) else _packed(grid, size, [0, row])
    if _is_repeated(source):
        source = replace(source, size=source.size[1:], stride=source.stride[1:])
    fan_in = matrix.size[-1]
    return Affine(
        weight, matrix, source, bias, channel.flatten(), position.flatten(), fan_in, 0, fan_in
    )


def _convolution(tape: Tape, op: Op) -> Affine | None:
    source, weight, bias = op.args[:3]
    if weight.storage in tape.data:
        return None
    size = op.outs[0].size
    stride, transposed, groups = op.args[3], bool(op.args[6]), int(op.args[8])
    grid = torch.meshgrid(*map(torch.arange, size), indexing="ij")
    fan_in = math.prod(weight.size[1:])
    if transposed:
        # Of a kernel's cells every output meets one in a stride.
        kernel = math.prod(weight.size[2:])
        fan_in = weight.size[0] // groups * max(kernel // max(math.prod(stride), 1), 1)
    place = _packed(grid, size, [0, *range(2, len(size))])
    channels = source.size[1]
    spatial = len(weight.size) - 2
    return Affine(
        weight, weight, source, bias, grid[1].flatten(), place.flatten(), fan_in, spatial,
        channels, groups, transposed,
    )  # fmt: skip


def _turned(weight: View) -> View:
    size, stride = weight.size, weight.stride
    return replace(
        weight,
        size=(*size[:-2], size[-1], size[-2]),
        stride=(*stride[:-2], stride[-1], stride[-2]),
    )


def _is_repeated(view: View) -> bool:
    return view.stride[0] == 0 or view.size[0] == 1


def _packed(grid: Any, size: tuple[int, ...], axes: Any) -> Tensor:
    number = torch.zeros(size, dtype=torch.long)
    for axis in axes:
        number = number * size[axis] + grid[axis]
    return number


class Origins:
    """Of which parameters a constant was computed, such as a normalized weight of its parts."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._makers: dict[int, list[Op]] = {}
        for op in tape.ops:
            if not op.data:
                for view in op.results:
                    self._makers.setdefault(view.storage, []).append(op)

    def names(self, storage: int) -> tuple[str, ...]:
        """Names of parameters; of buffers where there is no parameter."""
        parameters: set[str] = set()
        buffers: set[str] = set()
        seen: set[int] = set()
        ahead = [storage]
        while ahead:
            key = ahead.pop()
            if key in seen:
                continue
            seen.add(key)
            if key in self._tape.parameters:
                name, x = self._tape.parameters[key]
                (parameters if isinstance(x, torch.nn.Parameter) else buffers).add(name)
                continue
            for op in self._makers.get(key, ()):
                ahead += [view.storage for view in op.ins]
        return tuple(sorted(parameters or buffers))

    def identity(self, affine: Affine) -> Hashable:
        """Which weight it is, also where it is computed anew in every call."""
        matrix = affine.matrix
        key: Hashable = matrix.storage
        if matrix.storage not in self._tape.parameters:
            key = self.names(matrix.storage) or key
        return key, matrix.offset, matrix.size, matrix.stride
