"""``maxout verify --controls``: the verifier put to the test, by statements that are wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from maxout.cli import output
from maxout.cli.main import INCONCLUSIVE, INTERNAL, OK, REFUTED
from maxout.cli.progress import Looks
from maxout.verify.run_setting import RunSetting


def refusal(setting: RunSetting, out: Path | None, elsewhere: bool) -> str:
    """Why controls cannot be judged so; empty where they can."""
    if out is not None:
        return "controls keep no shards: leave out --out (or leave out --controls)"
    if setting.network is not None:
        return "wrong versions are judged at the suite's networks: leave out --rank and the others"
    if elsewhere:
        return "controls run in this process: leave out --engine (or leave out --controls)"
    return ""


def show(statements: int, setting: RunSetting, as_json: bool) -> int:
    """Judge the wrong versions of statements, print what became of them, return the exit code.

    Args:
      statements: how many are asked for.
      setting: what, and how.
    """
    from maxout.verify import controls

    with Looks(statements) as progress:
        found = controls.run(setting, progress.look)
    # What was not found out first.
    order = ("verified", "error", "inconclusive", "refuted")
    found.sort(key=lambda control: order.index(control.outcome.status))
    rows = [
        {
            "key": control.key,
            "control": control.label,
            "network": control.network,
            "claimed": control.claimed,
            "estimate": control.outcome.estimate,
            "interval": list(control.outcome.interval),
            "samples": control.outcome.samples,
            "status": control.outcome.status,
            "note": control.outcome.note,
        }
        for control in found
    ]
    missed = sum(row["status"] != "refuted" for row in rows)
    if as_json:
        output.dump({"status": "missed" if missed else "all refuted", "controls": rows})
    else:
        _print(rows, missed)
    statuses = {row["status"] for row in rows}
    # A wrong version that is verified shows the verifier wrong; one left open shows it blunt.
    if "error" in statuses:
        return INTERNAL
    return REFUTED if "verified" in statuses else INCONCLUSIVE if missed else OK


def _print(rows: list[dict[str, Any]], missed: int) -> None:
    output.table(
        ("key", "what is wrong", "claimed", "estimate", "samples", "verdict"),
        [
            (
                row["key"],
                row["control"],
                output.number(row["claimed"]),
                output.number(row["estimate"]),
                str(row["samples"]),
                row["status"],
            )
            for row in rows
        ],
    )
    for row in rows:
        if row["status"] == "error":
            output.say(f"{row['key']}, {row['control']}: {row['note']}")
    told = f"{missed} not refuted" if missed else "all refuted, as they should be"
    output.say(
        f"{len(rows)} wrong versions of {len({row['key'] for row in rows})} statements: {told}"
    )
