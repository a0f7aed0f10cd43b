"""``maxout verify``: the catalogue checked against sampled networks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from maxout.cli import controls as wrong
from maxout.cli import engines, explain, options, output, own, parse, verdicts
from maxout.cli import summary as by_subject
from maxout.cli.main import INCONCLUSIVE, INTERNAL, OK, REFUTED
from maxout.cli.progress import Looks
from maxout.cli.torch_needed import require_torch
from maxout.theory.catalogue import select
from maxout.theory.network import Network
from maxout.theory.statement import Statement
from maxout.verify.run_setting import ALPHA, DEVICES, DTYPES, SUITES, RunSetting

_CODES = {"verified": OK, "refuted": REFUTED, "inconclusive": INCONCLUSIVE, "error": INTERNAL}

_WITHOUT = "(constant, moments, bounds and results work without it)"


@click.command("verify")
@click.argument("keys", type=parse.KEY, nargs=-1, metavar="[KEY]...")
@options.named_network_options
@click.option(
    "--budget",
    type=parse.TIME,
    help="Time for a network of your own; chooses the margins.  [default: 60s, at most]",
)
@click.option("--suite", type=click.Choice(SUITES), default=SUITES[0], show_default=True)
@options.seed_option("Root of every stream of draws.")
@click.option(
    "--device", type=click.Choice(DEVICES), default=DEVICES[0], help="auto: the CPU mostly."
)
@click.option("--dtype", type=click.Choice(DTYPES), default=DTYPES[0], show_default=True)
@click.option("--memory", default="1G", type=parse.MEMORY, help="Of the samples.  [default: 1G]")
@click.option(
    "--alpha", default=str(ALPHA), type=parse.RATE, help="Chance of any false alarm [0.001]."
)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Keep samples; go on from there."
)
@click.option("--engine", type=engines.EngineType(), help=f"{engines.WORDS}.")
@click.option("--workers", type=click.IntRange(1, engines.MOST_WORKERS), help="Processes.")
@click.option("--explain", is_flag=True, help="Say what would be checked; draw nothing.")
@click.option("--controls", is_flag=True, help="Judge wrong versions: all must be refuted.")
@click.option("--summary", is_flag=True, help="One line a subject.")
@click.option("--all", "everything", is_flag=True, help="A line an experiment; all of --explain.")
@output.json_option
def command(
    keys: tuple[str, ...],
    network: Network | None,
    budget: float | None,
    suite: str,
    seed: int,
    device: str,
    dtype: str,
    memory: int,
    alpha: float,
    out: Path | None,
    engine: tuple[str, str] | None,
    workers: int | None,
    explain: bool,
    controls: bool,
    summary: bool,
    everything: bool,
    as_json: bool,
) -> int:
    """Check the statements (all, or those under KEY) against sampled networks.

    At a network of your own: --rank 7 --inputs 30 --widths 100x10 --c 0.3 --bias gaussian, and
    whatever else `maxout bounds --help` names.

    Exit codes: 0 all verified (controls: refuted), 1 one not, 4 one left open, 3 one not judged.
    """
    statements = select(keys)
    setting = RunSetting(suite, keys, seed, device, dtype, memory, alpha, workers, network, budget)
    if explain:
        return _explain(statements, setting, as_json, brief=not (keys or everything))
    require_torch("verify needs", without=_WITHOUT, draws=True)
    if controls:
        if refusal := wrong.refusal(setting, out, engine is not None):
            raise click.UsageError(refusal)
        return wrong.show(len(statements), setting, as_json)
    from maxout.verify.suite import run

    with (
        engines.opened(engine, workers) as drawing,
        own.Estimate(network) as estimate,
        Looks(len(statements)) as progress,
    ):
        report = run(setting, progress.look, out, estimate.told, drawing)
    return _print(report.to_json(), as_json, summary, everything)


def _explain(statements: list[Statement], setting: RunSetting, as_json: bool, brief: bool) -> int:
    try:
        explain.show(statements, setting, as_json, brief)
    except ModuleNotFoundError as error:
        # What networks are sampled is not even named without it; units are.
        if error.name != "torch":
            raise
        require_torch("verify needs", without=_WITHOUT, draws=True)
    return OK


def _print(result: dict[str, Any], as_json: bool, summary: bool, everything: bool) -> int:
    if as_json:
        output.dump(result)
    elif summary:
        by_subject.show(result["verdicts"])
        verdicts.conclude(result)
    else:
        verdicts.show(result, everything)
    return _CODES[result["status"]]
