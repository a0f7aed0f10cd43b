"""``maxout verify``: the catalogue checked against sampled networks."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import click

from maxout.cli import controls as wrong
from maxout.cli import explain, options, output, parse
from maxout.cli import summary as by_subject
from maxout.cli.main import INCONCLUSIVE, INTERNAL, OK, REFUTED
from maxout.cli.output import bluntness
from maxout.cli.progress import Looks
from maxout.cli.torch_needed import require_torch
from maxout.theory.catalogue import select
from maxout.theory.statement import Statement
from maxout.verify.run_setting import ALPHA, DEVICES, DTYPES, SUITES, RunSetting

_CODES = {"verified": OK, "refuted": REFUTED, "inconclusive": INCONCLUSIVE, "error": INTERNAL}

_WITHOUT = "(constant, moments, bounds and results work without it)"


@click.command("verify")
@click.argument("keys", type=parse.KEY, nargs=-1, metavar="[KEY]...")
@click.option("--suite", type=click.Choice(SUITES), default=SUITES[0], show_default=True)
@options.seed_option("Root of every stream of draws.")
@click.option(
    "--device",
    type=click.Choice(DEVICES),
    default=DEVICES[0],
    show_default=True,
    help="Where networks are computed; auto is the CPU, which draws for all.",
)
@click.option("--dtype", type=click.Choice(DTYPES), default=DTYPES[0], show_default=True)
@click.option(
    "--memory",
    default="1G",
    type=parse.MEMORY,
    show_default=True,
    help="Memory budget of the sampling.",
)
@click.option(
    "--alpha",
    default=str(ALPHA),
    type=parse.RATE,
    show_default=True,
    help="Chance of any false alarm in the suite.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep finished shards and the report in DIR; started again, go on from there.",
)
@click.option("--explain", is_flag=True, help="Say what would be checked and how; draw nothing.")
@click.option(
    "--controls", is_flag=True, help="Judge wrong versions of the statements: all must be refuted."
)
@click.option("--summary", is_flag=True, help="Print one line a subject, not one an experiment.")
@click.option("--distributed", is_flag=True, hidden=True)
@output.json_option
def command(
    keys: tuple[str, ...],
    suite: str,
    seed: int,
    device: str,
    dtype: str,
    memory: int,
    alpha: float,
    out: Path | None,
    explain: bool,
    controls: bool,
    summary: bool,
    distributed: bool,
    as_json: bool,
) -> int:
    """Check the statements (all, or those under KEY) against sampled networks.

    In several processes, on one machine or many: torchrun --nproc-per-node N -m maxout.torchrun,
    with the same arguments.

    Exit codes: 0 all verified, 1 one refuted, 4 one inconclusive and none refuted, 3 one that could
    not be judged. With --controls: 0 all refuted, 1 one verified, 4 one inconclusive and none
    verified, 3 one that could not be judged.
    """
    statements = select(keys)
    if explain:
        return _explain(statements, suite, alpha, as_json)
    require_torch("verify needs", without=_WITHOUT, draws=True)
    setting = RunSetting(suite, keys, seed, device, dtype, memory, alpha)
    if controls:
        if out is not None or distributed:
            raise click.UsageError(wrong.ONE_PROCESS if distributed else wrong.NO_FOLDER)
        return wrong.show(len(statements), setting, as_json)
    if distributed:
        return _distributed(len(statements), setting, out, as_json, summary)
    from maxout.verify.suite import run

    with Looks(len(statements)) as progress:
        report = run(setting, progress.look, out)
    return _print(report.to_json(), as_json, summary)


def _explain(statements: list[Statement], suite: str, alpha: float, as_json: bool) -> int:
    try:
        explain.show(statements, suite, alpha, as_json)
    except ModuleNotFoundError as error:
        # What networks are sampled is not even named without it; units are.
        if error.name != "torch":
            raise
        require_torch("verify needs", without=_WITHOUT, draws=True)
    return OK


def _distributed(
    statements: int, setting: RunSetting, out: Path | None, as_json: bool, summary: bool
) -> int:
    from maxout.verify.distributed import Team, run

    team = Team.from_environment()
    with Looks(statements) as progress:
        report = run(team, setting, progress.look, out, progress.drawing)
    if team.rank == 0:
        return _print(report.to_json(), as_json, summary)
    return _CODES[report.status]


def _print(result: dict[str, Any], as_json: bool, summary: bool) -> int:
    if as_json:
        output.dump(result)
    elif summary:
        by_subject.show(result["verdicts"])
        _conclude(result)
    else:
        show(result)
        _conclude(result)
    return _CODES[result["status"]]


def show(result: dict[str, Any]) -> None:
    """Print the verdicts of a report, as a table or, on a narrow terminal, as a list."""
    # The weakest link first: what failed, what could not be decided, then what held, the bluntest
    # experiment before sharper ones.
    verdicts = sorted(
        result["verdicts"],
        key=lambda verdict: (_WEAKEST_FIRST.index(verdict["status"]), -bluntness(verdict)),
    )
    if output.on_terminal() and shutil.get_terminal_size().columns < _NARROW:
        _list(verdicts)
    else:
        _table(verdicts)
    if any(v["refuted_at"] is not None for v in verdicts):
        click.echo(_OF_BOUNDS)


_WEAKEST_FIRST = ("error", "refuted", "inconclusive", "verified")


def _conclude(result: dict[str, Any]) -> None:
    found = [verdict["status"] for verdict in result["verdicts"]]
    counts = {status: found.count(status) for status in _WEAKEST_FIRST}
    click.echo(
        ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        + f"; chance of any false alarm at most {result['false_alarm_rate']:g}; "
        + f"seed {result['seed']}"
    )


_NARROW = 120
"""Columns that the table needs; a narrower terminal gets a list."""

_OF_BOUNDS = (
    "of a bound: how many times the estimate it is, and the factor of it at which\n"
    "these samples would refute it"
)


def seen(verdict: dict[str, Any]) -> str:
    """What the samples of a verdict would have found out, in the few characters of a cell."""
    if verdict["refuted_at"] is None:
        return output.number(verdict["detectable"])
    side = "<" if verdict["relation"] == "<=" else ">"
    times = "-" if verdict["times"] is None else f"{verdict['times']:.3g}"
    return f"{times}x, {side}{verdict['refuted_at']:.3g}x"


def _table(verdicts: list[dict[str, Any]]) -> None:
    output.table(
        ("key", "", "predicted", "estimate", "interval", "detectable", "samples", "verdict"),
        [
            (
                v["key"],
                v["relation"],
                output.number(v["predicted"]),
                output.number(v["estimate"]),
                _interval(v),
                seen(v),
                str(v["samples"]),
                v["status"],
            )
            for v in verdicts
        ],
    )
    for verdict in verdicts:
        if verdict["status"] == "error":
            click.echo(f"{verdict['key']}: {verdict['note']}")


def _list(verdicts: list[dict[str, Any]]) -> None:
    for v in verdicts:
        click.echo(f"{v['key']} {v['relation']} {output.number(v['predicted'])}: {v['status']}")
        if v["status"] == "error":
            click.echo(f"    {v['note']}")
            continue
        click.echo(f"    estimate {output.number(v['estimate'])} in {_interval(v)}")
        click.echo(f"    detectable {seen(v)}; {v['samples']:,} samples")


def _interval(verdict: dict[str, Any]) -> str:
    low, high = verdict["interval"]
    return f"[{output.number(low)}, {output.number(high)}]"
