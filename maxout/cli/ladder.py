"""``maxout ladder``: bounds, exact value and simulation of each quantity, side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from maxout.cli import limits, options, output, parse
from maxout.cli.bounds import left_out
from maxout.cli.progress import working
from maxout.cli.torch_needed import require_torch
from maxout.numerics.ladder import Row, ladder
from maxout.theory.catalogue import select
from maxout.theory.errors import DomainError, OutOfReachError
from maxout.theory.network import Network
from maxout.theory.parameters import COSINE, LAYER, NORM, ORDER, value_of

if TYPE_CHECKING:
    from maxout.verify.simulate import Simulated

    Estimates = dict[tuple[str, int | None, int | None], Simulated]

COLUMNS = ("lower", "lower.sharp", "exact", "simulated", "upper.sharp", "upper")
SHOWN_DIGITS = 6
MAX_LAYERS = 300
"""Hidden layers that each get a row of its own."""


@click.command("ladder")
@click.argument("keys", type=parse.KEY, nargs=-1, metavar="[KEY]...")
@options.block_network_options
@click.option("--order", help="Order t of moments  [default: those of the statements].")
@options.parameter_options
@click.option("--simulate", "samples", help="Sample so many networks as well (needs PyTorch).")
@options.seed_option("Seed of the sampled networks.")
@click.option("--all", "everything", is_flag=True, help="Say what does not apply, and why.")
@output.json_option
def command(
    keys: tuple[str, ...],
    network: Network | None,
    order: str | None,
    given: dict[str, Any],
    samples: str | None,
    seed: int,
    everything: bool,
    as_json: bool,
) -> None:
    """Print what is known of a network, quantity by quantity (all, or those under KEY).

    A row reads upwards from the paper's lower bound over the sharper one to the exact value, and
    on to the upper bounds. Blank: nothing is stated for this network.
    """
    if network is None:
        raise click.UsageError("a ladder needs a network: give --rank, --inputs and --widths")
    chosen_order = None if order is None else parse.option(ORDER, order)
    statements = _chosen(keys)
    layered = any(LAYER.symbol in statement.parameters for statement in statements)
    if layered and "layer" not in given and len(network.widths) > MAX_LAYERS:
        raise DomainError(
            f"at most {MAX_LAYERS} hidden layers can have a row each; got "
            f"{len(network.widths):,}: add --layer, or name quantities that have none"
        )
    count = None if samples is None else _count(network, samples)
    with working("evaluating"):
        found = ladder(network, statements, chosen_order, **given)
    rows = [row for row in found if row.rungs]
    if not rows:
        refusals = [refusal for row in found for refusal in row.refusals.values()]
        under = f" under {', '.join(keys)}" if keys else ""
        nothing = f"nothing{under} has a ladder for {network.heading}"
        if not refusals:
            raise click.UsageError(nothing)
        if not keys:  # the reason of one of all statements would blame what nobody asked for
            raise click.UsageError(f"{nothing}: maxout bounds --all says why")
        nearest = min((str(refusal) for refusal in refusals), key=len)  # fewest conditions fail
        raise click.UsageError(nearest if len(refusals) == 1 else f"{nothing}: {nearest}")
    estimates = {} if count is None else _simulated(network, rows, count, given, seed)
    if as_json:
        output.dump([_record(row, estimates) for row in rows])
        return
    output.say(network.heading)
    columns = [name for name in COLUMNS if name != "simulated" or estimates]
    output.table(
        ("quantity", *columns),
        [(row.label, *(_cell(row, name, estimates) for name in columns)) for row in rows],
    )
    for note in _notes(network, rows, estimates):
        output.say(note)
    blank = [row.quantity for row in rows if (row.quantity, row.order, row.layer) not in estimates]
    if count is not None and blank:
        left = ", ".join(dict.fromkeys(blank))
        output.say(f"not simulated here: {left} (maxout curve --simulate)")
    for line in _left_out(found, everything):
        output.say(line)


def _left_out(rows: list[Row], everything: bool) -> Iterator[str]:
    """Lines on the statements without a value: out of reach each, not applying as a number."""
    inside = {rung.statement.key for row in rows for rung in row.rungs.values()}
    outside: dict[str, str] = {}
    for row in rows:
        for key, refusal in row.refusals.items():
            reason = str(refusal).partition(": ")[2]
            if isinstance(refusal, OutOfReachError):
                yield f"no value: {row.label} by {key}: {reason}"
            elif key not in inside:
                outside[key] = reason
    if everything:
        yield from (f"does not apply: {key}: {reason}" for key, reason in outside.items())
    elif outside:
        yield left_out(len(outside))


def _chosen(keys: tuple[str, ...]) -> list[Any]:
    """Statements under keys; a key may also be a quantity's name."""
    everything = [statement for statement in select(()) if statement.quantity]
    if not keys:
        return everything
    chosen = []
    for key in keys:
        found = [s for s in everything if f"{s.quantity}.".startswith(f"{key}.")]
        chosen += found or [s for s in select((key,)) if s.quantity]
    return list(dict.fromkeys(chosen))


def _count(network: Network, samples: str) -> int:
    """Networks to sample, checked before anything is evaluated or PyTorch is imported."""
    from maxout.verify.sampling.populations import SAMPLES

    count = parse.option(SAMPLES, samples)
    limits.check_drawn(network, count)
    limits.check_kept(count, 2 * network.depth + 3, "simulate")
    return count


def _simulated(
    network: Network, rows: list[Row], count: int, given: dict[str, Any], seed: int
) -> Estimates:
    require_torch("--simulate needs", without="(or leave it out)", draws=True)
    from maxout.verify.simulate import simulate

    cosine, norm = (
        float(value_of(field, network, given.get(field.name))) for field in (COSINE, NORM)
    )
    wanted = [(row.quantity, row.order, row.layer) for row in rows]
    with working("simulating") as say:
        return simulate(network, wanted, count, cosine, norm, seed, say)


def _cell(row: Row, column: str, estimates: Estimates) -> str:
    if column == "simulated":
        found = estimates.get((row.quantity, row.order, row.layer))
        return "" if found is None else _with_error(found.value, found.error)
    if column not in row.rungs:
        return ""
    value = row.rungs[column].value
    digits = SHOWN_DIGITS if value.certified else min(SHOWN_DIGITS, value.digits)
    return f"{Decimal(value.midpoint):.{digits}g}"


def _with_error(value: float, error: float) -> str:
    """A value to the second digit of its standard error."""
    if not error or not math.isfinite(error):
        return f"{value:.{SHOWN_DIGITS}g}"
    digits = max(1, math.floor(math.log10(abs(value))) - math.floor(math.log10(error)) + 2)
    return f"{value:.{min(digits, 15)}g} +- {error:.2g}"


def _notes(network: Network, rows: list[Row], estimates: Estimates) -> list[str]:
    used = [rung.statement for row in rows for rung in row.rungs.values()]
    notes = []
    for title, names in (("bounds", ("lower", "upper")), ("sharp", ("lower.sharp", "upper.sharp"))):
        sources = dict.fromkeys(s.source.short for s in used if s.rung in names)
        if sources:
            notes.append(f"{title}: {'; '.join(sources)}")
    guesses = [
        rung.value
        for row in rows
        for rung in row.rungs.values()
        if not rung.value.certified and float(rung.value.midpoint)
    ]
    if guesses:
        worst = max(Decimal(v.radius) / abs(Decimal(v.midpoint)) for v in guesses)
        routes = ", ".join(dict.fromkeys(v.route for v in guesses))
        notes.append(
            f"not certified ({routes}): relative error estimated below "
            f"1e{worst.adjusted() + 1:+03d}; "
            "all other values are certified"
        )
    if estimates:
        count = next(iter(estimates.values())).samples
        drawn = ", with a fixed pattern of biases" if network.bias == "any" else ""
        notes.append(f"simulated: {count} networks{drawn}, +- one standard error")
    return notes


def _record(row: Row, estimates: Estimates) -> dict[str, Any]:
    found = estimates.get((row.quantity, row.order, row.layer))
    return {
        "quantity": row.quantity,
        "order": row.order,
        "layer": row.layer,
        "rungs": {
            name: {
                "key": rung.statement.key,
                "value": rung.value.midpoint,
                "radius": rung.value.radius,
                "certified": rung.value.certified,
                "source": str(rung.statement.source),
                "status": rung.statement.status,
            }
            for name, rung in row.rungs.items()
        },
        "reasons": {key: str(refusal) for key, refusal in row.refusals.items()},
        "simulated": None
        if found is None
        else {"value": found.value, "error": found.error, "samples": found.samples},
    }
