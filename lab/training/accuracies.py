"""Accuracies of cells, apart from how they were trained: from cell files, from and to CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from maxout.numerics.writing import csv_text


@dataclass(frozen=True)
class Result:
    """Test accuracies of one cell.

    Attributes:
      data, network, optimizer, scheme: the cell.
      chance: accuracy of guessing.
      test: per seed, after the epoch of the best validation accuracy.
      final: per seed, after the last epoch.
      diverged: per seed, epoch in which it diverged, 0 if it did not.
      rate: learning rate.
      reached: per seed, first epoch whose validation accuracy was ``REACH`` of the way from
        guessing to all right; 0 if there was none. Empty where it was not taken down.
    """

    data: str
    network: str
    optimizer: str
    scheme: str
    chance: float
    test: np.ndarray
    final: np.ndarray
    diverged: np.ndarray
    rate: float = 0.001
    reached: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def group(self) -> tuple[str, str, str]:
        """What cells that are compared have in common."""
        return self.data, self.network, self.optimizer

    @property
    def name(self) -> str:
        return " ".join((*self.group, self.scheme))


REACH = 0.8


def result_of(cell: Mapping[str, Any], first: int = 0) -> Result:
    """The result in a cell file, of the seeds from ``first`` on."""
    setting = cell["setting"]
    return Result(
        setting["data"], setting["network"], setting["optimizer"], setting["scheme"],
        cell["chance"],
        np.array(cell["test"])[first:],
        np.array(cell["final"])[first:],
        np.array([epoch or 0 for epoch in cell["diverged_epoch"]])[first:],
        setting["rate"],
        np.array(cell["reached"])[first:],
    )  # fmt: skip


_COLUMNS = (
    "data", "network", "optimizer", "scheme", "rate", "chance", "seed", "test", "final", "diverged",
)  # fmt: skip


def to_csv(results: Sequence[Result]) -> str:
    """A line for every seed of every cell; no digit of the accuracies is lost."""
    rows = [
        (*r.group, r.scheme, r.rate, r.chance, seed, test, final, int(diverged))
        for r in results
        for seed, (test, final, diverged) in enumerate(
            zip(r.test.tolist(), r.final.tolist(), r.diverged, strict=True)
        )
    ]
    return csv_text(_COLUMNS, rows)


def from_csv(text: str) -> list[Result]:
    """Results from what :func:`to_csv` wrote."""
    cells: dict[tuple[str, str, str, str], list[dict[str, str]]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        key = row["data"], row["network"], row["optimizer"], row["scheme"]
        cells.setdefault(key, []).append(row)
    return [
        Result(
            data,
            network,
            optimizer,
            scheme,
            chance=float(rows[0]["chance"]),
            test=np.array([float(row["test"]) for row in rows]),
            final=np.array([float(row["final"]) for row in rows]),
            diverged=np.array([int(row["diverged"]) for row in rows]),
            rate=float(rows[0]["rate"]),
        )
        for (data, network, optimizer, scheme), rows in cells.items()
    ]
