"""``maxout calibrate``: the verifier's own error rates and power, measured on known truths."""

from __future__ import annotations

import sys
from typing import Any

import click

from maxout.cli import output, parse
from maxout.cli.main import INCONCLUSIVE, OK, REFUTED
from maxout.theory.errors import DomainError

_CODES = {"verified": OK, "refuted": REFUTED, "inconclusive": INCONCLUSIVE}

NO_TORCH = "calibrate needs PyTorch: pip install 'maxout[torch]'"
MAX_RUNS = 10**6


@click.command("calibrate")
@click.option("--runs", default="2000", show_default=True, help="Runs of every trial.")
@click.option("--short", is_flag=True, help="Only the trials whose runs are small.")
@click.option("--seed", default="0", show_default=True, help="Root of every stream of draws.")
@click.option("--workers", default="2", show_default=True, help="Threads; no result depends on it.")
@output.json_option
def command(runs: str, short: bool, seed: str, workers: str, as_json: bool) -> int:
    """Run every decision procedure on true statements and on planted errors, and count.

    The frequency of false alarms is held against the stated rate, that of detections against the
    stated power. Some 20 minutes on two cores at 2,000 runs; --short --runs 200 takes one.

    Exit codes: 0 all rates shown, 1 one refuted, 4 too few runs to tell.
    """
    count = _within(runs, "runs", MAX_RUNS)
    threads = _within(workers, "workers", 1024)
    root = parse.integer(seed, "seed")
    if not 0 <= root < 2**64:
        raise DomainError(f"seed must be an integer from 0 to 2^64 - 1; got {seed[:60]}")
    try:
        import torch  # noqa: F401 - asked for first, so that its absence is told clearly
    except ImportError:
        raise click.UsageError(NO_TORCH) from None
    from maxout.verify.calibration import calibrate, trials

    chosen = trials(short)
    rows = []
    for row in calibrate(chosen, count, root, threads):
        rows.append(row)
        if sys.stderr.isatty():
            click.echo(f"\r{len(rows)}/{len(chosen)} {row.trial.procedure:20}", err=True, nl=False)
    if sys.stderr.isatty():
        click.echo(err=True)
    found = {row.status for row in rows}
    status = next((s for s in ("refuted", "inconclusive") if s in found), "verified")
    if as_json:
        output.dump(
            {
                "status": status,
                "seed": root,
                "runs": count,
                "rows": [row.to_json() for row in rows],
            }
        )
    else:
        _show([row.to_json() for row in rows], status, count, root)
    return _CODES[status]


def _within(text: str, name: str, most: int) -> int:
    value = parse.integer(text, name)
    if not 1 <= value <= most:
        raise DomainError(f"{name} must be an integer from 1 to {most:,}; got {text[:60]}")
    return value


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
    click.echo(f"{status}: {len(rows)} trials of {runs} runs each, seed {seed}")
