"""``maxout results``: the catalogue."""

from __future__ import annotations

import click

from maxout.cli import output, overview, parse
from maxout.theory.catalogue import select
from maxout.theory.sources import BIBLIOGRAPHY


@click.command("results")
@click.argument("keys", type=parse.KEY, nargs=-1, metavar="[KEY]...")
@click.option("--all", "everything", is_flag=True, help="With sources, as of each KEY.")
@output.json_option
@click.option("--bibtex", is_flag=True, help="Print the sources of the statements as BibTeX.")
@click.option(
    "--where",
    "places",
    is_flag=True,
    help="Print file and line of each statement, its routes, experiment, oracle and proof.",
)
def command(
    keys: tuple[str, ...], everything: bool, as_json: bool, bibtex: bool, places: bool
) -> None:
    """List the statements: a line each, or under KEY and with --all their sources and status."""
    if places and bibtex:
        raise click.UsageError("give --where or --bibtex, not both")
    chosen = select(keys)
    if places:
        from maxout.cli.where import where  # it loads every floor

        found = [(s.key, part, place) for s in chosen for part, place in where(s)]
        if as_json:
            output.dump([dict(zip(("key", "part", "place"), row, strict=True)) for row in found])
        else:
            output.table(("key", "part", "file:line"), found)
        return
    if bibtex:
        for name in dict.fromkeys(key for s in chosen for key in s.source.keys):
            output.say(BIBLIOGRAPHY[name].bibtex)
        return
    if as_json:
        output.dump(
            [
                {
                    "key": s.key,
                    "title": s.title,
                    "relation": s.relation.value,
                    "source": str(s.source),
                    "assumptions": list(s.assumptions),
                    "proof": s.proof,
                    "status": s.status,
                }
                for s in chosen
            ]
        )
        return
    if not (keys or everything):
        overview.show([(s, s.relation.value, s.title) for s in chosen], "maxout results KEY")
        return
    output.table(
        ("key", "statement", "source", "status"),
        [(s.key, s.title, str(s.source), s.status) for s in chosen],
    )
