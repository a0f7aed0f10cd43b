"""``maxout curve``: what random networks do to a curve, predicted and simulated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
import numpy as np

from maxout.cli import curve_input, limits, options, output, parse
from maxout.cli.progress import counted, working
from maxout.numerics.curves.curve_quantities import (
    Curve,
    expected_breakpoints,
    length_bounds,
    polyline,
)
from maxout.numerics.regions.concrete_layers import sample
from maxout.numerics.regions.segment import count_polyline
from maxout.theory.errors import DomainError
from maxout.theory.network import Network
from maxout.theory.parameters import ORDER

_MOST_NETWORKS = 100_000


@click.command("curve")
@options.network_options
@curve_input.curve_options
@click.option("--order", default="1", show_default=True, help="Order t of the length's moment.")
@click.option("--simulate", default="200", show_default=True, help="Networks to draw; 0 for none.")
@options.seed_option("Seed of the networks drawn.")
@output.json_option
def command(
    network: Network | None,
    points: str | None,
    segment: str | None,
    circle: str | None,
    order: str,
    simulate: str,
    seed: int,
    as_json: bool,
) -> None:
    """Length distortion and breakpoints of a curve under random networks.

    The curve is a polyline from a CSV file (--points), a --segment, or a --circle. Lengths are
    (E len^t)^(1/t): the paper's bound, the sharper one, the root of the exact mean integrated along
    the curve, and what drawn networks do, measured exactly.
    """
    if network is None:
        raise click.UsageError("give a network: --rank, --inputs and --widths")
    if not curve_input.given(points, segment, circle):
        raise click.UsageError("give a curve: --points, --segment or --circle")
    t = ORDER(parse.integer(order, "order"))
    count = parse.integer(simulate, "simulate")
    if not (count == 0 or 2 <= count <= _MOST_NETWORKS):
        raise DomainError(
            f"simulate must be 0 or from 2 to {_MOST_NETWORKS:,}; got {simulate[:60]}"
        )
    if network.bias != "any":
        limits.check_drawn(network, count)
    curve = curve_input.read(points, segment, circle, network.inputs)
    with working("following the curve") as say:
        record = _evaluate(network, curve, t, count, seed, say)
    if as_json:
        output.dump(record)
    else:
        _show(record, t)


def _evaluate(
    network: Network, curve: Curve, order: int, count: int, seed: int, say: Callable[[str], None]
) -> dict[str, Any]:
    points = polyline(curve, network.inputs)
    if network.bias != "any":
        limits.check_followed(len(points) - 1, sum(network.widths), count)
    bounds = length_bounds(network, points, order)
    record: dict[str, Any] = {
        "network": network.heading,
        "order": order,
        "length": bounds.length,
        "paper": bounds.paper,
        "sharp": bounds.sharp,
        "exact": bounds.exact,
        "angle": None,
        "breakpoints": None,
        "breakpoints_error": None,
        "simulated": None,
    }
    if network.bias != "any":
        expected = expected_breakpoints(network, points, limits.chain_draws(len(network.widths)))
        record["angle"] = expected.angle
        record["breakpoints"] = [float(value) for value in expected.layers]
        record["breakpoints_error"] = expected.error
        if count:
            record["simulated"] = _simulate(network, points, order, count, seed, say)
    return record


def _simulate(
    network: Network,
    points: np.ndarray,
    order: int,
    count: int,
    seed: int,
    say: Callable[[str], None],
) -> dict[str, Any]:
    generator = np.random.default_rng(seed)
    layer_of = np.repeat(np.arange(len(network.widths)), network.widths)
    lengths, layers, undecided = np.zeros(count), np.zeros((count, len(network.widths))), 0
    for index in counted(range(count), say):
        pieces = count_polyline(sample(network, generator), points)
        lengths[index] = np.linalg.norm(pieces.maps.value[:, 0], axis=1) @ (
            pieces.interval[:, 1] - pieces.interval[:, 0]
        )
        bends = pieces.unit[pieces.unit >= 0]
        layers[index] = np.bincount(layer_of[bends], minlength=len(network.widths))
        undecided += pieces.undecided
    powers = lengths**order
    mean = float(powers.mean())
    # The error of the seed, by its derivative.
    error = float(powers.std(ddof=1)) / np.sqrt(count) * mean ** (1 / order - 1) / order
    totals = layers.sum(axis=1)
    return {
        "networks": count,
        "length": mean ** (1 / order),
        "length_error": float(error),
        "breakpoints": layers.mean(axis=0).tolist(),
        "breakpoints_error": (layers.std(axis=0, ddof=1) / np.sqrt(count)).tolist(),
        "total": float(totals.mean()),
        "total_error": float(totals.std(ddof=1) / np.sqrt(count)),
        "undecided": undecided,
    }


def _show(record: dict[str, Any], order: int) -> None:
    simulated = record["simulated"]
    output.say(record["network"])
    swept = "" if record["angle"] is None else f" that sweeps {record['angle']:.6g} rad"
    output.say(f"a curve of length {record['length']:.6g}{swept}")
    name = "E len" if order == 1 else f"(E len^{order})^(1/{order})"
    rows = [
        (
            name,
            _number(record["paper"]),
            _number(record["sharp"]),
            _number(record["exact"]),
            _pair(simulated, "length", "length_error"),
        )
    ]
    output.table(
        ("length of the image", "paper's bound", "sharp bound", "root of the mean", "simulated"),
        rows,
    )
    if record["breakpoints"] is None:
        return
    click.echo()
    lines = []
    for index, mean in enumerate(record["breakpoints"]):
        said = ""
        if simulated:
            said = (
                f"{simulated['breakpoints'][index]:.4g} +/- "
                f"{simulated['breakpoints_error'][index]:.2g}"
            )
        lines.append((f"layer {index + 1}", f"{mean:.6g}", said))
    total = f"{sum(record['breakpoints']):.6g} +/- {record['breakpoints_error']:.1g}"
    lines.append(("all layers", total, _pair(simulated, "total", "total_error")))
    output.table(("breakpoints", "expected", "simulated"), lines)
    if simulated:
        output.say(f"simulated: {simulated['networks']:,} networks, standard errors")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}"


def _pair(simulated: dict[str, Any] | None, value: str, error: str) -> str:
    return "-" if simulated is None else f"{simulated[value]:.4g} +/- {simulated[error]:.2g}"
