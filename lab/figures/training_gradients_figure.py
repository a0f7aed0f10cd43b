"""Squared gradients before, during and after training, from what ``maxout train`` wrote."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from maxout.lab.figures.figure_data import Curve, Figure, Panel
from maxout.numerics.reading import FileError, read_text
from maxout.theory.errors import MaxoutError

if TYPE_CHECKING:
    from maxout.lab.figures import Request

TAKES = {"data": 1}
FILE = "gradients.csv"
_NAMES = ("data", "network", "optimizer", "scheme")
_NUMBERS = ("epoch", "layer", "mean", "lower", "median", "upper")
_MAX_BYTES = 1 << 24

Row = Mapping[str, float]
Cells = dict[tuple[str, ...], list[Row]]


def figure(request: Request) -> Figure:
    """Draw medians and quartiles over seeds, for every data set, network and optimizer."""
    if request.data is None:
        raise MaxoutError(
            "training-gradients needs the folder of a training: maxout train --out DIR, "
            "then maxout figure training-gradients --data DIR"
        )
    cells = read(Path(request.data) / FILE)
    panels: list[Panel] = []
    for group in dict.fromkeys(key[:3] for key in cells):
        panels += _panels(", ".join(group), {k[3]: v for k, v in cells.items() if k[:3] == group})
    request.progress(1.0)
    return Figure(
        "training-gradients",
        "Squared gradients in training: median (points) and quartiles (bands) over seeds",
        tuple(panels),
        min(3, len(panels)),
        (f"from {FILE} of a training by maxout train; seeds that diverged have no gradient",),
    )


def _panels(name: str, schemes: Mapping[str, Sequence[Row]]) -> list[Panel]:
    """All layers together against epochs; layer by layer before and after."""
    last = max(row["epoch"] for rows in schemes.values() for row in rows)
    first = min(row["epoch"] for rows in schemes.values() for row in rows)
    shown = (
        ("during training, all layers", "epoch", lambda row: row["layer"] == 0, "epoch"),
        ("before training", "layer", lambda row: row["layer"] > 0 and row["epoch"] == first,
         "layer"),
        ("after training", "layer", lambda row: row["layer"] > 0 and row["epoch"] == last, "layer"),
    )  # fmt: skip
    panels = [
        Panel(
            f"{name}\n{title}",
            across,
            "squared gradient",
            tuple(
                _curve(scheme, some, key, colour)
                for colour, (scheme, rows) in enumerate(schemes.items())
                if (some := [row for row in rows if wanted(row)])
            ),
            log_up=True,
        )
        for title, across, wanted, key in shown
    ]
    # A table may have the layers together alone.
    return [panel for panel in panels if panel.curves]


def _curve(scheme: str, rows: Sequence[Row], key: str, colour: int) -> Curve:
    rows = sorted(rows, key=lambda row: row[key])
    x, y, low, high = (
        np.array([row[name] for row in rows]) for name in (key, "median", "lower", "upper")
    )
    return Curve(scheme, "samples", x, y, low, high, colour)


def read(path: Path) -> Cells:
    """Read a table of squared gradients; empty cells, of diverged seeds, become NaN.

    Raises:
      FileError: for a file that is missing, too large, or not such a table.
    """
    cells: Cells = {}
    try:
        _fill(cells, csv.DictReader(io.StringIO(read_text(path, _MAX_BYTES))), path)
    except csv.Error as error:
        raise FileError(f"{path} is not a CSV file: {error}") from None
    if not cells:
        raise FileError(f"{path} has no rows")
    return cells


def _fill(cells: Cells, table: csv.DictReader[str], path: Path) -> None:
    missing = [name for name in (*_NAMES, *_NUMBERS) if name not in (table.fieldnames or ())]
    if missing:
        raise FileError(f"{path} has no column {', '.join(missing)}; maxout train writes them")
    for line, row in enumerate(table, start=2):
        key = tuple(row[name] for name in _NAMES)
        numbers = {
            name: value for name in _NUMBERS if (value := _number(row[name], name)) is not None
        }
        if None in key or len(numbers) < len(_NUMBERS):
            raise FileError(f"line {line} of {path} is not a row of numbers")
        cells.setdefault(key, []).append(numbers)


def _number(text: str | None, name: str) -> float | None:
    """A finite number, NaN for an empty one (but not of an epoch or layer), else None."""
    if text == "" and name not in ("epoch", "layer"):
        return np.nan
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if np.isfinite(value) else None
