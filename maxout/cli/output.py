"""How results are shown: rich tables on a terminal, aligned plain text when piped, JSON on demand.

Rich is imported only where a terminal is there to see it.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
from collections.abc import Sequence
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


def expression(value: sp.Basic, style: str) -> str:
    """One expression in the asked style; "json" means its plain string."""
    if style == "latex":
        return str(sp.latex(value))
    if style == "srepr":
        return str(sp.srepr(value))
    if style == "pretty" and on_terminal():
        columns = _columns()
        return str(sp.pretty(value, use_unicode=True, num_columns=columns))
    return str(sp.sstr(value))


def number(value: float | None) -> str:
    """A number of a verdict, to five digits; "-" where there is none."""
    return "-" if value is None else f"{value:.5g}"


def _columns() -> int:
    return shutil.get_terminal_size().columns


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str | None = None) -> None:
    """Print a table: boxed on a terminal that is wide enough, aligned and unboxed elsewhere.

    Only cells of several words are broken over lines; a key or a number never is.
    """
    widths = [max(len(row[i]) for row in [columns, *rows]) for i in range(len(columns))]
    prose = [any(" " in row[i] for row in rows) for i in range(len(columns))]
    needed = sum(_PROSE if broken else width for width, broken in zip(widths, prose, strict=True))
    if on_terminal() and needed + _GAP * len(columns) <= _columns():
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        shown = Table(box=SIMPLE_HEAD, title=title, title_justify="left", collapse_padding=True)
        for name, broken in zip(columns, prose, strict=True):
            shown.add_column(name, overflow="fold", no_wrap=not broken)
        for row in rows:
            shown.add_row(*(_styled(Text(cell)) for cell in row))
        Console().print(shown)
        return
    if title:
        click.echo(title)
    for row in [columns, *rows]:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


_PROSE = 20
"""Width that a column of words may be broken down to."""

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
