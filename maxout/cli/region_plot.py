"""Pictures of regions and of functions along a curve, by Matplotlib, loaded only here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from maxout.numerics.regions.adjacency import edge_units
from maxout.numerics.regions.boundary import DecisionBoundary
from maxout.numerics.regions.concrete_layers import MaxoutLayers
from maxout.numerics.regions.segment import Pieces
from maxout.numerics.regions.subdivision import Subdivision
from maxout.numerics.writing import writing_to
from maxout.theory.errors import MaxoutError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ENDINGS = (".png", ".svg", ".pdf")
_LAYERS = ("#111111", "#c1272d", "#0057b8", "#e07b00", "#6a3d9a", "#117733")


def check_path(path: str) -> None:
    """Say early, before anything is counted, that a picture cannot be drawn.

    Raises:
      click.UsageError: without Matplotlib. MaxoutError: for an unknown ending or no such folder.
    """
    if Path(path).suffix.lower() not in ENDINGS:
        raise MaxoutError(f"a plot's file must end in {', '.join(ENDINGS)}; got {path[:60]!r}")
    if not Path(path).resolve().parent.is_dir():
        raise MaxoutError(f"cannot write {path}: there is no such folder")
    try:
        import matplotlib  # noqa: F401 - asked for first, so that its absence is told clearly
    except ImportError:
        raise click.UsageError("plots need Matplotlib: pip install 'maxout[plots]'") from None


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=150, layout="constrained")


def _save(figure: Figure, path: str) -> None:
    from matplotlib import rc_context

    # Without a date and with fixed ids the same picture is the same file.
    with writing_to(path), rc_context({"svg.hashsalt": "maxout"}):
        metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
        figure.savefig(path, metadata=metadata.get(Path(path).suffix.lower()))


def _layer_of(layers: MaxoutLayers) -> np.ndarray:
    widths = [weight.shape[0] for weight, _ in layers.hidden]
    return np.repeat(np.arange(len(widths)), widths)


def draw_regions(
    path: str, found: Subdivision, layers: MaxoutLayers, boundary: DecisionBoundary | None
) -> None:
    """Draw the regions: coloured by the norm of the gradient, edges by the layer that bends."""
    from matplotlib.collections import LineCollection, PolyCollection
    from matplotlib.lines import Line2D

    figure = _figure(7.2, 6)
    axes = figure.add_subplot()
    slopes = np.linalg.norm(found.maps.value[:, :2], axis=(1, 2))
    faces = PolyCollection(found.polygons(), array=slopes, cmap="YlGnBu", edgecolors="none")
    faces.set_alpha(0.75)
    axes.add_collection(faces)
    unit = edge_units(found)
    inner = unit >= 0
    ends = np.stack(
        [found.cells.corners[:, :2], found.cells.corners[found.cells.following, :2]], axis=1
    )
    layer = _layer_of(layers)[np.maximum(unit, 0)]
    many = found.count > 2000
    for number in range(len(layers.hidden)):
        axes.add_collection(
            LineCollection(
                list(ends[inner & (layer == number)]),
                colors=_LAYERS[number % len(_LAYERS)],
                linewidths=0.3 if many else 0.8,
            )
        )
    handles = [
        Line2D([], [], color=_LAYERS[n % len(_LAYERS)], label=f"kinks of layer {n + 1}")
        for n in range(len(layers.hidden))
    ]
    if boundary is not None:
        axes.add_collection(
            LineCollection(list(boundary.segments), colors="#ff00aa", linewidths=2.2)
        )
        handles.append(Line2D([], [], color="#ff00aa", linewidth=2.2, label="decision boundary"))
    x0, x1, y0, y1 = found.window
    axes.set(xlim=(x0, x1), ylim=(y0, y1), xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    axes.set_title(f"{found.count:,} linear regions, {layers.units} units of rank {layers.rank}")
    figure.colorbar(faces, ax=axes, label="norm of the Jacobian (Frobenius)")
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
    _save(figure, path)


def draw_line(path: str, pieces: Pieces, layers: MaxoutLayers) -> None:
    """Draw the outputs against arc length, with the breakpoints of each layer."""
    lengths = np.linalg.norm(np.diff(pieces.points, axis=0), axis=1)
    before = np.concatenate([[0.0], np.cumsum(lengths)])[pieces.segment]
    arc = before[:, None] + pieces.interval * lengths[pieces.segment, None]
    value = pieces.maps.value
    ends = value[:, 0, None] * pieces.interval[..., None] + value[:, 1, None]
    figure = _figure(7.2, 4.2)
    axes = figure.add_subplot()
    for output in range(ends.shape[-1]):
        axes.plot(arc.ravel(), ends[..., output].ravel(), linewidth=1.2, label=f"$N_{output + 1}$")
    bend = pieces.unit >= 0
    layer = _layer_of(layers)[np.maximum(pieces.unit, 0)]
    for number in range(len(layers.hidden)):
        at = bend & (layer == number)
        axes.plot(
            arc[at, 0],
            ends[at, 0, 0],
            "o",
            markersize=3,
            color=_LAYERS[number % len(_LAYERS)],
            label=f"breakpoints of layer {number + 1}",
        )
    axes.set(xlabel="arc length", ylabel="outputs", xlim=(0, float(lengths.sum())))
    axes.set_title(f"{pieces.count:,} breakpoints")
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    _save(figure, path)
