"""Draws figures with Matplotlib: samples as markers and bands, the theory as lines over them."""

from __future__ import annotations

import io
import math
import textwrap
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from maxout.lab.figures.figure_data import Curve, Figure, Panel
from maxout.theory.errors import MaxoutError

SUFFIXES = (".png", ".svg", ".pdf")

# Okabe and Ito's palette, which colour-blind readers can tell apart.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D31")

# Beside colours, for those who see or print none.
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_LINES: tuple[Any, ...] = ("-", "--", "-.", (0, (4, 1, 1, 1, 1, 1)))

NO_MATPLOTLIB = "pictures need Matplotlib: pip install 'maxout[plots]' (--json and --csv do not)"


def check(path: Path) -> None:
    """Ask, before anything is computed, whether a picture can be written.

    Raises:
      MaxoutError: for another suffix, a folder that is not there, or where Matplotlib is missing.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise MaxoutError(f"a picture must end in {', '.join(SUFFIXES)}; got {path.name!r}")
    if not path.absolute().parent.is_dir():
        raise MaxoutError(f"there is no folder {str(path.parent)!r} to write {path.name!r} to")
    if find_spec("matplotlib") is None:
        raise MaxoutError(NO_MATPLOTLIB)


def write(figure: Figure, path: Path) -> None:
    """Write a picture; its kind is the path's suffix.

    Raises:
      MaxoutError: as :func:`check`.
    """
    check(path)
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    rows = math.ceil(len(figure.panels) / figure.columns)
    wide, high = 3.6 * figure.columns + 0.4, 3.0 * rows + 0.9
    if len(figure.panels) == 1:
        wide, high = 5.6, 4.4
    canvas = Canvas(figsize=(wide, high), layout="constrained")
    FigureCanvasAgg(canvas)
    canvas.suptitle("\n".join(textwrap.wrap(figure.title, int(13 * wide))), fontsize=11)
    grid = canvas.subplots(rows, figure.columns, squeeze=False)
    labels = {tuple(c.label for c in panel.curves if c.label) for panel in figure.panels}
    together = len(figure.panels) > 1 and len(labels) == 1 and labels != {()}
    for axes, panel in zip(grid.flat, figure.panels, strict=False):
        _panel(canvas, axes, panel, legend=not together)
    if together:  # once, off the data
        handles, names = grid.flat[0].get_legend_handles_labels()
        canvas.legend(handles, names, loc="outside lower center", ncols=6, fontsize=8)
    for axes in list(grid.flat)[len(figure.panels) :]:
        axes.set_axis_off()
    # Fixed metadata and identifiers: the same data give the same bytes.
    with rc_context({"svg.hashsalt": figure.name}):
        suffix, told = path.suffix.lower(), f"{figure.command} (maxout {version('maxout')})"
        if suffix == ".png":
            _save_png(canvas, path, told)
        else:
            fixed = {".svg": {"Date": None, "Description": told},
                     ".pdf": {"CreationDate": None, "Subject": told}}  # fmt: skip
            canvas.savefig(path, dpi=110, metadata=fixed[suffix])


def _save_png(canvas: Any, path: Path, told: str) -> None:
    """Write with a palette of 256 colours: a third of the bytes, and no difference to the eye."""
    from PIL import Image as Pixels
    from PIL.PngImagePlugin import PngInfo

    drawn = io.BytesIO()
    canvas.savefig(drawn, format="png", dpi=100)
    about = PngInfo()
    about.add_text("Description", told)
    with Pixels.open(drawn) as pixels:
        pixels.convert("RGB").quantize(256, dither=Pixels.Dither.NONE).save(
            path, format="PNG", optimize=True, pnginfo=about
        )


def _panel(canvas: Any, axes: Any, panel: Panel, legend: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_title(panel.title, fontsize=9)
    axes.set_xlabel(panel.across, fontsize=8)
    axes.set_ylabel(panel.up, fontsize=8)
    axes.tick_params(which="both", labelsize=7)
    if panel.image is not None:
        from matplotlib.colors import LogNorm, Normalize

        image = panel.image
        shown = axes.pcolormesh(
            image.x,
            image.y,
            image.values,
            norm=LogNorm(*image.limits) if panel.log_up else Normalize(*image.limits),
            cmap="viridis",
            shading="nearest",
            rasterized=True,
        )
        bar = canvas.colorbar(shown, ax=axes)
        bar.ax.tick_params(labelsize=7)
        axes.set_aspect("equal")
        return
    banded = sum(curve.low is not None for curve in panel.curves)
    for curve in panel.curves:
        _curve(axes, curve, band=0.2 if banded < 3 else 0.1)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    # A logarithmic axis needs something to show: every seed may have diverged.
    if panel.log_up and any((curve.y > 0).any() for curve in panel.curves):
        axes.set_yscale("log")
    if panel.ends is not None:
        axes.set_ylim(*panel.ends)
    axes.grid(alpha=0.25, linewidth=0.5)
    if legend and any(curve.label for curve in panel.curves):
        axes.legend(fontsize=6.5, framealpha=0.8)


def _curve(axes: Any, curve: Curve, band: float) -> None:
    colour = _COLOURS[curve.colour % len(_COLOURS)]
    if curve.kind == "bars":
        axes.stairs(curve.y, curve.x, fill=True, alpha=0.35, color=colour, label=curve.label)
        return
    if curve.low is not None and curve.high is not None:
        axes.fill_between(curve.x, curve.low, curve.high, color=colour, alpha=band, linewidth=0)
    if curve.kind == "samples":
        # Some thirty markers at most: more would hide the band and the line.
        every = max(1, len(curve.x) // 30)
        marker = _MARKERS[curve.colour % len(_MARKERS)]
        axes.plot(
            curve.x, curve.y, marker, ms=3, color=colour, label=curve.label, markevery=every, mew=0
        )
    elif curve.kind == "floor":
        axes.plot(curve.x, curve.y, ":", lw=1.0, color=colour, label=curve.label)
    else:
        line = _LINES[curve.colour % len(_LINES)]
        axes.plot(curve.x, curve.y, ls=line, lw=1.2, color=colour, label=curve.label)
