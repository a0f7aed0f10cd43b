"""``maxout typical``: the size of a typical network's Jacobian against the mean over networks."""

from __future__ import annotations

import math
from typing import Any

import click

from maxout.cli import options, output, parse
from maxout.cli.progress import working
from maxout.numerics.typical.size_summary import Summary, summarize
from maxout.theory.errors import DomainError
from maxout.theory.network import Network
from maxout.theory.parameters import COSINE, NORM, value_of

SHOWN_EXPONENTS = 3
MAX_DRAWN = 2 * 10**8
"""Draws times hidden layers."""


@click.command("typical")
@options.network_options_with(bias="zero")
@click.option("--cosine", help="Cosine of the angle between x and u  [default: 1/sqrt(n_0)].")
@click.option("--norm", help="Norm of the input x  [default: sqrt(n_0)].")
@click.option("--samples", default="20000", show_default=True, help="Draws of the chain.")
@options.seed_option("Seed of the draws.")
@output.json_option
def command(
    network: Network | None,
    cosine: str | None,
    norm: str | None,
    samples: str,
    seed: int,
    as_json: bool,
) -> None:
    """Print mean, typical value and quantiles of ||J(x)u||^2, and say where the mean misleads.

    The mean is exact. Quantiles come from draws of the exact law by three numbers a layer, with
    intervals that hold whatever the law.
    """
    if network is None:
        raise click.UsageError("sizes need a network: give --rank, --inputs and --widths")
    given = {
        field.name: value_of(
            field, network, None if text is None else options.value(field.name, text)
        )
        for field, text in ((COSINE, cosine), (NORM, norm))
    }
    count = parse.integer(samples, "samples")
    if count * len(network.widths) > MAX_DRAWN:
        raise DomainError(
            f"samples must be at most {MAX_DRAWN // len(network.widths):,} for "
            f"{len(network.widths):,} hidden layers; got {count:,}"
        )
    with working("drawing"):
        found = summarize(network, seed, count, **given)
    if as_json:
        output.dump(_record(network, found, given, seed))
    else:
        _show(network, found)


def _show(network: Network, found: Summary) -> None:
    output.say(network.heading)
    drawn = found.typical
    rows = [
        ("mean", power_text(found.log_mean_gain), _power_error(found.mean_error), found.mean_route)
    ]
    how = f"{drawn.samples} draws"
    if found.exact_log is None:
        rows.append(
            (
                "exp(E ln)",
                power_text(drawn.log_mean),
                f"factor {math.exp(drawn.log_mean_error):.4f}",
                how,
            )
        )
    else:
        value, error = found.exact_log
        rows.append(("exp(E ln)", power_text(value), _power_error(error), "exact"))
    for quantile in drawn.quantiles:
        interval = f"{power_text(quantile.low)} to {power_text(quantile.high)}"
        rows.append(
            (f"{100 * quantile.level:g} % quantile", power_text(quantile.log), interval, how)
        )
    output.table(("||J(x)u||^2", "value", "error or interval", "from"), rows)
    output.say(f"intervals of the quantiles: all hold with confidence {100 * drawn.confidence:g} %")
    if found.exponents:
        shown = found.exponents[:SHOWN_EXPONENTS]
        words = ", ".join(f"{value:.6f}" for value in shown)
        if len(found.exponents) > SHOWN_EXPONENTS:
            words += f", ..., {found.exponents[-1]:.6f}"
        output.say(f"Lyapunov exponents of ||J(x)u|| a layer: {words}")
    output.say(found.sentence)


def power_text(log: float) -> str:
    """exp(log) to six digits, also where float64 cannot hold it."""
    if math.isinf(log):
        return "0" if log < 0 else "inf"
    if abs(log) < 600:
        return f"{math.exp(log):.6g}"
    exponent = math.floor(log / math.log(10))
    mantissa = f"{math.exp(log - exponent * math.log(10)):.4f}"
    if mantissa.startswith("10"):  # a power of ten, but for rounding
        mantissa, exponent = "1.0000", exponent + 1
    return f"{mantissa}e{exponent:+d}"


def _power_error(relative: float) -> str:
    return f"relative, below 1e{math.floor(math.log10(relative)) + 1:+03d}"


def _record(network: Network, found: Summary, given: dict[str, Any], seed: int) -> dict[str, Any]:
    drawn = found.typical
    return {
        "network": str(network),
        **{name: float(value) for name, value in given.items()},
        "seed": seed,
        "samples": drawn.samples,
        "log_mean_gain": found.log_mean_gain,
        "log_mean_gain_error": found.mean_error,
        "mean_log_gain": drawn.log_mean if found.exact_log is None else found.exact_log[0],
        "mean_log_gain_error": (
            drawn.log_mean_error if found.exact_log is None else found.exact_log[1]
        ),
        "mean_log_gain_exact": found.exact_log is not None,
        "log_deviation": drawn.log_deviation,
        "confidence": drawn.confidence,
        "quantiles": [
            {
                "level": q.level,
                "log": q.log,
                "interval": [_finite(q.low), _finite(q.high)],
            }
            for q in drawn.quantiles
        ],
        "share_at_mean": found.share_at_mean,
        "lyapunov": list(found.exponents),
        "misleading": found.misleading,
        "sentence": found.sentence,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
