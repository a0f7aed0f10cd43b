"""``maxout regions`` in a window of the plane."""

from __future__ import annotations

from typing import Any

import click

from maxout.cli import output, region_output, region_plot
from maxout.cli.progress import working


def count(
    layers: Any,
    network: Any,
    window: tuple[float, float, float, float],
    csv_path: str | None,
    plot: str | None,
    as_json: bool,
) -> int:
    from maxout.numerics.regions import check, decision_boundary, linear_regions, subdivide

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
        region_output.write_csv(csv_path, _region_rows(found))
    if plot is not None:
        region_plot.draw_regions(plot, found, layers, boundary)
    if as_json:
        output.dump({**record, "regions": _regions(found)})
    else:
        click.echo(record["network"])
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


def _expected_in_window(network: Any, window: tuple[float, ...]) -> list[dict[str, Any]]:
    """What the theory says of the count in this window, over random networks."""
    if network is None or network.rank < 2 or network.inputs != 2:
        return []
    from maxout.numerics.curves.mean_breakpoints import breakpoint_rates
    from maxout.numerics.regions import count_bounds

    x0, x1, y0, y1 = window
    if network.bias == "zero":
        inside = x0 < 0 < x1 and y0 < 0 < y1
        if not inside or min(network.widths[:-1], default=2) < 2:
            return []
        import math

        mean = 2 * math.pi * breakpoint_rates(network).total
        return [_said("exact mean (curve.plane.regions)", "==", mean)]
    side = max(x1 - x0, y1 - y0)  # the smallest square around the window has no fewer regions
    bounds = count_bounds(network, side)
    return [_said(f"{_BOUNDS[key]} ({key})", "<=", value) for key, value in bounds.items()]


_BOUNDS = {
    "regions.count.upper": "2021 bound, paper's C_grad",
    "regions.count.upper.sharp": "2021 bound, sharp C_grad",
    "regions.boundary.upper": "decision boundary, paper's C_grad",
    "regions.boundary.upper.sharp": "decision boundary, sharp C_grad",
}


def _said(label: str, relation: str, value: float) -> dict[str, Any]:
    return {"quantity": label, "relation": relation, "value": value}


def _print_expected(expected: list[dict[str, Any]]) -> None:
    if not expected:
        return
    click.echo()
    output.table(
        ("expected over random networks", "", "value"),
        [(row["quantity"], row["relation"], f"{row['value']:.6g}") for row in expected],
    )


def _regions(found: Any) -> list[dict[str, Any]]:
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


def _region_rows(found: Any) -> Any:
    outputs = found.maps.value.shape[2]
    maps = [f"{name}_{k}" for k in range(1, outputs + 1) for name in ("dx", "dy", "offset")]
    yield ["region", "area", *maps, "corners"]
    for number, region in enumerate(_regions(found)):
        corners = " ".join(f"{x!r} {y!r}" for x, y in region["corners"])
        flat = [value for line in region["map"] for value in line]
        yield [number, region["area"], *flat, corners]
