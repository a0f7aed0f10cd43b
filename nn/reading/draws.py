"""Three draws of labels in step, and what the numbers at a place are in all of them."""

from __future__ import annotations

import torch
from torch import Tensor

from maxout.nn.reading.labels import Labels
from maxout.nn.reading.memory import Memory
from maxout.nn.reading.tape import Op, Tape, View


class Draws:
    """Two draws with negative numbers and one without.

    Attributes:
      labels, memories: of each draw.
    """

    def __init__(self, recorded: Tape) -> None:
        self.labels = [Labels(1, True), Labels(2, True), Labels(3, False)]
        self.memories = [Memory(recorded) for _ in self.labels]

    def hand_out(self, view: View, base: int) -> None:
        """Put fresh labels from ``base`` on in place of a result."""
        for labels, memory in zip(self.labels, self.memories, strict=True):
            memory.write(view, labels.draw(base, view.numel).view(view.size))

    def copies(self) -> list[Memory]:
        return [memory.copy() for memory in self.memories]

    def forget(self, op: Op) -> None:
        for memory in self.memories:
            memory.forget(op)

    def labels_of(self, out: View, view: View, memories: list[Memory]) -> Tensor | None:
        """Of which one label each element of ``view`` is, broadcast to the shape of ``out``."""
        if not view.is_floating:
            return None
        found = []
        for labels, memory in zip(self.labels, memories, strict=True):
            x = memory.read(view)
            if x is None:
                return None
            found.append(labels.decode(x))
        top = torch.stack(found).amax(0)
        if not bool((top > 0).all()) or not all(
            bool(((ids == top) | (ids == 0)).all()) for ids in found
        ):
            return None
        try:
            return top.broadcast_to(out.size).reshape(-1)
        except RuntimeError:
            return top.reshape(-1) if top.numel() == out.numel else None

    def is_moved(self, view: View, memories: list[Memory]) -> bool:
        """Whether all elements are labels, zeros or constants, and some are labels."""
        ids, same, first, some = [], None, None, False
        for labels, memory in zip(self.labels, memories, strict=True):
            x = memory.read(view)
            if x is None:
                return False
            found = labels.decode(x)
            some |= bool((found > 0).any())
            ids.append(found)
            if first is None:
                first, same = x, torch.ones(x.shape, dtype=torch.bool)
            else:
                same = same & (x == first)  # type: ignore[operator]  # set with first
        bad = torch.stack([i < 0 for i in ids]).any(0)
        return some and not bool((bad & ~same).any())  # type: ignore[operator]

    def is_constant(self, view: View, memories: list[Memory]) -> bool:
        """Whether the numbers are the same in all draws: they come from sizes or from tables."""
        first, *others = (memory.read(view) for memory in memories)
        return all(
            first is not None and x is not None and bool(torch.equal(first, x)) for x in others
        )
