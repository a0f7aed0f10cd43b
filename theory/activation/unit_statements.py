"""Networks of GroupSort, LWTA and MFM 2/3 units: mean lengths, and laws of the Jacobian."""

import sympy as sp

from maxout.theory.activation import units
from maxout.theory.conditions import ANY_BIAS, DIRECTION, ZERO, rank_is, units_are
from maxout.theory.domain import Condition, Domain, Range
from maxout.theory.jacobian.layer_laws import VARIATES
from maxout.theory.statement import Relation, Source, Statement
from maxout.theory.symbols import cos_0, unit, x_norm

_SOURCE = Source("project", "units that pick among their features")
_GROUPS = "hidden layer l: n_l groups of K features; weights N(0, c/fan_in), fan_in with zeros"
_THREE = rank_is(3)


def _length(name: str, title: str, *conditions: Condition) -> Statement:
    return Statement(
        key=f"activation.units.{name}",
        title=f"the mean square of what {title} pass on",
        left=r"\mathbb{E}\,\|x^{(L-1)}\|^2 / \dim x^{(L-1)}",
        relation=Relation.EQ,
        build=lambda t: units.length_mean(name),
        definitions=(_GROUPS,),
        domain=Domain(units_are(name), *conditions, ZERO),
        range=Range.NON_NEGATIVE,
        source=_SOURCE,
        proof="units.md#lengths",
        parameters=(x_norm, unit),
    )


def _law(
    name: str, title: str, right: sp.Expr, *conditions: Condition, angle: bool = True
) -> Statement:
    return Statement(
        key=f"jacobian.units.{name}",
        title=title,
        left=r"\|J(x)u\|^2",
        relation=Relation.EQ_D,
        build=lambda t: right,
        definitions=(_GROUPS, VARIATES),
        domain=Domain(units_are(name), *conditions, *((DIRECTION,) if angle else ())),
        source=_SOURCE,
        proof="units.md#jacobian",
        numeric=False,
        parameters=(cos_0, unit) if angle else (unit,),
    )


STATEMENTS = (
    _length("groupsort", "GroupSort units"),
    _length("lwta", "LWTA units"),
    _length("mfm23", "MFM 2/3 units", _THREE),
    _law(
        "groupsort",
        "GroupSort (MaxMin at K = 2): the law of a linear network, for any biases",
        units.sorted_gain(),
        ANY_BIAS,
        angle=False,
    ),
    _law(
        "lwta",
        "LWTA: the law of maxout over K^(L-1)",
        units.winner_gain(),
        ZERO,
    ),
    _law(
        "mfm23",
        "MFM 2/3: the moving frame of two of three features",
        units.two_of_three_gain(),
        _THREE,
        ZERO,
    ),
)
