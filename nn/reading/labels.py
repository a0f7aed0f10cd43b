"""Numbers that say where they come from.

Element j of a source gets the number (r 2^26 + j)/2^51 with a random integer r, fresh in every
draw: of size 1, so that constants of a program treat it as any number, and exact in float64, also
in sums and differences of a few. The lowest bits say j; that the number is the one handed out for j
says that nothing but moving and choosing was done to it.
"""

from __future__ import annotations

import torch
from torch import Tensor

BITS = 26
MAX_LABELS = 1 << BITS
_SCALE = 2.0**51
_LEVELS = 1 << 24
_STRONGEST = 6  # how often a winner is pushed down at most


class Labels:
    """One draw of numbers for labels 1, 2, ...; 0 stands for the constant zero.

    Args:
      seed: of the draw.
      signed: whether negative numbers occur too; only then zero can be the largest.
      wins: label -> how often it won; who won is pushed down, so that others show.
      up: push up instead, which shows others of a minimum.
    """

    def __init__(
        self, seed: int, signed: bool, wins: Tensor | None = None, up: bool = False
    ) -> None:
        self._generator = torch.Generator().manual_seed(seed)
        self._signed, self._wins, self._up = signed, wins, up
        self._table = torch.full((1,), float("nan"), dtype=torch.float64)

    @property
    def table(self) -> Tensor:
        """Label -> its number."""
        return self._table

    def draw(self, base: int, count: int) -> Tensor:
        """Hand out numbers for labels base, ..., base + count - 1."""
        u = torch.rand(count, generator=self._generator, dtype=torch.float64)
        if self._wins is not None:
            wins = self._wins[base : base + count].clamp(max=_STRONGEST)
            u = (u + (wins if self._up else _STRONGEST - wins)) / (_STRONGEST + 1)
        if self._signed:
            # With pushing a random level: else zero would never lie among the pushed.
            level = 0.5
            if self._wins is not None:
                level = float(torch.rand(1, generator=self._generator, dtype=torch.float64))
            u = u - level
        else:
            u = u + 0.05
        r = (u * _LEVELS).floor()
        label = torch.arange(base, base + count, dtype=torch.float64)
        numbers = (r * MAX_LABELS + label) / _SCALE
        self._reserve(base + count)
        self._table[base : base + count] = numbers
        return numbers

    def decode(self, x: Tensor) -> Tensor:
        """Label of each number; 0 for the number zero, -1 for what is none."""
        if not x.is_floating_point():
            return torch.full(x.shape, -1)
        label = torch.remainder(x * _SCALE, MAX_LABELS)
        out = ~torch.isfinite(label) | (label >= len(self._table)) | (label != label.floor())
        label = torch.where(out, 0.0, label).long()
        known = (self._table[label] == x) & (label > 0)
        return torch.where(known, label, torch.where(x == 0, 0, -1))

    def _reserve(self, count: int) -> None:
        if len(self._table) < count:
            more = max(count, 2 * len(self._table)) - len(self._table)
            nan = torch.full((more,), float("nan"), dtype=torch.float64)
            self._table = torch.cat([self._table, nan])
