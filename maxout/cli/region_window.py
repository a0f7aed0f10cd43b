"""``maxout regions`` in a window of the plane."""

from __future__ import annotations

from itertools import chain
from typing import Any

import click

from maxout.cli import output, region_output, region_plot
from maxout.cli.progress import working
from maxout.numerics.regions.adjacency import linear_regions
from maxout.numerics.regions.bound_values import counts_in_window
from maxout.numerics.regions.boundary import decision_boundary
from maxout.numerics.regions.checks import check
from maxout.numerics.regions.concrete_layers import MaxoutLayers
from maxout.numerics.regions.subdivision import Subdivision, subdivide
from maxout.numerics.writing import csv_text, write_text
from maxout.theory.network import Network


def count(
    layers: MaxoutLayers,
    network: Network | None,
    window: tuple[float, float, float, float],
    csv_path: str | None,
    plot: str | None,
    as_json: bool,
) -> int:
    with working("counting regions") as say:
        found = subdivide(layers, window, say)
        say(f"checking {found.count:,} of them")
        report = check(found, layers)
        boundary = decision_boundary(found) if layers.outputs > 1 else None
        linear = int(linear_regions(found).max()) + 1
        say("what to expect")
        expected = _expected_in_window(network, window)
    undecided = found.undecided + (0 if boundary is None else boundary.undecided)
    record: dict[str, Any] = {
        "network": region_output.name(network, layers),
        "window": list(window),
        "activation_regions": found.count,
        "linear_regions": linear,
        "boundary_pieces": None if boundary is None else boundary.count,
        "undecided": undecided,
        "vertices": report.vertices,
        "edges": report.edges,
        "area_error": report.area_error,
        "findings": list(report.findings),
        "expected": expected,
    }
    if csv_path is not None:
        write_text(csv_path, _regions_csv(found))
    if plot is not None:
        region_plot.draw_regions(plot, found, layers, boundary)
    if as_json:
        output.dump({**record, "regions": _regions(found)})
    else:
        output.say(record["network"])
        euler = report.vertices - report.edges + report.faces
        rows = [
            ("activation regions", f"{found.count:,}"),
            ("linear regions", f"{record['linear_regions']:,}"),
            ("decisions within rounding", f"{undecided:,}"),
            ("V - E + F", f"{report.vertices:,} - {report.edges:,} + {report.faces:,} = {euler}"),
            ("relative error of the areas' sum", f"{report.area_error:.1e}"),
            ("checks", "passed" if report.ok else "; ".join(report.findings)),
        ]
        if boundary is not None:
            rows.insert(2, ("pieces of the decision boundary", f"{boundary.count:,}"))
        output.table(("window " + ",".join(f"{v:g}" for v in window), ""), rows)
        _print_expected(expected)
    return region_output.code(undecided, report.findings)


def _expected_in_window(
    network: Network | None, window: tuple[float, float, float, float]
) -> list[dict[str, Any]]:
    """What the theory says of the counts in this window, over random networks."""
    if network is None or network.inputs != 2:
        return []
    return [
        {
            "quantity": f"{statement.title} ({statement.key})",
            "key": statement.key,
            "relation": statement.relation.value,
            "value": value,
        }
        for statement, value in counts_in_window(network, window)
    ]


def _print_expected(expected: list[dict[str, Any]]) -> None:
    if not expected:
        return
    click.echo()
    output.table(
        ("expected over random networks", "", "value"),
        [(row["quantity"], row["relation"], f"{row['value']:.6g}") for row in expected],
    )
    of_regions = [row for row in expected if "boundary" not in row["key"]]
    if len(of_regions) > 1:
        output.say(f"least: {min(of_regions, key=lambda row: row['value'])['key']}")


def _regions(found: Subdivision) -> list[dict[str, Any]]:
    return [
        {
            "corners": polygon.tolist(),
            "area": float(area),
            "winners": winners.tolist(),
            "map": coefficients.T.tolist(),
        }
        for polygon, area, winners, coefficients in zip(
            found.polygons(), found.areas(), found.winners, found.maps.value, strict=True
        )
    ]


def _regions_csv(found: Subdivision) -> str:
    outputs = found.maps.value.shape[2]
    maps = [f"{name}_{k}" for k in range(1, outputs + 1) for name in ("dx", "dy", "offset")]
    rows = [
        (
            number,
            region["area"],
            *chain.from_iterable(region["map"]),
            " ".join(f"{x!r} {y!r}" for x, y in region["corners"]),
        )
        for number, region in enumerate(_regions(found))
    ]
    return csv_text(("region", "area", *maps, "corners"), rows)
