"""``python -m tests.mutation [KEY...]``: print what becomes of every mutant of the catalogue."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from .findings import ASKED, REST, Finding, search
from .mutants import EXCHANGES, FACTORS, REVERSED, SHIFTS, times

COLUMNS = (*map(times, FACTORS), *SHIFTS, "moments", REVERSED)
LEGEND = (
    "o: noticed by an oracle; s: refuted by samples; =: the same statement; "
    "-: the statement has none such."
)


def cells(findings: Iterable[Finding]) -> dict[str, dict[str, str]]:
    """Key -> column -> marks; exchanges of moments share a column."""
    rows: dict[str, dict[str, str]] = {}
    for found in findings:
        column = "moments" if found.label in EXCHANGES else found.label
        row = rows.setdefault(found.key, {})
        row[column] = " ".join(filter(None, (row.get(column), found.mark)))
    return rows


def table(findings: Iterable[Finding]) -> str:
    """The findings as a Markdown table, a statement a row."""
    lines = ["| statement | " + " | ".join(COLUMNS) + " |"]
    lines.append("| --- |" + " --- |" * len(COLUMNS))
    for key, row in cells(findings).items():
        marks = " | ".join(row.get(column, "-") for column in COLUMNS)
        lines.append(f"| `{key}` | {marks} |")
    return "\n".join(lines)


@click.command()
@click.argument("keys", nargs=-1)
@click.option(
    "--samples",
    type=click.Choice(ASKED),
    default=REST,
    help="Of which mutants sampled networks are asked; rest: reversed relations, and those that no "
    "oracle notices.",
)
@click.option("--suite", default="quick", help="Whose experiments sample networks.")
@click.option("--seed", default=0, help="Of the samples.")
def main(keys: tuple[str, ...], samples: str, suite: str, seed: int) -> None:
    """Put wrong versions of statements into the catalogue and say who notices them.

    KEYS are statements or prefixes of their names; all by default. Exit status 1 where a mutant
    survives.
    """
    findings = []
    for found in search(keys, samples, suite, seed):
        findings.append(found)
        print(f"{found.key}: {found.label}: {found.mark}", file=sys.stderr, flush=True)
    print(table(findings))
    print(f"\n{LEGEND}\n")
    survivors = [found for found in findings if found.survives]
    print(f"{len(findings)} mutants, {sum(bool(f.unchanged) for f in findings)} of them no change,")
    print(f"{len(survivors)} survivors.")
    for found in survivors:
        print(f"  {found.key}: {found.label}: samples say {found.samples or 'nothing'}")
    sys.exit(bool(survivors))


if __name__ == "__main__":
    main()
