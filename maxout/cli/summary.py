"""``maxout verify --summary``: one line a subject instead of one an experiment."""

from __future__ import annotations

from typing import Any

from maxout.cli import output
from maxout.cli.output import bluntness


def show(verdicts: list[dict[str, Any]]) -> None:
    """Print how many of each subject's experiments hold, and the widest margin of its equalities.

    A margin is the smallest error that would be refuted nine times in ten, relative to the value.
    Bounds have none: how far they lie from the estimates is no merit of the samples.
    """
    subjects = dict.fromkeys(verdict["key"].partition(".")[0] for verdict in verdicts)
    output.table(
        ("subject", "statements", "experiments", "verified", "widest margin", "of"),
        [_row(name, [v for v in verdicts if v["key"].startswith(f"{name}.")]) for name in subjects],
    )
    for verdict in verdicts:
        if verdict["status"] != "verified":
            output.say(f"{verdict['key']} {verdict['network']}: {verdict['status']}")


def _row(subject: str, verdicts: list[dict[str, Any]]) -> tuple[str, ...]:
    margins = [v for v in verdicts if v["relation"] == "==" and v["detectable"] is not None]
    widest = max(margins, key=bluntness, default=None)
    return (
        subject,
        str(len({v["key"] for v in verdicts})),
        str(len(verdicts)),
        str(sum(v["status"] == "verified" for v in verdicts)),
        "" if widest is None else f"{100 * bluntness(widest):.1f} %",
        "" if widest is None else widest["key"],
    )
