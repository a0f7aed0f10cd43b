"""``maxout bounds``: what is known of a network, symbolic or evaluated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import click
import sympy as sp

from maxout.cli import options, output, overview, parse
from maxout.cli.closed_values import MAX_DIGITS
from maxout.cli.plain import plain
from maxout.cli.progress import working
from maxout.numerics.predict import predict
from maxout.theory.catalogue import select
from maxout.theory.errors import DoesNotApplyError, DomainError, MaxoutError, OutOfReachError
from maxout.theory.network import Network
from maxout.theory.parameters import ORDER
from maxout.theory.statement import Statement


@click.command("bounds")
@click.argument("keys", type=parse.KEY, nargs=-1, metavar="[KEY]...")
@options.block_network_options
@click.option("--order", help="Order t of moment statements  [default: those verified].")
@options.parameter_options
@options.digits_option(12)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Show all of every statement; of a network, what does not apply too, and why.",
)
@output.format_option
@output.json_option
def command(
    keys: tuple[str, ...],
    network: Network | None,
    order: str | None,
    given: dict[str, Any],
    digits: int,
    everything: bool,
    style: str,
    as_json: bool,
) -> None:
    """Print the statements about networks (all, or those under KEY).

    With no numbers they are symbolic: a line each, and with KEY or --all in full.

    With --rank, --inputs and --widths they are evaluated for that network. Those that do not apply
    to it are left out and counted; --all shows each with its reason.
    """
    chosen = select(keys) if keys else [s for s in select(()) if s.biases]
    chosen_order = None if order is None else parse.option(ORDER, order)
    if digits > MAX_DIGITS:
        raise DomainError(f"digits must be at most {MAX_DIGITS:,} here; got {digits:,}")
    if network is None:
        if given:
            names = " and ".join(f"--{name.replace('_', '-')}" for name in given)
            need = "needs" if len(given) == 1 else "need"
            raise click.UsageError(f"{names} {need} a network: give --rank, --inputs and --widths")
        rows = [Row(s, t) for s in chosen for t in _orders(s, chosen_order)]
    else:
        with working("evaluating") as say:
            rows = list(_evaluated(chosen, network, chosen_order, digits, given, say))
        if keys and len(chosen) == 1 and rows[0].refusal and all(row.refusal for row in rows):
            raise rows[0].refusal
    shown = rows if everything else [row for row in rows if row.applies]
    if as_json or style == "json":
        output.dump([_record(row) for row in shown])
    elif network is None and (keys or everything):
        _symbolic(rows, style)
    elif network is None:
        overview.show([(s, "", _formula(s, style)) for s in chosen], "maxout bounds KEY")
    else:
        output.say(network.heading)
        if shown:
            output.table(
                ("key", "", "value", "status", "source"),
                [row.cells for row in shown],
            )
        else:
            output.say("nothing is stated of such a network")
        if len(shown) < len(rows):
            output.say(left_out(len({r.statement.key for r in rows if not r.applies})))


def left_out(count: int) -> str:
    """The last line of a table: how many statements are not in it."""
    statements = "1 statement does" if count == 1 else f"{count} statements do"
    shows = "shows it with its" if count == 1 else "shows each with its"
    return f"{statements} not apply to this network: --all {shows} reason"


@dataclass(frozen=True)
class Row:
    """A statement at one order, with its value or with the refusal of one.

    Attributes:
      value: None for a law, in symbols, and where it is refused.
      refusal: says that the statement does not apply, or is out of reach of its method.
    """

    statement: Statement
    order: int | None
    value: Any = None
    refusal: MaxoutError | None = None

    @property
    def name(self) -> str:
        return _name(self.statement, self.order)

    @property
    def applies(self) -> bool:
        return not isinstance(self.refusal, DoesNotApplyError)

    @property
    def reason(self) -> str:
        """The refusal without the statement and the network, which stand beside it."""
        return str(self.refusal).partition(": ")[2] if self.refusal else ""

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        """The row of a table; a reason stands in the last column, which may be long."""
        statement, value = self.statement, self.value
        if self.refusal:
            text = "no value" if self.applies else "does not apply"
        elif value is None:
            text = "a law: maxout bounds KEY"
        else:
            # Certified digits are all right; others carry their error, and so does what is only
            # known to lie about 0.
            bare = value.certified and (value.midpoint != "0" or value.radius == "0")
            text = value.midpoint if bare else f"{value.midpoint} +- {value.radius}"
        last = self.reason or statement.source.short
        return self.name, statement.relation.value, text, str(statement.status), last


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
    say: Callable[[str], None],
) -> Iterator[Row]:
    for number, statement in enumerate(statements, start=1):
        say(f"{statement.key}, {number} of {len(statements)}")
        for t in _orders(statement, order):
            try:
                yield Row(statement, t, predict(statement, network, t, digits, **given).value)
            except (DoesNotApplyError, OutOfReachError) as refusal:
                yield Row(statement, t, refusal=refusal)


def _name(statement: Statement, order: int | None) -> str:
    return statement.key if order is None else f"{statement.key} (t={order})"


def _record(row: Row) -> dict[str, Any]:
    statement, order, value = row.statement, row.order, row.value
    return {
        "key": statement.key,
        "order": order,
        "title": statement.title,
        "relation": statement.relation.value,
        "value": None if value is None else value.midpoint,
        "radius": None if value is None else value.radius,
        "certified": None if value is None else value.certified,
        "applies": row.applies,
        "reason": row.reason or None,
        "latex": f"{statement.left} {statement.relation.latex} {sp.latex(statement.right(order))}",
        "source": str(statement.source),
        "assumptions": list(statement.assumptions),
        "status": statement.status,
    }


def _formula(statement: Statement, style: str) -> str:
    if style == "pretty":
        return overview.formula(statement)
    return output.expression(statement.right(), style)


def _symbolic(rows: list[Row], style: str) -> None:
    shown: set[str] = set()
    for row in rows:
        statement = row.statement
        order = None if statement.symbolic_order else row.order
        name = _name(statement, order)
        if name in shown:
            continue
        shown.add(name)
        output.say(f"{name}  [{statement.status}; {statement.source}]")
        output.say(f"  {statement.title}")
        for word, assumption in zip(
            ("if", *("and",) * len(statement.assumptions)), statement.assumptions, strict=False
        ):
            output.say(f"  {word} {assumption}")
        right = output.expression(statement.right(order), style, indent=4)
        if style == "latex":
            output.say(f"  {statement.left} {statement.relation.latex} {right}")
        else:
            output.say(f"  {plain(statement.left)}  {statement.relation.value}")
            output.say("    " + right.replace("\n", "\n    "))
        click.echo()
