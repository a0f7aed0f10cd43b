"""How results are shown: rich tables on a terminal, aligned plain text when piped, JSON on demand.

Rich is imported only where a terminal is there to see it.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import textwrap
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click
import sympy as sp

if TYPE_CHECKING:
    from rich.text import Text

FORMATS = ("pretty", "latex", "json", "srepr")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
format_option = click.option(
    "--format",
    "style",
    type=click.Choice(FORMATS),
    default="pretty",
    help="How expressions are printed.",
)


def on_terminal() -> bool:
    """Whether stdout is a terminal that a person reads."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def dump(value: Any) -> None:
    """Print JSON, indented, and never NaN or Infinity (which JSON does not have)."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def expression(value: sp.Basic, style: str, indent: int = 0) -> str:
    """One expression in the asked style; "json" means its plain string.

    Args:
      indent: columns of a terminal that its caller puts before each of its lines.
    """
    if style == "latex":
        return str(sp.latex(value))
    if style == "srepr":
        return str(sp.srepr(value))
    if style == "pretty" and on_terminal():
        columns = max(_columns() - indent, _LEAST)
        drawn = str(sp.pretty(value, use_unicode=True, num_columns=columns))
        # What SymPy cannot draw it writes out, and breaks in the middle of numbers: so a formula
        # that needs more than the window stays one line, broken between its terms by ``say``.
        whole = str(sp.pretty(value, use_unicode=True, wrap_line=False))
        return drawn if drawn == whole else str(sp.sstr(value))
    return str(sp.sstr(value))


def number(value: float | None) -> str:
    """A number of a verdict, to five digits; "-" where there is none."""
    return "-" if value is None else f"{value:.5g}"


def _columns() -> int:
    return shutil.get_terminal_size().columns


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str | None = None) -> None:
    """Print a table: boxed on a terminal that is wide enough, aligned and unboxed when piped.

    Only cells of several words are broken over lines; a key or a number never is. A terminal too
    narrow for that gets a row's cells below each other.
    """
    widths = [max(len(row[i]) for row in [columns, *rows]) for i in range(len(columns))]
    if title:
        say(title)
    if not on_terminal():
        for row in [columns, *rows]:
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            click.echo(line.rstrip())
        return
    prose = [any(" " in row[i] for row in rows) for i in range(len(columns))]
    needed = sum(
        max(len(name), min(width, _PROSE)) if broken else width
        for name, width, broken in zip(columns, widths, prose, strict=True)
    )
    if needed + _GAP * len(columns) > _columns():
        _below_each_other(columns, rows)
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=SIMPLE_HEAD, collapse_padding=True)
    for name, width, broken in zip(columns, widths, prose, strict=True):
        least = max(len(name), min(width, _PROSE)) if broken else width
        shown.add_column(name, overflow="fold", no_wrap=not broken, min_width=least)
    for row in rows:
        shown.add_row(*(_styled(Text(cell)) for cell in row))
    Console(width=_columns()).print(shown)


def _below_each_other(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A row's first cell, then its others indented under it, each after its column's name."""
    for first, *others in rows:
        say(first)
        for name, cell in zip(columns[1:], others, strict=True):
            if cell:
                say(f"    {name} {cell}".replace("     ", "    "), hanging=4)


def formula(name: str, value: sp.Basic, style: str) -> None:
    """Print a formula after a name that ends in = or a colon; drawn over lines, below it."""
    drawn = expression(value, style, indent=4)
    if "\n" in drawn:
        say(f"{name}\n    " + drawn.replace("\n", "\n    "))
    else:
        say(f"{name} {drawn}", hanging=4)


def say(text: str, hanging: int = 2) -> None:
    """Print lines; those wider than the terminal are broken between words, and indented.

    Piped lines stay whole.

    Args:
      hanging: spaces that the rest of a broken line gets before its own indentation.
    """
    if on_terminal():
        text = "\n".join(map(partial(_broken, hanging=hanging), text.split("\n")))
    click.echo(text)


def _broken(line: str, hanging: int) -> str:
    width = _columns()
    if len(line) <= width:
        return line
    margin = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(
        line.lstrip(),
        width,
        initial_indent=margin,
        subsequent_indent=margin + " " * hanging,
        break_on_hyphens=False,
    )


_PROSE = 20
"""Width that a column of words may be broken down to."""

_LEAST = 20
"""Columns that a formula gets in any window."""

_GAP = 2
"""Between two columns of a boxed table, and at its edges."""

_COLOURS = {
    "verified": "green",
    "proved": "green",
    "refuted": "bold red",
    "inconclusive": "yellow",
    "conjecture": "yellow",
}


def _styled(text: Text) -> Text:
    if text.plain in _COLOURS:
        text.stylize(_COLOURS[text.plain])
    return text


def bluntness(verdict: dict[str, Any]) -> float:
    """The error that a verdict could have seen, relative where the predicted value is not 0.

    Of a bound: how far it would have to be moved to be refuted, as a factor. Infinite where nothing
    was judged, or nothing would refute it.
    """
    if verdict["refuted_at"] is not None:
        factor = float(verdict["refuted_at"])
        return abs(math.log(factor)) if factor > 0 else math.inf
    if verdict["detectable"] is None:
        return math.inf
    return float(verdict["detectable"]) / (abs(float(verdict["predicted"] or 0)) or 1.0)
