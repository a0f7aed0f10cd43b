"""``maxout regions`` along a curve."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np

from maxout.cli import limits, output, region_output, region_plot
from maxout.cli.progress import working
from maxout.numerics.curves.curve_quantities import (
    Breakpoints,
    Curve,
    curve_length,
    expected_breakpoints,
    polyline,
)
from maxout.numerics.regions.concrete_layers import Array, MaxoutLayers
from maxout.numerics.regions.segment import Pieces, count_polyline
from maxout.numerics.writing import csv_text, write_text
from maxout.theory.errors import MaxoutError
from maxout.theory.network import Network

_MAX_OUTPUTS = 1000


def count(
    layers: MaxoutLayers,
    network: Network | None,
    curve: Curve,
    csv_path: str | None,
    plot: str | None,
    as_json: bool,
) -> int:
    points = polyline(curve, layers.inputs)
    limits.check_followed(len(points) - 1, layers.units, 1)
    with working("counting breakpoints") as say:
        pieces = count_polyline(layers, points, say)
        say("what to expect")
        expected = _expected_along(network, points)
    layer_of = np.repeat(np.arange(len(layers.hidden)), [len(b) for _, b in layers.hidden])
    bends = pieces.unit[pieces.unit >= 0]
    counts = np.bincount(layer_of[bends], minlength=len(layers.hidden)).tolist()
    image = float(
        np.linalg.norm(pieces.maps.value[:, 0], axis=1)
        @ (pieces.interval[:, 1] - pieces.interval[:, 0])
    )
    record: dict[str, Any] = {
        "network": region_output.name(network, layers),
        "length": curve_length(points),
        "image_length": image,
        "breakpoints": pieces.count,
        "layers": counts,
        "undecided": pieces.undecided,
        "expected_layers": None if expected is None else expected.layers.tolist(),
        "expected_error": None if expected is None else expected.error,
    }
    if csv_path is not None:
        write_text(csv_path, _pieces_csv(pieces))
    if plot is not None:
        if layers.outputs > _MAX_OUTPUTS:
            raise MaxoutError(f"a plot shows at most {_MAX_OUTPUTS} outputs")
        region_plot.draw_line(plot, pieces, layers)
    if as_json:
        output.dump({**record, "pieces": _pieces(pieces)})
    else:
        output.say(record["network"])
        rows = [
            (
                f"breakpoints of layer {n + 1}",
                f"{count:,}",
                "" if expected is None else f"{expected.layers[n]:.6g}",
            )
            for n, count in enumerate(counts)
        ]
        total = "" if expected is None else f"{expected.total:.6g} +/- {expected.error:.1g}"
        rows.append(("breakpoints", f"{pieces.count:,}", total))
        rows.append(("decisions within rounding", f"{pieces.undecided:,}", ""))
        rows.append(("length of the curve", f"{record['length']:.6g}", ""))
        rows.append(("length of its image", f"{image:.6g}", ""))
        output.table(("along the curve", "this network", "expected"), rows)
    return region_output.code(pieces.undecided, ())


def _expected_along(network: Network | None, points: Array) -> Breakpoints | None:
    """Expected breakpoints; None where the theory has no value."""
    if network is None:
        return None
    try:
        return expected_breakpoints(network, points, limits.chain_draws(len(network.widths)))
    except MaxoutError:  # through the origin at zero bias, or a single unit before another layer
        return None


def _pieces(pieces: Pieces) -> list[dict[str, Any]]:
    return [
        {
            "segment": int(segment),
            "start": float(start),
            "end": float(end),
            "unit": int(unit),
            "map": coefficients.T.tolist(),
        }
        for segment, (start, end), unit, coefficients in zip(
            pieces.segment, pieces.interval, pieces.unit, pieces.maps.value, strict=True
        )
    ]


def _pieces_csv(pieces: Pieces) -> str:
    outputs = pieces.maps.value.shape[2]
    maps = [f"{name}_{k}" for k in range(1, outputs + 1) for name in ("slope", "offset")]
    columns = ("segment", "start", "end", "unit")
    rows = [
        (*(piece[name] for name in columns), *chain.from_iterable(piece["map"]))
        for piece in _pieces(pieces)
    ]
    return csv_text((*columns, *maps), rows)
