"""The input-output Jacobian of convolutional networks: two-sided bounds, free of the input."""

from typing import Any

import sympy as sp

from maxout.theory.conditions import ANY_BIAS, rank_is
from maxout.theory.convolution_conditions import CONVOLUTIONAL, POSITION_EXISTS
from maxout.theory.domain import Condition, Domain, Range
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.statement import Relation, Source, Statement
from maxout.theory.symbols import K, L, c, n_0, n_L, position, share


def _statement(
    name: str, relation: Relation, gain: sp.Expr, title: str, *conditions: Condition, **fields: Any
) -> Statement:
    after = ("tseran2023",) if name in ("lower", "upper") else ()
    return Statement(
        key=f"conv.jacobian.{name}",
        title=title,
        left=r"\mathbb{E}\|J(x)u\|^2",
        relation=relation,
        build=lambda t: n_L / n_0 * (c * gain) ** (L - 1) * share,
        definitions=(
            "convolutions of C_l channels, weights N(0, c/fan_in), fan_in = taps C_{l-1}/groups",
            "output weights N(0, 1/n_{L-1}), over all of the last map",
            "a tie is broken to one piece",
            "u is zero but at cell b of its map; b = 0: of the same norm at every cell",
            "s_ab at a = 0: chance that a path from a random cell of the last map, a random tap "
            "back a layer, ends at b, times the cells of the input; at b = 0 that it ends in the "
            "map, not in zero padding",
        ),
        domain=Domain(ANY_BIAS, POSITION_EXISTS, *conditions, layers=CONVOLUTIONAL),
        range=Range.NON_NEGATIVE,
        source=Source("project", "convolutions, two-sided bounds", after),
        proof="convolutions.md#two-sided-bounds",
        parameters=(position,),
        quantity="jacobian.mean",
        **fields,
    )


STATEMENTS = (
    _statement(
        "lower",
        Relation.GE,
        SmallestChi2Moment(K, 1),
        "convolutions: the mean is at least (c S_K)^(L-1) times the share of paths",
        rung="lower",
    ),
    _statement(
        "upper",
        Relation.LE,
        LargestChi2Moment(K, 1),
        "convolutions: the mean is at most (c L_K)^(L-1) times the share of paths",
        rung="upper",
    ),
    _statement(
        "lower.sharp",
        Relation.GE,
        sp.Integer(1),
        "convolutions: the mean is at least c^(L-1) times the share of paths",
        rung="lower.sharp",
    ),
    _statement(
        "upper.sharp",
        Relation.LE,
        LargestNormalMoment(K, 2),
        "convolutions: the mean is at most (c M_K)^(L-1) times the share; u along x attains it",
        rung="upper.sharp",
    ),
    _statement(
        "rank2",
        Relation.EQ,
        sp.Integer(1),
        "convolutions, rank 2: the mean is c^(L-1) times the share, any input and biases",
        rank_is(2),
        rung="exact",
    ),
)
