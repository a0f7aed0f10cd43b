"""``maxout constant RANK --unit KIND``: the constant of units that pick otherwise than maxout."""

from __future__ import annotations

from typing import Any

import sympy as sp

from maxout.cli import output
from maxout.cli.closed_values import evaluated
from maxout.numerics.balls.enclosure import Enclosure
from maxout.theory.activation.units import Unit, unit_named
from maxout.theory.order.orthant import is_closed


def show(ranks: list[int], kind: str, digits: int, style: str, as_json: bool) -> None:
    """Print c = outputs/energy and the energy of each rank.

    Raises:
      DomainError: for a rank that the unit does not have.
    """
    unit = unit_named(kind)
    found = [(unit.checked_rank(rank), *_values(unit, rank, digits)) for rank in ranks]
    if as_json or style == "json":
        output.dump([_record(unit, *one, digits) for one in found])
        return
    output.say(f"{unit.name}: {unit.words}")
    output.table(
        ("K", "outputs", "c = outputs/energy", "energy", "radius", "certified"),
        [
            (
                str(rank),
                str(unit.outputs(rank)),
                c.midpoint,
                energy.midpoint,
                max(c.radius, energy.radius, key=float),
                "yes" if c.certified and energy.certified else "no",
            )
            for rank, c, energy in found
        ],
    )
    for rank, *_ in found:
        if (exact := _closed(unit, rank)) is not None:
            output.formula(f"c({rank}) =", exact, style)
    output.say("fan_in counts all outputs of the groups before, the inputs in the first layer")


def _values(unit: Unit, rank: int, digits: int) -> tuple[Enclosure, Enclosure]:
    k = sp.Integer(rank)
    return (
        evaluated(sp.sympify(unit.constant(k)), rank, digits),
        evaluated(sp.sympify(unit.energy(k)), rank, digits),
    )


def _closed(unit: Unit, rank: sp.Integer) -> sp.Expr | None:
    exact = sp.sympify(unit.constant(rank)).doit()
    return sp.simplify(exact) if is_closed(exact) else None


def _record(
    unit: Unit, rank: sp.Integer, c: Enclosure, energy: Enclosure, digits: int
) -> dict[str, Any]:
    exact = _closed(unit, rank)
    return {
        "unit": unit.name,
        "rank": int(rank),
        "outputs": int(unit.outputs(rank)),
        "c": c.midpoint,
        "energy": energy.midpoint,
        "closed_form": None if exact is None else str(exact),
        "digits": digits,
        "certified": c.certified and energy.certified,
        "radius": max(c.radius, energy.radius, key=float),
    }
