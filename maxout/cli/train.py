"""``maxout train``: does the maxout initialization improve training?"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from maxout.cli import options, output, parse
from maxout.cli.main import INCONCLUSIVE, OK, REFUTED
from maxout.cli.progress import Progress
from maxout.cli.torch_needed import require_torch
from maxout.theory.errors import DomainError

if TYPE_CHECKING:
    from maxout.lab.training.setting import Setting

_CODES = {"verified": OK, "refuted": REFUTED, "inconclusive": INCONCLUSIVE}
_WORKERS = parse.Typed("count", parse.within(1, 256))


@click.command("train")
@click.option("--data", help="Data sets, comma-separated. [default: iris,digits,mnist5k]")
@click.option("--network", default="fc", show_default=True, help="fc or conv.")
@click.option("--optimizer", default="sgd,adam", show_default=True, help="sgd, adam or both.")
@click.option(
    "--scheme",
    help="maxout, maxpool, c=V, c=V:function, c=V:step, he, default (torch's), relu; comma-"
    "separated. [default: all plain ones]",
)
@click.option("--seeds", default="20", show_default=True, help="Networks of every cell.")
@click.option("--epochs", help="Epochs, for all data sets. [default: by data set]")
@click.option("--quick", is_flag=True, help="Few epochs and 16 seeds: minutes instead of an hour.")
@click.option(
    "--rate",
    default="0.001",
    show_default=True,
    help="Learning rate; several are a sweep, of which each scheme takes its best.",
)
@click.option("--batch", default="32", show_default=True, help="Examples of a step.")
@click.option("--halve-every", default="100", show_default=True, help="Epochs to halve the rate.")
@click.option("--rank", default="5", show_default=True, help="K of the maxout layers.")
@click.option("--widths", help="Hidden units of network fc, as 64x10. [default: the paper's]")
@click.option("--depth", help="So many hidden layers of the first of --widths (or 64).")
@click.option("--normalize", is_flag=True, help="Scale inputs to mean square 1.")
@click.option("--checkpoint", metavar="DIR", help="Keep trained networks, a file a seed.")
@click.option("--width", help="Multiplier of all widths. [default: 1; 1/16 for conv]")
@click.option("--augment", is_flag=True, help="Shift, turn and zoom the training images.")
@options.seed_option("Root of every stream of draws.")
@click.option(
    "--alpha",
    default="0.01",
    type=parse.RATE,
    show_default=True,
    help="Chance of any wrong verdict.",
)
@click.option(
    "--workers", default="2", type=_WORKERS, show_default=True, help="Processes, one thread each."
)
@click.option("--data-root", help="Folder of the files of mnist, cifar10 and the like.")
@click.option("--out", help="Folder of results and tables; run again to go on where it stopped.")
@output.json_option
def command(as_json: bool, **words: Any) -> int:
    """Train maxout networks from several initializations, many seeds at once, and compare them.

    Data: iris, digits, mnist5k (pip install 'maxout[data]'); mnist, fashion-mnist, cifar10,
    cifar100, svhn from files under --data-root.

    Of several rates every scheme takes the one with the best validation accuracy over a quarter of
    the seeds, and is compared on the others: maxout train --data digits --rate 1e-4,1e-3,1e-2

    Exit codes: 0 every improvement claimed is verified (or none was compared), 1 one is refuted,
    4 one is inconclusive and none refuted.
    """
    options = _read(words)
    require_torch("train needs", "torch,data")
    from maxout.lab.training.training_campaign import plan, run_campaign

    settings = plan(**options["plan"])
    epochs = sum(setting.epochs for setting in settings)
    with _folder(words["out"]) as out, Progress(epochs) as bar:
        campaign = run_campaign(
            settings,
            out,
            data_root=options["data_root"],
            weights=options["weights"],
            workers=options["workers"],
            alpha=options["alpha"],
            progress=_Report(settings, bar),
        )
    result = campaign.to_json()
    if as_json:
        output.dump(result)
    else:
        _show(result)
    return _CODES[result["status"]]


def _read(words: dict[str, Any]) -> dict[str, Any]:
    """The options as numbers and lists, or DomainError."""
    seeds = "16" if words["quick"] and _is_default("seeds") else words["seeds"]
    width = words["width"]
    return {
        "plan": {
            "data": _list(words["data"], "data"),
            "network": words["network"],
            "optimizers": _list(words["optimizer"], "optimizer"),
            "schemes": _list(words["scheme"], "scheme"),
            "seeds": _count(seeds, "seeds", 4096),
            "epochs": words["epochs"] and _count(words["epochs"], "epochs", 100_000),
            "quick": words["quick"],
            "root": words["seed"],
            "multiplier": width and parse.real(width, "width"),
            "augment": words["augment"],
            "rates": [parse.real(word, "rate") for word in _list(words["rate"], "rate") or []],
            "batch": _count(words["batch"], "batch", 65_536),
            "halving": _count(words["halve_every"], "halve-every", 100_000),
            "rank": _count(words["rank"], "rank", 100),
            "widths": _widths(words["widths"], words["depth"]),
            "normalize": words["normalize"],
        },
        "weights": words["checkpoint"] and Path(words["checkpoint"]),
        "alpha": words["alpha"],
        "workers": words["workers"],
        "data_root": words["data_root"] and Path(words["data_root"]),
    }


def _widths(widths: str | None, depth: str | None) -> tuple[int, ...] | None:
    if depth is None:
        return None if widths is None else parse.widths(widths)
    layers = _count(depth, "depth", 1000)
    return (parse.widths(widths or "64")[0],) * layers


def _is_default(name: str) -> bool:
    source = click.get_current_context().get_parameter_source(name)
    return source == click.core.ParameterSource.DEFAULT


def _count(text: str, name: str, most: int) -> int:
    value = parse.integer(text, name)
    if not 1 <= value <= most:
        raise DomainError(f"{name} must be an integer from 1 to {most}; got {text[:60]}")
    return value


def _list(text: str | None, name: str) -> list[str] | None:
    if text is None:
        return None
    words = [word.strip() for word in text.split(",")]
    if not all(words):
        raise DomainError(f"{name} must be names separated by commas; got {text[:60]!r}")
    twice = next((word for word in words if words.count(word) > 1), None)
    if twice is not None:
        raise DomainError(f"{name} must name each but once; {twice[:60]!r} is there twice")
    return words


@contextlib.contextmanager
def _folder(out: str | None) -> Iterator[Path]:
    if out is not None:
        yield Path(out)
        return
    with tempfile.TemporaryDirectory(prefix="maxout-train-") as folder:
        yield Path(folder)


def _show(result: dict[str, Any]) -> None:
    output.table(
        ("data", "optimizer", "scheme", "rate", "mean %", "95% interval", "median %",
         "95% interval", "epochs", "diverged"),
        [
            (
                row["data"],
                row["optimizer"],
                row["scheme"],
                f"{row['rate']:g}",
                _percent(row["mean"]),
                _interval(row["mean_interval"]),
                _percent(row["median"]),
                _interval(row["median_interval"]),
                "-" if row["epochs_to_reach"] is None else f"{row['epochs_to_reach']:g}",
                f"{row['diverged']}/{row['seeds']}",
            )
            for row in result["table"]
        ],
    )  # fmt: skip
    verdicts = result["comparisons"]
    if not verdicts:
        return
    click.echo()
    output.table(
        ("data", "optimizer", "scheme", "against", "wins/ties/losses", "mean difference",
         "improves"),
        [
            (
                v["data"],
                v["optimizer"],
                v["scheme"],
                v["against"],
                f"{v['wins']}/{v['ties']}/{v['losses']}",
                f"{100 * v['difference']:+.1f}",
                v["status"] if v["claimed"] else f"({v['status']})",
            )
            for v in verdicts
        ],
    )  # fmt: skip
    claimed = [v["status"] for v in verdicts if v["claimed"]]
    counts = [(s, claimed.count(s)) for s in ("refuted", "inconclusive", "verified")]
    output.say(
        ", ".join(f"{count} {status}" for status, count in counts if count)
        + f"; chance of any wrong verdict at most {result['false_alarm_rate']:g}"
        + " (in brackets: not claimed)"
    )


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


def _interval(ends: list[float]) -> str:
    return f"[{_percent(ends[0])}, {_percent(ends[1])}]"


class _Report:
    """A bar over all epochs on a terminal; elsewhere a line on stderr for every finished cell."""

    def __init__(self, settings: Sequence[Setting], bar: Progress) -> None:
        self._done = dict.fromkeys(settings, 0)
        self._finished = 0
        self._bar = bar

    def __call__(self, setting: Setting, epochs: int, finished: bool) -> None:
        self._done[setting] = epochs
        self._finished += finished
        self._bar.show(setting.name, sum(self._done.values()))
        if finished and not self._bar.shown:
            click.echo(f"{self._finished}/{len(self._done)} {setting.name}", err=True)
