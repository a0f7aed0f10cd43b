"""``maxout calibrate``: the verifier's own error rates and power, measured on known truths."""

from __future__ import annotations

from typing import Any

import click

from maxout.cli import options, output, parse
from maxout.cli.main import INCONCLUSIVE, OK, REFUTED
from maxout.cli.progress import Progress
from maxout.cli.torch_needed import require_torch

_CODES = {"verified": OK, "refuted": REFUTED, "inconclusive": INCONCLUSIVE}

_RUNS = parse.Typed("count", parse.within(1, 10**6))
_WORKERS = parse.Typed("count", parse.within(1, 1024))


@click.command("calibrate")
@click.option("--runs", default="2000", type=_RUNS, show_default=True, help="Runs of every trial.")
@click.option("--short", is_flag=True, help="Only the trials whose runs are small.")
@options.seed_option("Root of every stream of draws.")
@click.option(
    "--workers",
    default="2",
    type=_WORKERS,
    show_default=True,
    help="Threads; no result depends on it.",
)
@output.json_option
def command(runs: int, short: bool, seed: int, workers: int, as_json: bool) -> int:
    """Run every decision procedure on true statements and on planted errors, and count.

    The frequency of false alarms is held against the stated rate, that of detections against the
    stated power. Some 20 minutes on two cores at 2,000 runs; --short --runs 200 takes one.

    Exit codes: 0 all rates shown, 1 one refuted, 4 too few runs to tell.
    """
    require_torch("calibrate needs", draws=True)
    from maxout.verify.calibration import calibrate, trials

    chosen = trials(short)
    rows = []
    with Progress(len(chosen)) as progress:
        for row in calibrate(chosen, runs, seed, workers):
            rows.append(row)
            progress.show(row.trial.procedure, len(rows))
    found = {row.status for row in rows}
    status = next((s for s in ("refuted", "inconclusive") if s in found), "verified")
    if as_json:
        output.dump(
            {
                "status": status,
                "seed": seed,
                "runs": runs,
                "rows": [row.to_json() for row in rows],
            }
        )
    else:
        _show([row.to_json() for row in rows], status, runs, seed)
    return _CODES[status]


def _show(rows: list[dict[str, Any]], status: str, runs: int, seed: int) -> None:
    output.table(
        ("procedure", "data", "planted", "event", "samples", "stated", "found", "interval", "rate"),
        [
            (
                row["procedure"],
                row["data"],
                row["planted"] or "(true)",
                row["kind"],
                str(row["samples"]),
                f"{'<=' if row['kind'].startswith('false') else '>='} {row['stated']:g}",
                f"{row['frequency']:.4f}",
                f"[{row['interval'][0]:.4f}, {row['interval'][1]:.4f}]",
                row["status"],
            )
            for row in rows
        ],
    )
    output.say(f"{status}: {len(rows)} trials of {runs} runs each, seed {seed}")
