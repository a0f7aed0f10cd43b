"""``maxout constant``: c = 1/M_K of ranks, with the moments beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import click
import sympy as sp

from maxout.cli import options, output, parse
from maxout.cli.closed_values import closed_form, evaluated
from maxout.cli.progress import counted, working
from maxout.numerics.balls.enclosure import Enclosure
from maxout.numerics.order.order_moments import CLOSED_FROM, constants
from maxout.theory.activation.units import UNITS
from maxout.theory.activation.weight_laws import LAWS
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.parameters import WINDOW

_TOGETHER = 1000  # ranks computed between two words of progress


def quantities(rank: int) -> dict[str, sp.Expr]:
    """What is shown for a rank, as exact expressions, by JSON field name."""
    k = sp.Integer(rank)
    mean, second = LargestNormalMoment(k, 1), LargestNormalMoment(k, 2)
    return {
        "c": 1 / second,
        "second_moment": second,
        "mean": mean,
        "variance": second - mean**2,
        "chi2_largest_mean": LargestChi2Moment(k, 1),
        "chi2_smallest_mean": SmallestChi2Moment(k, 1),
    }


def record(rank: int, digits: int) -> tuple[dict[str, Any], dict[str, Enclosure]]:
    """The JSON object of one rank, and the enclosures it was made of."""
    values = {name: evaluated(expr, rank, digits) for name, expr in quantities(rank).items()}
    exact = closed_form(rank)
    return {
        "rank": rank,
        **{name: value.midpoint for name, value in values.items()},
        "closed_form": None if exact is None else str(exact),
        "digits": digits,
        "certified": all(value.certified for value in values.values()),
        "radius": max((value.radius for value in values.values()), key=float),
    }, values


@click.command("constant", context_settings={"ignore_unknown_options": True})
@click.argument("ranks", nargs=-1, required=True, metavar="RANK...")
@options.digits_option(20)
@click.option(
    "--window",
    default="1",
    type=parse.CELLS,
    show_default=True,
    help="Cells of a max pooling that follows, such as 4 or 2x2.",
)
@click.option(
    "--correlation",
    type=parse.NUMBER,
    help="Of the cells' patches, 0 to 1  [default: 0, independent cells].",
)
@click.option(
    "--stages", type=parse.INTEGER, help="Of pooled layers one behind another, for --correlation."
)
@click.option(
    "--criterion",
    type=click.Choice(("mean", "activation", "typical")),
    help="Choose c by what it keeps, and say what it does not  [default: mean, c = 1/M_K].",
)
@click.option("--width", help="Units n of every hidden layer, for --criterion.")
@click.option(
    "--unit",
    type=click.Choice(list(UNITS)),
    default="maxout",
    show_default=True,
    help="Of which units: other ones than maxout pass on other features.",
)
@click.option(
    "--weights",
    type=click.Choice(list(LAWS)),
    help="With --fan-in: c for weights of another law, to first order in 1/fan_in.",
)
@click.option("--fan-in", help="Inputs of one piece, for --weights.")
@click.option("--dropout", help="Chance that dropout behind each layer sets a unit to 0.")
@click.option("--mode", help="Whose length c keeps with --dropout: train or eval  [default: both].")
@click.option("--skip", help="With --blocks: factor beta of a branch beside a skip connection.")
@click.option("--blocks", help="Blocks with a skip connection, for --skip.")
@click.option("--derive", is_flag=True, help="Derive M_K step by step, each step confirmed.")
@output.format_option
@output.json_option
def command(
    ranks: tuple[str, ...],
    digits: int,
    window: int,
    correlation: Fraction | None,
    stages: int | None,
    criterion: str | None,
    width: str | None,
    unit: str,
    weights: str | None,
    fan_in: str | None,
    dropout: str | None,
    mode: str | None,
    skip: str | None,
    blocks: str | None,
    derive: bool,
    style: str,
    as_json: bool,
) -> None:
    """Print the initialization constant c = 1/M_K for each RANK (5, 2..10, 10^6).

    Initialize weights with variance c/fan_in. Every digit printed is certified by ball
    arithmetic: the true value lies within the stated radius. With --criterion, c is chosen by what
    it keeps from layer to layer; typical sizes at rank 3 and above are estimates, and say so.
    With --dropout no c keeps the length in training and in evaluation mode: both are shown. With
    --skip and --blocks, the factor of a branch that keeps so many blocks within a factor e.
    With --weights and --fan-in, c for weights that are not normal, and how good it is.
    """
    chosen = parse.ranks(ranks)
    alone = {"--criterion": criterion, "--width": width, "--derive": derive or None}
    alone |= {"--dropout": dropout, "--mode": mode, "--skip": skip, "--blocks": blocks}
    cells = {"--window": None if window == 1 else window, "--correlation": correlation}
    cells |= {"--stages": stages}
    if weights is not None or fan_in is not None:
        if weights is None or fan_in is None:
            raise click.UsageError("--weights and --fan-in go together: give both")
        _refuse("--weights", {"--unit": None if unit == "maxout" else unit, **cells, **alone})
        from maxout.cli.weights_constant import show as show_weights

        inputs = parse.integer(fan_in, "fan_in")
        show_weights(chosen, weights, inputs, digits, as_json or style == "json")
        return
    if unit != "maxout":
        _refuse("--unit", {**cells, **alone})
        from maxout.cli.unit_constant import show as show_unit

        show_unit(chosen, unit, digits, style, as_json)
        return
    if correlation is not None:
        _refuse("--correlation", alone)
        from maxout.cli.pooled_constant import show as show_pooled

        in_json = as_json or style == "json"
        with working("enclosing"):
            show_pooled(chosen, WINDOW(window), correlation, stages, digits, in_json)
        return
    if stages is not None:
        raise click.UsageError("--stages needs --correlation, that of the first stage's patches")
    if window != 1:
        chosen = [rank * WINDOW(window) for rank in chosen]
    in_json = as_json or style == "json"
    apart = {"--criterion": criterion, "--width": width, "--derive": derive or None}
    if dropout is not None or mode is not None:
        from maxout.cli import dropout_choice

        others = {**apart, "--skip": skip, "--blocks": blocks}
        dropout_choice.answer(chosen, dropout, mode, digits, in_json, others)
        return
    if skip is not None or blocks is not None:
        from maxout.cli import branch_scale

        branch_scale.answer(chosen, skip, blocks, in_json, apart)
        return
    if derive:
        # Here, as below: a constant alone does without.
        from maxout.cli.derivation import show
        from maxout.theory.order.moment_derivation import derive_constant

        for rank in chosen:
            show(derive_constant(rank), "json" if as_json else style, {"rank": rank})
        return
    if criterion is not None or width is not None:
        _by_criterion(chosen, criterion or "mean", width, window, digits, in_json)
        return
    if in_json:
        with working("enclosing") as say:
            records = [record(rank, digits)[0] for rank in counted(chosen, say)]
        output.dump(records)
    elif len(chosen) == 1:
        _block(chosen[0], digits, style)
    else:
        _table(chosen, digits, style)


def _refuse(option: str, others: dict[str, Any]) -> None:
    """Say which of the other options are given: an answer must not pass over what was asked."""
    given = [name for name, value in others.items() if value is not None]
    if given:
        raise click.UsageError(f"{option} does not go with {', '.join(given)}: leave out one side")


def _by_criterion(
    ranks: list[int], criterion: str, width: str | None, window: int, digits: int, as_json: bool
) -> None:
    # Here: choosing by a typical size needs NumPy and SciPy, a constant does not.
    from maxout.cli import criterion as shown
    from maxout.numerics.typical.criteria import choose

    units = None if width is None else parse.integer(width, "width")
    with working("choosing") as say:
        choices = [choose(rank, criterion, units, digits) for rank in counted(ranks, say)]
        records = [record(x.rank, digits)[0] for x in counted(choices, say)] if as_json else []
    if as_json:
        pairs = zip(records, choices, strict=True)
        output.dump([{**fields, **shown.record(x)} for fields, x in pairs])
    else:
        shown.show(choices, window)


_NAMES = {
    "c": "c = 1/M_K",
    "second_moment": "M_K = E Xi_K^2",
    "mean": "E Xi_K",
    "variance": "Var Xi_K",
    "chi2_largest_mean": "L_K",
    "chi2_smallest_mean": "S_K",
}


def _block(rank: int, digits: int, style: str) -> None:
    with working("enclosing"):
        fields, values = record(rank, digits)
    output.table(
        (f"rank {rank}", "value", "radius", "certified"),
        [
            (label, values[name].midpoint, values[name].radius, _yes(values[name].certified))
            for name, label in _NAMES.items()
        ],
    )
    exact = closed_form(rank)
    if exact is None:
        output.say("no closed form is known at this rank: the digits come from quadrature in balls")
    else:
        output.formula("c =", exact, style)


def _table(ranks: list[int], digits: int, style: str) -> None:
    with working("enclosing") as say:
        found = list(_pairs(ranks, digits, say))
    rows = [
        (
            str(rank),
            c.midpoint,
            second.midpoint,
            max(c.radius, second.radius, key=float),
            _yes(c.certified and second.certified),
        )
        for rank, (c, second) in zip(ranks, found, strict=True)
    ]
    output.table(("K", "c = 1/M_K", "M_K", "radius", "certified"), rows)
    for rank in ranks:
        exact = closed_form(rank)
        if exact is not None:
            output.formula(f"c({rank}) =", exact, style)


def _pairs(
    ranks: list[int], digits: int, say: Callable[[str], None]
) -> Iterator[tuple[Enclosure, Enclosure]]:
    """c and M_K of each rank, computed together where that is faster.

    ``constants`` shares its tables among ranks, but knows no closed forms: where those are the
    quicker way to many digits, it is what ``record`` does, rank by rank.
    """
    if digits >= CLOSED_FROM:
        for rank in counted(ranks, say):
            exact = quantities(rank)
            second = evaluated(exact["second_moment"], rank, digits)
            yield evaluated(exact["c"], rank, digits), second
        return
    for first in range(0, len(ranks), _TOGETHER):
        say(f"{first:,} of {len(ranks):,}")
        yield from constants(ranks[first : first + _TOGETHER], digits)


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"
