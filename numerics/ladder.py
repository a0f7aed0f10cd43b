"""The ladder: the bounds and the exact value of each quantity of one network, side by side.

Statements of the catalogue that carry a ``quantity`` and a ``rung`` are grouped by quantity; the
ladder takes the best of those that apply.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from maxout.numerics.balls.enclosure import Enclosure
from maxout.numerics.predict import predict
from maxout.theory.errors import DoesNotApplyError, MaxoutError, OutOfReachError
from maxout.theory.network import Network
from maxout.theory.parameters import LAYER
from maxout.theory.statement import RUNGS, Relation, Statement


@dataclass(frozen=True)
class Rung:
    """One value on a ladder, and the statement it comes from."""

    statement: Statement
    value: Enclosure


@dataclass(frozen=True)
class Row:
    """One quantity of one network.

    Attributes:
      quantity: its dotted name in the catalogue.
      order: order t of a moment; None where the quantity has none.
      layer: layer that the quantity belongs to; None where it has none.
      rungs: place on the ladder (``theory.statement.RUNGS``) -> value; places that no statement
        fills for this network are missing.
      refusals: key of a statement -> why it has no value: it does not apply, or is out of reach.
    """

    quantity: str
    order: int | None
    layer: int | None
    rungs: Mapping[str, Rung]
    refusals: Mapping[str, MaxoutError] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The quantity's name with its order and layer."""
        parts = [f"t={self.order}"] if self.order is not None else []
        parts += [f"layer {self.layer}"] if self.layer is not None else []
        return f"{self.quantity} ({', '.join(parts)})" if parts else self.quantity


def quantities(statements: Iterable[Statement]) -> dict[str, list[Statement]]:
    """Group statements by quantity, in their order; those without one are left out."""
    groups: dict[str, list[Statement]] = {}
    for statement in statements:
        if statement.quantity:
            groups.setdefault(statement.quantity, []).append(statement)
    return groups


def ladder(
    network: Network,
    statements: Iterable[Statement],
    order: int | None = None,
    digits: int = 15,
    **given: Any,
) -> list[Row]:
    """Return the ladders of a network, one row for each quantity, order and layer.

    Rows without a rung are among them: their refusals say why.

    Args:
      statements: where the quantities and their values are looked for.
      order: order t of moments; None means every order that a statement is shown at.
      digits: correct digits asked for.
      given: parameters of ``predict``; quantities of a layer get a row for every hidden layer
        unless ``layer`` is given.

    Raises:
      MaxoutError: for values outside their domain.
    """
    rows = []
    for quantity, group in quantities(statements).items():
        orders = sorted({t for statement in group for t in statement.orders})
        layered = any(LAYER.symbol in statement.parameters for statement in group)
        layers = [given["layer"]] if "layer" in given else range(1, network.depth)
        for t in (orders if order is None else [order]) if orders else [None]:
            for layer in layers if layered else [None]:
                known = given if layer is None else {**given, "layer": layer}
                at = None if layer is None else int(layer)
                rows.append(Row(quantity, t, at, *_rungs(group, network, t, digits, known)))
    return rows


def _rungs(
    group: list[Statement], network: Network, order: int | None, digits: int, given: dict[str, Any]
) -> tuple[dict[str, Rung], dict[str, MaxoutError]]:
    found: dict[str, Rung] = {}
    refusals: dict[str, MaxoutError] = {}
    for statement in group:
        try:
            value = predict(statement, network, order, digits, **given).value
        except (DoesNotApplyError, OutOfReachError) as refusal:
            refusals[statement.key] = refusal
            continue
        if value is None:  # a law
            continue
        rival = found.get(statement.rung)
        if rival is None or _better(statement, value, rival):
            found[statement.rung] = Rung(statement, value)
    return {rung: found[rung] for rung in RUNGS if rung in found}, refusals


def _better(statement: Statement, value: Enclosure, rival: Rung) -> bool:
    """Whether a value says more: a tighter bound, or an exact value that is certified."""
    if statement.relation is Relation.GE:
        return bool(value.lower > rival.value.lower)
    if statement.relation is Relation.LE:
        return bool(value.upper < rival.value.upper)
    return value.certified and not rival.value.certified
