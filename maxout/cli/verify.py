"""``maxout verify``: the catalogue checked against sampled networks."""

from __future__ import annotations

import sys
from typing import Any

import click

from maxout.cli import output, parse
from maxout.cli.main import INCONCLUSIVE, OK, REFUTED
from maxout.theory.catalogue import select

SUITES = ("quick", "standard")
_CODES = {"verified": OK, "refuted": REFUTED, "inconclusive": INCONCLUSIVE}

NO_TORCH = (
    "verify needs PyTorch: pip install 'maxout[torch]' "
    "(constant, moments, bounds and results work without it)"
)


@click.command("verify")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--suite", type=click.Choice(SUITES), default="quick", show_default=True)
@click.option("--seed", default="0", show_default=True, help="Root of every stream of draws.")
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True
)
@click.option(
    "--dtype", type=click.Choice(["float32", "float64"]), default="float64", show_default=True
)
@click.option("--memory", default="1G", show_default=True, help="Memory budget of the sampling.")
@click.option(
    "--alpha", default="0.001", show_default=True, help="Chance of any false alarm in the suite."
)
@output.json_option
def command(
    keys: tuple[str, ...],
    suite: str,
    seed: str,
    device: str,
    dtype: str,
    memory: str,
    alpha: str,
    as_json: bool,
) -> int:
    """Check the statements (all, or those under KEY) against sampled networks.

    Exit codes: 0 all verified, 1 one refuted, 4 one inconclusive and none refuted.
    """
    statements = select(keys)
    root = parse.integer(seed, "seed")
    if not 0 <= root < 2**64:
        raise ValueError(f"seed must be an integer from 0 to 2^64 - 1; got {seed[:60]}")
    rate = parse.number(alpha, "alpha")
    if not 0 < rate < 1:
        raise ValueError(f"alpha must lie between 0 and 1; got {alpha[:60]}")
    budget = parse.memory(memory)
    try:
        import torch  # noqa: F401 - asked for first, so that its absence is told clearly
    except ImportError:
        raise click.UsageError(NO_TORCH) from None
    from maxout.verify.suite import run

    with _Progress(len(statements)) as progress:
        report = run(
            suite=suite,
            keys=tuple(statement.key for statement in statements),
            seed=root,
            device=device,
            dtype=dtype,
            memory=budget,
            alpha=float(rate),
            watch=None,
        )
    result = report.to_json()
    if as_json:
        output.dump(result)
    else:
        _show(result)
    return _CODES[result["status"]]


def _show(result: dict[str, Any]) -> None:
    # The weakest link first: what failed, what could not be decided, then what held.
    order = ("refuted", "inconclusive", "verified")
    verdicts = sorted(result["verdicts"], key=lambda verdict: order.index(verdict["status"]))
    output.table(
        ("key", "", "predicted", "estimate", "interval", "detectable", "samples", "verdict"),
        [
            (
                v["key"],
                v["relation"],
                _number(v["predicted"]),
                _number(v["estimate"]),
                f"[{_number(v['interval'][0])}, {_number(v['interval'][1])}]",
                _number(v["detectable"]),
                str(v["samples"]),
                v["status"],
            )
            for v in verdicts
        ],
    )
    counts = {status: sum(v["status"] == status for v in verdicts) for status in order}
    click.echo(
        ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        + f"; chance of any false alarm at most {result['false_alarm_rate']:g}; "
        + f"seed {result['seed']}"
    )


def _number(value: Any) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else f"{value:.5g}"


class _Progress:
    """Statements done, on stderr: a bar on a terminal, nothing elsewhere."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._bar: Any = None

    def __enter__(self) -> _Progress:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                MofNCompleteColumn,
                Progress,
                TextColumn,
                TimeElapsedColumn,
            )

            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task("verify", total=self.total)
        return self

    def __call__(self, key: str) -> None:
        """Called as each statement begins."""
        if self._bar is not None:
            self._bar.update(self._task, description=key, advance=1)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
