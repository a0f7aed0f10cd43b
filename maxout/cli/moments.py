"""``maxout moments``: one moment of an order statistic, exact and in digits."""

from __future__ import annotations

import click
import sympy as sp

from maxout.cli import options, output, parse
from maxout.cli.closed_values import evaluated
from maxout.cli.progress import counted, working
from maxout.theory.errors import DomainError
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.order.orthant import is_closed
from maxout.theory.order.places import PlacedMoment
from maxout.theory.parameters import ORDER, PLACE

STATISTICS = {
    "largest": LargestNormalMoment,
    "chi2-largest": LargestChi2Moment,
    "chi2-smallest": SmallestChi2Moment,
}

_WRITTEN_OUT = 20


@click.command("moments", context_settings={"ignore_unknown_options": True})
@click.argument("ranks", nargs=-1, required=True, metavar="RANK...")
@click.option("--order", "order_text", default="2", show_default=True, help="Order t >= 1.")
@click.option(
    "--statistic",
    type=click.Choice(list(STATISTICS)),
    default="largest",
    show_default=True,
    help="Largest of K N(0,1), largest or smallest of K chi^2_1.",
)
@click.option("--place", help="Place r from below of K N(0,1), 1 for the smallest  [default: K].")
@options.digits_option(20)
@click.option("--derive", is_flag=True, help="Print the derivation, each step confirmed.")
@output.format_option
@output.json_option
def command(
    ranks: tuple[str, ...],
    order_text: str,
    statistic: str,
    place: str | None,
    digits: int,
    derive: bool,
    style: str,
    as_json: bool,
) -> None:
    """Print E[X^t] of an order statistic of each RANK: certified digits and the exact form."""
    order = ORDER(parse.integer(order_text, "order"))
    chosen = parse.ranks(ranks)
    at = None if place is None else parse.option(PLACE, place)
    if at is not None:
        if statistic != "largest" or derive:
            raise click.UsageError("--place goes with neither --statistic nor --derive")
        if small := [rank for rank in chosen if rank < at]:
            raise DomainError(f"place must be at most the rank; got place {at} at rank {small[0]}")
    if derive:
        # Here: a moment alone does without.
        from maxout.cli.derivation import show
        from maxout.theory.order.moment_derivation import derive as steps

        for rank in chosen:
            header = {"rank": rank, "order": order, "statistic": statistic}
            show(steps(rank, order, statistic), "json" if as_json else style, header)
        return
    rows = []
    with working("enclosing") as say:
        for rank in counted(chosen, say):
            k = sp.Integer(rank)
            moment = STATISTICS[statistic](k, order) if at is None else PlacedMoment(at, k, order)
            # Beyond some twenty normals a place's exact form is a sum of as many named integrals.
            exact = moment if at is not None and rank > _WRITTEN_OUT else moment.doit()
            rows.append((rank, evaluated(moment, rank, digits), exact))
    if as_json or style == "json":
        output.dump(
            [
                {
                    "rank": rank,
                    "order": order,
                    "statistic": statistic,
                    **({} if at is None else {"place": at}),
                    "value": value.midpoint,
                    "radius": value.radius,
                    "digits": digits,
                    "certified": value.certified,
                    "closed_form": str(exact) if is_closed(exact) else None,
                    "expression": str(exact),
                }
                for rank, value, exact in rows
            ]
        )
        return
    name = {"largest": "Xi_K", "chi2-largest": "max chi^2_1", "chi2-smallest": "min chi^2_1"}
    shown = name[statistic] if at is None else f"X_{{{at}:K}}"
    output.table(
        ("K", f"E[({shown})^{order}]", "radius", "certified"),
        [(str(k), v.midpoint, v.radius, "yes" if v.certified else "no") for k, v, _ in rows],
    )
    for rank, _, exact in rows:
        if len(rows) == 1 or is_closed(exact):
            output.formula(f"K={rank}:", exact, style)
