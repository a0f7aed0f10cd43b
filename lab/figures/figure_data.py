"""What a figure is: panels of curves and images, ready to be written as JSON, CSV or a picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from maxout.numerics.writing import csv_text

Array = NDArray[np.float64]
Kind = Literal["samples", "theory", "bars", "floor"]


@dataclass(frozen=True)
class Curve:
    """One line of a panel.

    Attributes:
      label: for the legend.
      kind: "samples" (markers, with a band where given), "theory" (a line), "bars" (of a
        histogram; x has the edges, one more than y) or "floor" (what chance alone leaves of a
        quantity whose limit is zero).
      x, y: of equal length, but for bars.
      low, high: the band about y (quartiles, or a confidence interval), or None.
      colour: index of the colour; curves of one subject share it.
    """

    label: str
    kind: Kind
    x: Array
    y: Array
    low: Array | None = None
    high: Array | None = None
    colour: int = 0


@dataclass(frozen=True)
class Image:
    """A map over the plane: ``values[i, j]`` at (x[j], y[i]).

    Attributes:
      limits: values of the ends of the colour scale, which maps side by side may share.
    """

    x: Array
    y: Array
    values: Array
    limits: tuple[float, float]


@dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Attributes:
      title, across, up: what the panel and its axes show.
      curves, image: what it has; an image stands alone.
      log_up: a logarithmic vertical axis, or colours of an image.
      ends: of the vertical axis, or None for those of the data.
    """

    title: str
    across: str
    up: str
    curves: tuple[Curve, ...] = ()
    image: Image | None = None
    log_up: bool = False
    ends: tuple[float, float] | None = None


@dataclass(frozen=True)
class Figure:
    """A figure's data.

    Attributes:
      name, title: of the figure.
      panels: row by row.
      columns: panels of one row.
      facts: what was sampled, in words; printed under the title and kept in the data.
      command: that makes it.
    """

    name: str
    title: str
    panels: tuple[Panel, ...]
    columns: int
    facts: tuple[str, ...]
    command: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the data as plain lists; numbers that are not finite become None."""
        return {
            "figure": self.name,
            "title": self.title,
            "facts": list(self.facts),
            "command": self.command,
            "panels": [
                {
                    "title": panel.title,
                    "x": panel.across,
                    "y": panel.up,
                    "curves": [
                        {
                            "label": curve.label,
                            "kind": curve.kind,
                            "x": _plain(curve.x),
                            "y": _plain(curve.y),
                            "low": None if curve.low is None else _plain(curve.low),
                            "high": None if curve.high is None else _plain(curve.high),
                        }
                        for curve in panel.curves
                    ],
                    "image": None
                    if panel.image is None
                    else {
                        "x": _plain(panel.image.x),
                        "y": _plain(panel.image.y),
                        "values": [_plain(row) for row in panel.image.values],
                    },
                }
                for panel in self.panels
            ],
        }

    def to_csv(self) -> str:
        """Return the data in long form: one row a point, or a cell of an image."""
        columns = ("panel", "curve", "kind", "x", "y", "low", "high", "value")
        return csv_text(columns, self._rows())

    def _rows(self) -> Iterator[tuple[str | None, ...]]:
        for panel in self.panels:
            for curve in panel.curves:
                for i, (x, y) in enumerate(zip(curve.x, curve.y, strict=False)):
                    low, high = (
                        None if end is None else repr(float(end[i]))
                        for end in (curve.low, curve.high)
                    )
                    point = repr(float(x)), repr(float(y))
                    yield (panel.title, curve.label, curve.kind, *point, low, high, None)
            if panel.image is not None:
                for y, values in zip(panel.image.y, panel.image.values, strict=True):
                    for x, value in zip(panel.image.x, values, strict=True):
                        cell = repr(float(x)), repr(float(y)), None, None, repr(float(value))
                        yield (panel.title, None, "image", *cell)


def _plain(values: Array) -> list[float | None]:
    return [float(v) if np.isfinite(v) else None for v in values]
