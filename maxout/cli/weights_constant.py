"""``maxout constant RANK --weights uniform --fan-in 4``: weights that are not normal."""

from __future__ import annotations

from typing import Any

import sympy as sp

from maxout.cli import output
from maxout.numerics.balls.enclosure import Enclosure
from maxout.numerics.balls.evaluator import enclose
from maxout.theory.activation.weight_laws import law_named, two_term_moment
from maxout.theory.field import Field, integer
from maxout.theory.network import RANK

_MOST = 10**6
FAN_IN = Field(
    "fan_in",
    sp.Symbol("fan_in"),
    f"an integer from 1 to {_MOST:,}",
    (4, 100),
    "inputs of one piece",
    integer(1, _MOST),
)


def show(ranks: list[int], weights: str, fan_in: Any, digits: int, as_json: bool) -> None:
    """Print c and E max^2 of normal weights, by two terms, and integrated, of each rank.

    Raises:
      DomainError: for a law without a name, or a fan_in that is none.
    """
    law, inputs = law_named(weights), FAN_IN(fan_in)
    for rank in ranks:
        RANK(rank)
    share = sp.Rational(1, inputs)
    found = []
    for rank in ranks:
        normal, two = (
            enclose(two_term_moment(sp.Integer(rank), kurtosis, share), {}, digits)
            for kurtosis in (sp.Integer(0), law.kurtosis)
        )
        found.append((rank, normal, two, _integrated(law.name, inputs, rank)))
    if as_json:
        output.dump([_record(law.name, inputs, *one) for one in found])
        return
    for rank, normal, two, exact in found:
        rows = [("normal weights", *_pair(normal)), ("two terms", *_pair(two))]
        if exact is not None:
            rows.append(("integrated", f"{1 / exact:.7g}", f"{exact:.7g}"))
        title = f"rank {rank}, {law.name} weights, fan_in {inputs:,}"
        output.table((title, "c", "second moment"), rows)
    output.say(
        "all |x_i| equal; a unit's mean square is its second moment times weight variance and |x|^2"
    )


def _integrated(law: str, inputs: int, rank: int) -> float | None:
    """The second moment from the law of W.x itself; None where the integral does not serve."""
    # Here: the correction alone does without NumPy and SciPy.
    from maxout.numerics.activation.weight_sums import feature_moment

    return feature_moment(law, (1.0,) * inputs, rank, 2) if inputs > 1 else None


def _constant(moment: Enclosure) -> float | None:
    """c; None where two terms are no longer a second moment: rank too large for this fan_in."""
    return 1 / float(moment) if float(moment) > 0 else None


def _pair(moment: Enclosure) -> tuple[str, str]:
    c = _constant(moment)
    return "-" if c is None else f"{c:.11g}", f"{float(moment):.11g}"


def _record(
    law: str, inputs: int, rank: int, normal: Enclosure, two: Enclosure, exact: float | None
) -> dict[str, Any]:
    return {
        "rank": rank,
        "weights": law,
        "fan_in": inputs,
        "c": _constant(two),
        "second_moment": float(two),
        "normal_second_moment": float(normal),
        "integrated_second_moment": exact,
    }
