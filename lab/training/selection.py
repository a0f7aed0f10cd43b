"""A sweep of learning rates: every scheme at the rate that its tuning seeds choose, tested once.

The first quarter of the seeds (four at least) choose the rate, by their mean validation accuracy;
the other seeds are compared, at that rate. Those were not looked at before, so verdicts about them
are what they would be of rates that had been known beforehand: nothing is multiplied by the sweep.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from maxout.lab.training.accuracies import Result, result_of
from maxout.theory.errors import DomainError

Cell = Mapping[str, Any]
_GROUP = ("data", "network", "optimizer", "scheme")


def tuning_seeds(seeds: int) -> int:
    """How many seeds choose the rate.

    Raises:
      DomainError: where no seed is left to be compared.
    """
    tuning = max(4, seeds // 4)
    if tuning >= seeds:
        raise DomainError(f"a sweep of rates needs at least 5 seeds; got {seeds}")
    return tuning


def chosen(cells: Sequence[Cell]) -> list[Result]:
    """Return one result for each scheme: of its only rate, or of its best and the other seeds."""
    groups: dict[tuple[str, ...], list[Cell]] = {}
    for cell in cells:
        groups.setdefault(tuple(cell["setting"][name] for name in _GROUP), []).append(cell)
    results = []
    for group in groups.values():
        if len(group) == 1:
            results.append(result_of(group[0]))
            continue
        tuning = tuning_seeds(len(group[0]["test"]))
        # Of equals the smaller rate.
        best = min(group, key=lambda c: (-_tuned(c, tuning), c["setting"]["rate"]))
        results.append(result_of(best, tuning))
    return results


def _tuned(cell: Cell, tuning: int) -> float:
    return float(np.mean(cell["validation"][:tuning]))


def sweep(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """Return what every rate came to: a row a cell, where a scheme has several rates."""
    rates: dict[tuple[str, ...], int] = {}
    for cell in cells:
        key = tuple(cell["setting"][name] for name in _GROUP)
        rates[key] = rates.get(key, 0) + 1
    rows = []
    for cell in cells:
        setting = cell["setting"]
        if rates[tuple(setting[name] for name in _GROUP)] == 1:
            continue
        tuning = tuning_seeds(len(cell["test"]))
        rows.append(
            {
                **{name: setting[name] for name in _GROUP},
                "rate": setting["rate"],
                "validation": _tuned(cell, tuning),
                "test": float(np.mean(cell["test"][tuning:])),
                "diverged": sum(epoch is not None for epoch in cell["diverged_epoch"]),
            }
        )
    return rows
