"""``maxout gradients``: gradient size layer by layer, ready to plot."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import click
import numpy as np

from maxout.cli import limits, options, output, parse
from maxout.cli.progress import working
from maxout.cli.torch_needed import require_torch
from maxout.numerics.gradients.layer_gradients import GradientProfile, gradient_profile
from maxout.theory import field
from maxout.theory.errors import DomainError
from maxout.theory.network import Network

COLUMNS = {
    "lower": "lower",
    "lower_sharp": "lower.sharp",
    "exact": "exact",
    "upper_sharp": "upper.sharp",
    "upper": "upper",
}
PARAMETERS = ("weights", "biases")


@click.command("gradients")
@click.option("--rank", required=True, help="Rank K.")
@click.option("--inputs", required=True, help="Number of inputs n_0.")
@click.option("--widths", required=True, help="Hidden widths, such as 64x20,32.")
@click.option("--outputs", default="1", show_default=True, help="Number of outputs n_L.")
@click.option(
    "--c",
    "cs",
    multiple=True,
    help="Weight variance times fan_in; several times too  [default: 1/M_K].",
)
@click.option("--bias", default="zero", show_default=True, help="zero or gaussian.")
@click.option("--norm", help="Euclidean norm of the input  [default: sqrt(n_0)].")
@click.option(
    "--by",
    type=click.Choice(PARAMETERS),
    default="weights",
    show_default=True,
    help="Gradient by a layer's weights or by its biases.",
)
@click.option("--simulate", help="Sample so many networks as well (needs PyTorch).")
@options.seed_option("Seed of the draws.")
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values.")
@output.json_option
def command(
    rank: str,
    inputs: str,
    widths: str,
    outputs: str,
    cs: tuple[str, ...],
    bias: str,
    norm: str | None,
    by: str,
    simulate: str | None,
    seed: int,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Print E||dN/dW^(l)||^2 of one output N for every layer l: bounds, exact value, simulation.

    Layer L is the linear output layer. Give --c several times to compare initializations; without
    it c = 1/M_K.
    """
    if as_csv and as_json:
        raise click.UsageError("give --csv or --json, not both")
    given = [parse.variance(c) for c in cs or (None,)]
    networks = [
        Network(
            parse.integer(inputs, "inputs"),
            parse.widths(widths),
            parse.integer(outputs, "outputs"),
            parse.integer(rank, "rank"),
            c,
            bias,
        )
        for c in given
    ]
    length = None if norm is None else options.value("norm", norm)
    samples = None if simulate is None else _samples(simulate)
    for network in networks if samples else ():
        limits.check_drawn(network, samples or 0)
        limits.check_kept(samples or 0, 2 * network.depth, "simulate")
    with working("computing gradients") as say:
        rows = [row for n in networks for row in _rows(n, length, by, samples, seed, say)]
    if as_json:
        output.dump({"network": str(networks[0]), "by": by, "rows": rows})
        return
    names = [*COLUMNS.values()] + (["simulated", "error"] if samples else [])
    short = {str(network.c): field.short(network.c) for network in networks}
    cells = [[short[row["c"]], str(row["layer"]), *(row[name] for name in names)] for row in rows]
    if as_csv:
        for line in [["c", "layer", *names], *cells]:
            click.echo(",".join(line))
        return
    output.table(("c", "layer", *names), cells)


def _samples(text: str) -> int:
    count = parse.integer(text, "simulate")
    if not 2 <= count <= 10**8:
        raise DomainError(f"simulate must be from 2 to 100,000,000 networks; got {text}")
    return count


def _rows(
    network: Network,
    norm: Fraction | None,
    by: str,
    samples: int | None,
    seed: int,
    say: Callable[[str], None],
) -> list[dict[str, Any]]:
    profile = gradient_profile(network, norm)
    drawn = None if samples is None else _simulated(network, norm, by, samples, seed, say)
    rows = []
    for index, layer in enumerate(profile.layers):
        logs = _logs(profile, by, index)
        row: dict[str, Any] = {"c": str(network.c), "layer": int(layer)}
        row |= {COLUMNS[name]: _decimal(log) for name, log in logs.items()}
        row["log10"] = {
            COLUMNS[name]: None if math.isinf(log) else log / math.log(10)
            for name, log in logs.items()
        }
        row["relative_error"] = float(f"{profile.error:.1e}")
        if drawn is not None:
            row["simulated"], row["error"] = _mean(drawn[:, index], logs["exact"])
        rows.append(row)
    return rows


def _logs(profile: GradientProfile, by: str, index: int) -> dict[str, float]:
    """Natural logarithms of a layer's ladder."""
    bounds = {
        "lower": profile.lower,
        "lower_sharp": profile.lower_sharp,
        "upper_sharp": profile.upper_sharp,
        "upper": profile.upper,
    }
    # The bounds by weights are those by biases times E||x^(l-1)||^2.
    shift = 0.0 if by == "weights" else float(profile.lengths[index])
    exact = profile.weights if by == "weights" else profile.biases
    logs = {name: float(values[index]) - shift for name, values in bounds.items()}
    return {name: logs.get(name, float(exact[index])) for name in COLUMNS}


def _mean(values: np.ndarray, exact: float) -> tuple[str, str]:
    """The samples' mean and its standard error, computed where no square can overflow.

    ``exact`` is the logarithm of the expected value; that of 0 (an input 0) is sampled as 0.
    """
    largest = float(values.max())
    if largest == 0 and exact == -math.inf:
        return f"{0:.5e}", f"{0:.1e}"
    if not 0 < largest < math.inf:
        raise DomainError(
            "the simulated squares leave float64's range: give another norm or c, or leave out "
            "--simulate"
        )
    scaled = values / largest
    error = float(scaled.std(ddof=1)) / math.sqrt(len(values))
    return f"{scaled.mean() * largest:.5e}", f"{error * largest:.1e}"


def _decimal(log: float) -> str:
    """Write e^log with 6 digits, also where float64 cannot hold it."""
    if log == -math.inf:
        return "0"
    exponent = math.floor(log / math.log(10))
    mantissa = f"{10 ** (log / math.log(10) - exponent):.5f}"
    if mantissa.startswith("10"):
        mantissa, exponent = "1.00000", exponent + 1
    return f"{mantissa}e{exponent:+03d}"


def _simulated(
    network: Network,
    norm: Fraction | None,
    by: str,
    samples: int,
    seed: int,
    say: Callable[[str], None],
) -> np.ndarray:
    """Squared gradients of sampled networks, (samples, L), by automatic differentiation."""
    require_torch("--simulate needs", draws=True)
    from maxout.verify.gradients.sampled_gradients import ParameterGradients
    from maxout.verify.sampling.collector import Collector
    from maxout.verify.sampling.networks import Sampler

    size = math.sqrt(network.inputs) if norm is None else float(norm)
    population = ParameterGradients(Sampler(network, network.bias, 1.0, size))
    with Collector(seed) as collector:
        found: np.ndarray = collector.collect(
            population, samples, lambda drawn: say(f"{drawn:,} of {samples:,} networks")
        )[by]
    return found
