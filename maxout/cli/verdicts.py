"""Verdicts as people read them: a row a statement or an experiment, and what was left out."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from typing import Any

from maxout.cli import output
from maxout.cli.output import bluntness

Row = dict[str, Any]
"""A verdict as ``Verdict.to_json`` gives it."""

JUDGED = ("error", "refuted", "inconclusive", "verified")
LEFT = ("left out", "not applicable")
"""Statuses; the weakest link first: what failed, what could not be decided, what held."""

_NARROW = 120
"""Columns that the table needs; a narrower terminal gets a list."""

_OF_BOUNDS = (
    "of a bound: how many times the estimate it is, and the factor of it at which\n"
    "these samples would refute it"
)


def show(result: dict[str, Any], everything: bool = False) -> None:
    """Print a report: its worst case a statement, or every experiment, and a summary of them all.

    On a narrow terminal a list instead of a table.
    """
    judged = _weakest_first(v for v in result["verdicts"] if v["status"] in JUDGED)
    rows = judged if everything else worst_cases(judged)
    if output.on_terminal() and shutil.get_terminal_size().columns < _NARROW:
        _list(rows, everything)
    elif rows:
        _table(rows, everything)
    if any(v["refuted_at"] is not None for v in rows):
        output.say(_OF_BOUNDS)
    for verdict in rows:
        if verdict["status"] == "error":
            output.say(f"{verdict['key']}: {verdict['note']}")
    _left(result["verdicts"], everything)
    conclude(result)


def worst_cases(judged: list[Row]) -> list[Row]:
    """Of each statement the first, weakest verdict, with ``networks`` and the sharpest of them."""
    by_key: dict[str, list[Row]] = {}
    for verdict in judged:
        by_key.setdefault(verdict["key"], []).append(verdict)
    return [
        {**found[0], "networks": len(found), "sharpest": min(found, key=bluntness)}
        for found in by_key.values()
    ]


def conclude(result: dict[str, Any]) -> None:
    """Print what was decided, and at what rate."""
    found = [verdict["status"] for verdict in result["verdicts"]]
    counts = {status: found.count(status) for status in (*JUDGED, *LEFT)}
    output.say(
        ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        + f"; chance of any false alarm at most {result['false_alarm_rate']:g}; "
        + f"seed {result['seed']}"
    )


def _weakest_first(verdicts: Iterable[Row]) -> list[Row]:
    """The bluntest experiment before sharper ones."""
    return sorted(verdicts, key=lambda v: (JUDGED.index(v["status"]), -bluntness(v)))


def seen(verdict: Row) -> str:
    """What the samples of a verdict would have found out, in the few characters of a cell."""
    if verdict["refuted_at"] is None:
        return output.number(verdict["detectable"])
    side = "<" if verdict["relation"] == "<=" else ">"
    times = "-" if verdict["times"] is None else f"{verdict['times']:.3g}"
    return f"{times}x, {side}{verdict['refuted_at']:.3g}x"


def _margin(verdict: Row) -> str:
    """The same, of an equality relative to its value."""
    blunt = bluntness(verdict)
    if verdict["refuted_at"] is not None or not verdict["predicted"] or blunt == float("inf"):
        return seen(verdict)
    return f"{100 * blunt:.2g} %"


def _table(rows: list[Row], everything: bool) -> None:
    start = ("key", "", "predicted", "estimate", "interval")
    end: tuple[str, ...] = ("networks", "margin", "verdict")
    if everything:
        end = ("detectable", "samples", "verdict", "network")
    output.table((*start, *end), [(*_cells(v), *_end(v, everything)) for v in rows])


def _cells(v: Row) -> tuple[str, ...]:
    return (
        v["key"],
        v["relation"],
        output.number(v["predicted"]),
        output.number(v["estimate"]),
        _interval(v),
    )


def _end(v: Row, everything: bool) -> tuple[str, ...]:
    if everything:
        return seen(v), str(v["samples"]), v["status"], v["network"]
    return str(v["networks"]), _margin(v["sharpest"]), v["status"]


def _list(rows: list[Row], everything: bool) -> None:
    for v in rows:
        output.say(f"{v['key']} {v['relation']} {output.number(v['predicted'])}: {v['status']}")
        if v["status"] == "error":
            continue
        output.say(f"    estimate {output.number(v['estimate'])} in {_interval(v)}")
        if everything:
            output.say(f"    detectable {seen(v)}; {v['samples']:,} samples")
            output.say(f"    {v['network']}")
        else:
            output.say(f"    margin {_margin(v['sharpest'])}; {v['networks']} networks")


def _left(verdicts: list[Row], everything: bool) -> None:
    """A row for each statement, or experiment, that was not judged, with its reason."""
    said: set[tuple[str, str]] = set()
    for status in LEFT:
        for v in verdicts:
            if v["status"] != status or (not everything and (v["key"], v["note"]) in said):
                continue
            said.add((v["key"], v["note"]))
            at = f" at {v['network']}" if everything and v["network"] else ""
            output.say(f"{v['key']}{at} {status}: {v['note']}")


def _interval(verdict: Row) -> str:
    low, high = verdict["interval"]
    return f"[{output.number(low)}, {output.number(high)}]"
