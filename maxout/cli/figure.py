"""``maxout figure``: the paper's figures as data and as pictures."""

from __future__ import annotations

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
@click.option("--networks", help="Networks to sample. [default: as many as the paper]")
@options.seed_option("Root of every stream of draws.")
@click.option("--data", help="Folder that `maxout train --out` wrote, for training-gradients.")
@output.json_option
def command(
    name: str | None,
    out: str | None,
    csv_file: str | None,
    networks: str | None,
    seed: int,
    data: str | None,
    as_json: bool,
) -> None:
    """Compute one of the paper's figures, the theory over the samples.

    Without a NAME, list the figures. Without --out, --csv and --json, say what the figure has.
    """
    from maxout.lab import figures
    from maxout.lab.figures import drawing

    if name is None:
        _list(figures.FIGURES, as_json)
        return
    count = None if networks is None else parse.integer(networks, "networks")
    if data is not None and name != "training-gradients":
        raise MaxoutError("--data is for training-gradients alone; the other figures sample")
    picture = None if out is None else Path(out)
    if picture is not None:
        drawing.check(picture)
    if csv_file is not None and not Path(csv_file).absolute().parent.is_dir():
        raise MaxoutError(f"there is no folder to write {csv_file[:200]} to")
    require_torch("figures need", "torch,plots", draws=True)
    with Progress() as progress:
        draw = figures.Request(count, seed, data, lambda share: progress.show(name, share))
        figure = figures.make(name, draw)
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
    click.echo(figure.title)
    output.table(("panel", "curve", "kind", "points", "from", "to"), rows)
    for fact in figure.facts:
        click.echo(fact)
