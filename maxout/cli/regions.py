"""``maxout regions``: the linear regions of one network, counted exactly."""

from __future__ import annotations

import click
import numpy as np

from maxout.cli import (
    curve_input,
    limits,
    options,
    output,
    parse,
    region_line,
    region_plot,
    region_window,
)
from maxout.numerics.regions.concrete_layers import sample
from maxout.numerics.regions.network_files import load_layers, save_layers
from maxout.numerics.writing import writing_to
from maxout.theory.errors import DomainError, MaxoutError
from maxout.theory.network import Network


@click.command("regions")
@options.network_options_with(inputs="2", bias="gaussian")
@options.seed_option("Seed of the network drawn.")
@click.option("--load", help="Count a network from an .npz file instead of drawing one.")
@click.option("--save", help="Write the network to an .npz file.")
@click.option("--window", help="x0,x1,y0,y1  [default: -3,3,-3,3].")
@curve_input.curve_options
@click.option("--csv", "csv_path", help="Write the regions (or pieces) to a CSV file.")
@click.option("--plot", help="Draw them: a file ending in .png, .svg or .pdf.")
@output.json_option
def command(
    network: Network | None,
    seed: int,
    load: str | None,
    save: str | None,
    window: str | None,
    points: str | None,
    segment: str | None,
    circle: str | None,
    csv_path: str | None,
    plot: str | None,
    as_json: bool,
) -> int:
    """Count the linear regions of one network, exactly.

    In a window of the plane (two inputs), or along a curve in any number of inputs: --points,
    --segment or --circle. The network is drawn at initialization, or loaded with --load.
    """
    along = curve_input.given(points, segment, circle)
    if along and window is not None:
        raise click.UsageError("give a --window or a curve, not both")
    if plot is not None:
        region_plot.check_path(plot)
    if load is not None:
        if network is not None:
            raise click.UsageError(
                "--load brings its own architecture: leave out --rank, --widths, ..."
            )
        layers = load_layers(load)
    else:
        if network is None:
            raise click.UsageError("give --rank and --widths of a network to draw, or --load")
        if network.bias == "any":
            raise MaxoutError("to draw biases say --bias gaussian or --bias zero")
        limits.check_drawn(network)
        layers = sample(network, np.random.default_rng(seed))
    if save is not None:
        with writing_to(save):
            save_layers(save, layers)
    if along:
        curve = curve_input.read(points, segment, circle, layers.inputs)
        return region_line.count(layers, network, curve, csv_path, plot, as_json)
    return region_window.count(layers, network, _parse_window(window), csv_path, plot, as_json)


def _parse_window(text: str | None) -> tuple[float, float, float, float]:
    if text is None:
        return -3.0, 3.0, -3.0, 3.0
    parts = text.split(",")
    if len(parts) != 4:
        raise DomainError(f"window must be x0,x1,y0,y1; got {text[:60]!r}")
    x0, x1, y0, y1 = (parse.real(part, "window") for part in parts)
    return x0, x1, y0, y1
