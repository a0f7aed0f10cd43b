"""Results as tables: JSON rows, CSV, and the Markdown of the documentation."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from maxout.lab.training.accuracies import Result
from maxout.lab.training.compare import Comparison, mean_interval, median_interval
from maxout.numerics.writing import csv_text


def summary(result: Result) -> dict[str, Any]:
    """A cell's line: mean and median of the test accuracies with intervals, and who diverged."""
    return {
        "data": result.data,
        "network": result.network,
        "optimizer": result.optimizer,
        "scheme": result.scheme,
        "rate": result.rate,
        "seeds": len(result.test),
        "mean": float(result.test.mean()),
        "mean_interval": list(mean_interval(result.test)),
        "deviation": float(result.test.std(ddof=1)) if len(result.test) > 1 else None,
        "median": float(np.median(result.test)),
        "median_interval": list(median_interval(result.test)),
        "final_mean": float(result.final.mean()),
        "diverged": int((result.diverged > 0).sum()),
        "epochs_to_reach": _typical(result.reached),
    }


def _typical(reached: np.ndarray) -> float | None:
    """Median over seeds of the epochs that were needed; None where half of them never got there."""
    if not reached.size:
        return None
    middle = float(np.median(np.where(reached > 0, reached, np.inf)))
    return middle if np.isfinite(middle) else None


def verdict(comparison: Comparison) -> dict[str, Any]:
    """A comparison as JSON types."""
    return {
        "data": comparison.data,
        "network": comparison.network,
        "optimizer": comparison.optimizer,
        "scheme": comparison.reference,
        "against": comparison.other,
        "claimed": comparison.claimed,
        "status": comparison.outcome.status,
        "wins": comparison.wins,
        "losses": comparison.losses,
        "ties": comparison.ties,
        "share": comparison.outcome.estimate,
        "share_interval": list(comparison.outcome.interval),
        "alpha": comparison.outcome.alpha,
        "difference": comparison.difference,
        "difference_interval": list(comparison.difference_interval),
    }


def comparisons_csv(comparisons: Sequence[Comparison]) -> str:
    columns = (
        "data", "network", "optimizer", "scheme", "against", "claimed", "status", "wins", "losses",
        "ties", "share", "share_low", "share_high", "difference", "difference_low",
        "difference_high",
    )  # fmt: skip
    return csv_text(
        columns,
        [
            (
                *(v[name] for name in columns[:10]),
                *(f"{x:.6g}" for x in (v["share"], *v["share_interval"])),
                *(f"{x:.6g}" for x in (v["difference"], *v["difference_interval"])),
            )
            for v in map(verdict, comparisons)
        ],
    )


def losses_csv(cells: Sequence[Mapping[str, Any]]) -> str:
    """Quartiles over seeds of the training loss, epoch by epoch."""
    rows = [
        (*_names(cell), epoch, *map(_short, quartiles))
        for cell in cells
        for epoch, quartiles in enumerate(cell["loss"], start=1)
    ]
    columns = ("data", "network", "optimizer", "scheme", "epoch", "lower", "median", "upper")
    return csv_text(columns, rows)


_SWEEP = ("data", "network", "optimizer", "scheme", "rate", "validation", "test", "diverged")


def sweep_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """What every rate came to, a line a cell."""
    return csv_text(_SWEEP, [tuple(row[name] for name in _SWEEP) for row in rows])


def sweep_markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """Mean test accuracies of the seeds that are compared, a line a scheme, a column a rate.

    The rate that the tuning seeds chose is in bold.
    """
    rates = sorted({row["rate"] for row in rows})
    groups: dict[tuple[str, ...], dict[float, Mapping[str, Any]]] = {}
    for row in rows:
        key = tuple(row[name] for name in _SWEEP[:4])
        groups.setdefault(key, {})[row["rate"]] = row
    lines = []
    for key, found in groups.items():
        best = max(found, key=lambda rate: (found[rate]["validation"], -rate))
        cells = [percent(found[r]["test"]) if r in found else "" for r in rates]
        shown = [f"**{c}**" if r == best else c for r, c in zip(rates, cells, strict=True)]
        lines.append((*key, *shown))
    return _table((*_SWEEP[:4], *(f"{rate:g}" for rate in rates)), lines)


def gradients_csv(cells: Sequence[Mapping[str, Any]]) -> str:
    """Squared gradients by epoch and layer; layer 0 is all layers together."""
    columns = ("epoch", "layer", "mean", "lower", "median", "upper")
    rows = [
        (*_names(cell), row["epoch"], row["layer"], *(_short(row[name]) for name in columns[2:]))
        for cell in cells
        for row in cell["gradients"]
    ]
    return csv_text(("data", "network", "optimizer", "scheme", *columns), rows)


def gradients_markdown(text: str) -> str:
    """A table of the squared gradients of all layers together, before training and after it.

    Args:
      text: what :func:`gradients_csv` wrote; lines of single layers are passed over.
    """
    cells: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        if row["layer"] == "0":
            key = tuple(row[name] for name in ("data", "network", "optimizer", "scheme"))
            cells.setdefault(key, []).append(row)
    rows = [(*key, *_sizes(some[0]), *_sizes(some[-1])) for key, some in cells.items()]
    columns = (
        "data", "network", "optimizer", "scheme", "mean before", "quartiles before", "mean after",
        "quartiles after",
    )  # fmt: skip
    return _table(columns, rows)


def _sizes(row: Mapping[str, str]) -> tuple[str, str]:
    """Mean and quartiles of one line; a dash where every seed has diverged."""
    if not row["mean"]:
        return "-", "-"
    mean, *quartiles = (f"{float(row[n]):.1e}" for n in ("mean", "lower", "median", "upper"))
    return mean, " / ".join(quartiles)


def _names(cell: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(cell["setting"][name] for name in ("data", "network", "optimizer", "scheme"))


def _short(value: float | None) -> str | None:
    return None if value is None else f"{value:.4g}"


def markdown(results: Sequence[Result], comparisons: Sequence[Comparison]) -> str:
    """The tables of the documentation: accuracies, then verdicts."""
    parts = []
    for data, network in dict.fromkeys((r.data, r.network) for r in results):
        some = [r for r in results if (r.data, r.network) == (data, network)]
        parts.append(f"### {data}, {network}\n\n{_accuracies(some)}")
    if comparisons:
        parts.append(f"### Verdicts\n\n{_verdicts(comparisons)}")
    return "\n\n".join(parts) + "\n"


def _accuracies(results: Sequence[Result]) -> str:
    rows = [
        (
            s["optimizer"],
            s["scheme"],
            percent(s["mean"]),
            interval(s["mean_interval"]),
            percent(s["median"]),
            interval(s["median_interval"]),
            percent(s["final_mean"]),
            f"{s['diverged']}/{s['seeds']}",
        )
        for s in map(summary, results)
    ]
    columns = (
        "optimizer", "scheme", "mean %", "95 % interval", "median %", "95 % interval",
        "last epoch, mean %", "diverged",
    )  # fmt: skip
    return _table(columns, rows)


def _verdicts(comparisons: Sequence[Comparison]) -> str:
    rows = [
        (
            c.data,
            c.network,
            c.optimizer,
            c.reference,
            c.other,
            f"{c.wins} / {c.ties} / {c.losses}",
            interval(c.share_interval),
            f"{100 * c.difference:+.1f}",
            interval(c.difference_interval),
            c.outcome.status if c.claimed else f"({c.outcome.status})",
        )
        for c in comparisons
    ]
    columns = (
        "data", "network", "optimizer", "scheme", "against", "wins / ties / losses",
        "share of wins, interval %", "mean difference", "95 % interval", "improves",
    )  # fmt: skip
    return _table(columns, rows)


def percent(value: float) -> str:
    return f"{100 * value:.1f}"


def interval(ends: Sequence[float]) -> str:
    return f"[{percent(ends[0])}, {percent(ends[1])}]"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
