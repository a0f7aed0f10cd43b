"""What ``maxout regions`` shows in a window and along a curve alike."""

from __future__ import annotations

from typing import Any

import click

from maxout.cli.main import INCONCLUSIVE, OK
from maxout.theory.errors import MaxoutError


def code(undecided: int, findings: Any) -> int:
    if undecided:
        click.echo(
            f"maxout: {undecided} decisions fell within rounding: the count is that of a network "
            "within rounding of this one",
            err=True,
        )
    return INCONCLUSIVE if undecided or findings else OK


def name(network: Any, layers: Any) -> str:
    if network is not None:
        return str(network.heading)
    widths = ",".join(str(weight.shape[0]) for weight, _ in layers.hidden)
    return f"{layers.inputs}-[{widths}]-{layers.outputs} K={layers.rank}, from a file"


def write_csv(path: str, rows: Any) -> None:
    import csv

    try:
        with open(path, "w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
    except OSError as error:
        raise MaxoutError(f"cannot write {path}: {error.strerror}") from None
