"""``maxout bounds``: what is known of a network, symbolic or evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from maxout.cli import options, output, parse
from maxout.cli.plain import plain
from maxout.theory.catalogue import select
from maxout.theory.network import Network
from maxout.theory.statement import Statement


@click.command("bounds")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@options.network_options
@click.option("--order", help="Order t of moment statements  [default: those verified].")
@options.parameter_options
@click.option("--digits", default=12, show_default=True, help="Correct digits asked for.")
@output.format_option
@output.json_option
def command(
    keys: tuple[str, ...],
    network: Network | None,
    order: str | None,
    given: dict[str, Any],
    digits: int,
    style: str,
    as_json: bool,
) -> None:
    """Print the statements about networks (all, or those under KEY).

    With no numbers they are symbolic; with --rank, --inputs and --widths they are evaluated for
    that network, and those that do not apply to it are left out.
    """
    chosen = select(keys) if keys else [s for s in select(()) if s.biases]
    chosen_order = None if order is None else parse.integer(order, "order")
    if network is None:
        if given:
            names = " and ".join(f"--{name.replace('_', '-')}" for name in given)
            need = "needs" if len(given) == 1 else "need"
            raise click.UsageError(f"{names} {need} a network: give --rank, --inputs and --widths")
        rows = [(s, t, None) for s in chosen for t in _orders(s, chosen_order)]
    else:
        rows = list(_evaluated(chosen, network, chosen_order, digits, given, bool(keys)))
    if as_json or style == "json":
        output.dump([_record(*row) for row in rows])
    elif network is None:
        _symbolic(rows, style)
    else:
        click.echo(str(network))
        output.table(
            ("key", "", "value", "status", "source"),
            [(_name(s, t), s.relation.value, _value(v), s.status, _short(s)) for s, t, v in rows],
        )


def _value(value: Any) -> str:
    if value is None:
        return "a law: maxout bounds KEY"
    # Certified digits are all right; others carry their error.
    return value.midpoint if value.certified else f"{value.midpoint} +- {value.radius}"


def _short(statement: Statement) -> str:
    """The source without the result's name there, which ``maxout results`` prints."""
    return str(statement.source).partition(":")[0]


def _orders(statement: Statement, order: int | None) -> tuple[int | None, ...]:
    if not statement.orders:
        return (None,)
    return statement.orders if order is None else (order,)


def _evaluated(
    statements: list[Statement],
    network: Network,
    order: int | None,
    digits: int,
    given: dict[str, Any],
    asked_by_name: bool,
) -> Iterator[tuple[Statement, int | None, Any]]:
    from maxout.numerics.predict import predict
    from maxout.theory.errors import DoesNotApplyError

    for statement in statements:
        for t in _orders(statement, order):
            try:
                yield statement, t, predict(statement, network, t, digits, **given).value
            except DoesNotApplyError:
                if asked_by_name and len(statements) == 1:
                    raise


def _name(statement: Statement, order: int | None) -> str:
    return statement.key if order is None else f"{statement.key} (t={order})"


def _record(statement: Statement, order: int | None, value: Any) -> dict[str, Any]:
    import sympy as sp

    return {
        "key": statement.key,
        "order": order,
        "title": statement.title,
        "relation": statement.relation.value,
        "value": None if value is None else value.midpoint,
        "radius": None if value is None else value.radius,
        "certified": None if value is None else value.certified,
        "latex": f"{statement.left} {statement.relation.latex} {sp.latex(statement.right(order))}",
        "source": str(statement.source),
        "assumptions": list(statement.assumptions),
        "status": statement.status,
    }


def _symbolic(rows: list[tuple[Statement, int | None, Any]], style: str) -> None:
    shown: set[str] = set()
    for statement, t, _ in rows:
        order = None if statement.symbolic_order else t
        name = _name(statement, order)
        if name in shown:
            continue
        shown.add(name)
        click.echo(f"{name}  [{statement.status}; {statement.source}]")
        click.echo(f"  {statement.title}")
        for word, assumption in zip(
            ("if", *("and",) * len(statement.assumptions)), statement.assumptions, strict=False
        ):
            click.echo(f"  {word} {assumption}")
        right = output.expression(statement.right(order), style)
        if style == "latex":
            click.echo(f"  {statement.left} {statement.relation.latex} {right}")
        else:
            click.echo(f"  {plain(statement.left)}  {statement.relation.value}")
            click.echo("    " + right.replace("\n", "\n    "))
        click.echo()
