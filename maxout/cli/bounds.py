"""``maxout bounds``: what is known of a network's gradients, symbolic or evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from maxout.cli import output, parse
from maxout.theory.catalogue import select
from maxout.theory.network import Network
from maxout.theory.statement import Statement


@click.command("bounds")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--rank", help="Rank K.")
@click.option("--inputs", help="Number of inputs n_0.")
@click.option("--widths", help="Hidden widths, such as 64x20,32.")
@click.option("--outputs", help="Number of outputs n_L  [default: 1].")
@click.option("--c", "c", help="Weight variance times fan_in  [default: 1/M_K].")
@click.option("--bias", default=None, help="any, gaussian or zero  [default: any].")
@click.option("--order", help="Order t of moment statements  [default: those verified].")
@click.option("--cosine", help="Cosine of the angle between x and u  [default: 1/sqrt(n_0)].")
@click.option("--norm", help="Norm of the input x  [default: sqrt(n_0)].")
@click.option("--digits", default=12, show_default=True, help="Correct digits asked for.")
@output.format_option
@output.json_option
def command(
    keys: tuple[str, ...],
    rank: str | None,
    inputs: str | None,
    widths: str | None,
    outputs: str | None,
    c: str | None,
    bias: str | None,
    order: str | None,
    cosine: str | None,
    norm: str | None,
    digits: int,
    style: str,
    as_json: bool,
) -> None:
    """Print the statements about the Jacobian (all, or those under KEY).

    With no numbers they are symbolic; with --rank, --inputs and --widths they are evaluated for
    that network, and those that do not apply to it are left out.
    """
    chosen = select(keys) if keys else [s for s in select(()) if s.biases]
    network = _network(rank, inputs, widths, outputs, c, bias)
    chosen_order = None if order is None else parse.integer(order, "order")
    if network is None:
        if cosine is not None or norm is not None:
            raise click.UsageError(
                "--cosine and --norm need a network: give --rank, --inputs and --widths"
            )
        rows = [(s, t, None) for s in chosen for t in _orders(s, chosen_order)]
    else:
        given = {
            name: parse.number(text, name)
            for name, text in (("cosine", cosine), ("norm", norm))
            if text is not None
        }
        rows = list(_evaluated(chosen, network, chosen_order, digits, given, bool(keys)))
    if as_json or style == "json":
        output.dump([_record(*row) for row in rows])
    elif network is None:
        _symbolic(rows, style)
    else:
        click.echo(str(network))
        output.table(
            ("key", "", "value", "status", "source"),
            [
                (
                    _name(s, t),
                    s.relation.value,
                    "a law, see --format pretty" if v is None else v.midpoint,
                    s.status,
                    str(s.source),
                )
                for s, t, v in rows
            ],
        )


def _network(
    rank: str | None,
    inputs: str | None,
    widths: str | None,
    outputs: str | None,
    c: str | None,
    bias: str | None,
) -> Network | None:
    """The network asked for; None where no number was given at all."""
    if all(value is None for value in (rank, inputs, widths, outputs, c, bias)):
        return None
    missing = [
        name
        for name, value in (("--rank", rank), ("--inputs", inputs), ("--widths", widths))
        if value is None
    ]
    if missing:
        raise click.UsageError(f"a network needs {', '.join(missing)} as well")
    assert rank is not None
    assert inputs is not None
    assert widths is not None
    return Network(
        inputs=parse.integer(inputs, "inputs"),
        widths=parse.widths(widths),
        outputs=1 if outputs is None else parse.integer(outputs, "outputs"),
        rank=parse.integer(rank, "rank"),
        c=None if c is None else parse.number(c, "c"),
        bias=bias or "any",
    )


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
    from maxout.numerics.predict import DoesNotApplyError, predict

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
        click.echo(f"  if {'; '.join(statement.assumptions)}")
        right = output.expression(statement.right(order), style)
        if style == "latex":
            click.echo(f"  {statement.left} {statement.relation.latex} {right}")
        else:
            click.echo(f"  {statement.left}  {statement.relation.value}")
            click.echo("    " + right.replace("\n", "\n    "))
        click.echo()
