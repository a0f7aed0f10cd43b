"""Repeat recorded operations on other numbers, in float64."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from maxout.nn.reading.nests import replaced, tensors_in
from maxout.nn.reading.tape import Op, Tape, View

_CASTS = frozenset(["_to_copy", "to", "type_as"])


class Memory:
    """Flat contents of storages; None for one whose content cannot be known.

    Contents are never changed in place, so that a copy of the dictionary is a copy of the memory.
    """

    def __init__(self, tape: Tape, flats: dict[int, Tensor | None] | None = None) -> None:
        self._tape = tape
        self.flats: dict[int, Tensor | None] = {} if flats is None else flats

    def copy(self) -> Memory:
        return Memory(self._tape, dict(self.flats))

    def _flat(self, storage: int) -> Tensor | None:
        if storage not in self.flats:
            start = self._tape.initial.get(storage)
            if start is None:
                start = self._tape.flat(self._tape.storages[storage])
            self.flats[storage] = _wide(start.cpu())
        return self.flats[storage]

    def read(self, view: View) -> Tensor | None:
        flat = self._flat(view.storage)
        if flat is None or flat.is_complex() != view.dtype.is_complex:
            return None
        if flat.is_floating_point() != view.is_floating:
            return None  # the same bytes taken for numbers of another kind
        return view.of(flat)

    def write(self, view: View, x: Tensor) -> None:
        x = _wide(x)
        kept = self._tape.storages[view.storage]
        count = kept.untyped_storage().nbytes() // kept.element_size()
        if view.numel == count and x.is_contiguous() and _is_plain(view):
            self.flats[view.storage] = x.reshape(-1)
            return
        flat = self._flat(view.storage)
        if flat is None or flat.dtype != x.dtype:
            flat = torch.zeros(count, dtype=x.dtype)
        else:
            flat = flat.clone()
        view.of(flat).copy_(x)
        self.flats[view.storage] = flat

    def forget(self, op: Op) -> None:
        """What it made is not known."""
        for view in op.results:
            self.flats[view.storage] = None

    def run(self, op: Op) -> bool:
        """Repeat one operation; False where an input is not known, and so the results are not."""
        if op.is_view:
            return True
        given = {view: self.read(view) for view in op.ins}
        if any(x is None for x in given.values()):
            self.forget(op)
            return False
        for view in op.writes:
            flat = self._flat(view.storage)
            self.flats[view.storage] = None if flat is None else flat.clone()
        args, kwargs = self._arguments(op)
        if op.name in _CASTS and op.outs[0].is_floating and op.ins[0].is_floating:
            results: list[Any] = [args[0]]
        else:
            results = tensors_in(op.call(*args, **kwargs))
        written = {view.storage for view in op.writes}
        for view, x in zip(op.outs, results, strict=True):
            if view.storage not in written:
                self.write(view, x)
        return True

    def _arguments(self, op: Op) -> tuple[Any, Any]:
        def change(value: Any) -> Any:
            if isinstance(value, View):
                return self.read(value)
            if isinstance(value, torch.dtype):
                return torch.float64 if value.is_floating_point else value
            return torch.device("cpu")

        kinds = (View, torch.dtype, torch.device)
        return replaced(op.args, kinds, change), replaced(op.kwargs, kinds, change)


def _wide(x: Tensor) -> Tensor:
    return x.double() if x.is_floating_point() else x


def _is_plain(view: View) -> bool:
    """Whether the view is the storage itself in the order of its elements."""
    expected = 1
    for size, stride in zip(reversed(view.size), reversed(view.stride), strict=True):
        if size != 1 and stride != expected:
            return False
        expected *= size
    return view.offset == 0
