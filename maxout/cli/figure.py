"""``maxout figure``: the paper's figures as data and as pictures."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maxout.cli import options, output, parse
from maxout.cli.progress import Progress
from maxout.cli.torch_needed import require_torch
from maxout.numerics.writing import write_text, writing_to
from maxout.theory.errors import MaxoutError

if TYPE_CHECKING:
    from maxout.lab.figures import Figure


@click.command("figure")
@click.argument("name", required=False)
@click.option(
    "--out", help="Write a picture: FILE.png, .svg or .pdf (pip install 'maxout[plots]')."
)
@click.option("--csv", "csv_file", help="Write the data to a CSV file, one row a point.")
@click.option("--networks", help="Networks to sample. [default: as many as the figure has]")
@click.option("--widths", help="Units of a layer: 2,10,100 is one panel each.")
@click.option("--rank", "ranks", help="K, or several: 2..5 or 2,5.")
@click.option("--depth", "depths", help="Layers, or several: 2,4,6.")
@click.option("--c", "variances", help="Weight variance times fan_in, or several: 0.3,1/M_K,10.")
@options.seed_option("Root of every stream of draws.")
@click.option("--data", help="Folder that `maxout train --out` wrote, for training-gradients.")
@output.json_option
def command(
    name: str | None,
    out: str | None,
    csv_file: str | None,
    networks: str | None,
    widths: str | None,
    ranks: str | None,
    depths: str | None,
    variances: str | None,
    seed: int,
    data: str | None,
    as_json: bool,
) -> None:
    """Compute one of the paper's figures, the theory over the samples.

    Without a NAME, list the figures and which options each takes. Without --out, --csv and --json,
    say what the figure has.

    Example: maxout figure angles --widths 2,50 --rank 2,5 --c 0.3,1/M_K --out angles.png
    """
    from maxout.lab import figures
    from maxout.lab.figures import drawing

    if name is None:
        _list(figures.FIGURES, as_json)
        return
    asked = figures.Request(
        None if networks is None else parse.integer(networks, "networks"),
        _integers(widths, "widths"),
        None if ranks is None else tuple(parse.ranks(tuple(ranks.split(",")))),
        _integers(depths, "depth"),
        None if variances is None else tuple(map(_variance, variances.split(","))),
        seed,
        data,
    )
    asked.check(name, figures.module_of(name).TAKES)
    picture = None if out is None else Path(out)
    if picture is not None:
        drawing.check(picture)
    if csv_file is not None and not Path(csv_file).absolute().parent.is_dir():
        raise MaxoutError(f"there is no folder to write {csv_file[:200]} to")
    require_torch("figures need", "torch,plots", draws=True)
    with Progress() as progress:
        shown = replace(asked, progress=lambda share: progress.show(name, share))
        figure = figures.make(name, shown)
    if csv_file is not None:
        write_text(csv_file, figure.to_csv())
    if picture is not None:
        with writing_to(picture):
            drawing.write(figure, picture)
    if as_json:
        output.dump(figure.to_json())
    else:
        _show(figure)
    for path in (csv_file, out):
        if path is not None:
            click.echo(f"wrote {path}", err=True)


def _integers(text: str | None, name: str) -> tuple[int, ...] | None:
    return None if text is None else tuple(parse.integer(t, name) for t in text.split(","))


def _variance(text: str) -> Fraction | str:
    return text.strip() if text.strip() == "1/M_K" else parse.number(text, "c")


def _list(known: dict[str, str], as_json: bool) -> None:
    if as_json:
        output.dump({"figures": known})
    else:
        output.table(("figure", "shows"), list(known.items()))


def _show(figure: Figure) -> None:
    """A line for every curve: where it starts and ends."""
    rows = []
    for panel in figure.panels:
        title = panel.title.replace("\n", ": ")
        for curve in panel.curves:
            ends = [f"{value:.4g}" for value in (curve.y[0], curve.y[-1])] if len(curve.y) else []
            rows.append((title, curve.label, curve.kind, str(len(curve.y)), *(ends or ("-", "-"))))
        if panel.image is not None:
            values = panel.image.values
            ends = [f"{values.min():.4g}", f"{values.max():.4g}"]
            rows.append((title, "least to largest", "map", str(values.size), *ends))
    output.say(figure.title)
    output.table(("panel", "curve", "kind", "points", "from", "to"), rows)
    for fact in figure.facts:
        output.say(fact)
