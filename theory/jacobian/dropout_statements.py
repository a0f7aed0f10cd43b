"""The input-output Jacobian with dropout in training mode: bounds, and equality at rank 2."""

from typing import Any

from maxout.theory.block_conditions import DROPOUT_ALONE
from maxout.theory.conditions import ANY_BIAS, DIRECTION, ZERO, rank_is
from maxout.theory.domain import Condition, Domain, Range
from maxout.theory.jacobian import moving_frame
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.statement import Relation, Source, Statement
from maxout.theory.symbols import K, L, c, cos_0, dropout, n_0, n_L

_M = LargestNormalMoment(K, 2)


def _statement(
    name: str, relation: Relation, proof: str, source: str, *conditions: Condition, **fields: Any
) -> Statement:
    after = ("tseran2023",) if "tseran" in source else ()
    return Statement(
        key=f"dropout.jacobian.{name}",
        left=r"\mathbb{E}\|J(x)u\|^2",
        relation=relation,
        definitions=(
            "weights N(0, c/fan_in), output weights N(0, 1/fan_in)",
            "training mode: units behind every maximum are 0 with chance p_drop, else times "
            "1/(1 - p_drop), independent of all else",
        ),
        domain=Domain(*conditions, blocks=DROPOUT_ALONE),
        range=Range.NON_NEGATIVE,
        source=Source("project", "dropout in training mode", after),
        proof=f"dropout.md#{proof}",
        quantity="jacobian.mean",
        **fields,
    )


STATEMENTS = (
    _statement(
        "lower",
        Relation.GE,
        "two-sided-bounds",
        "after tseran2023",
        ANY_BIAS,
        title="the mean is at least (c S_K/(1-p))^(L-1) a unit of n_L/n_0",
        build=lambda t: n_L / n_0 * (c * SmallestChi2Moment(K, 1) / (1 - dropout)) ** (L - 1),
        rung="lower",
    ),
    _statement(
        "upper",
        Relation.LE,
        "two-sided-bounds",
        "after tseran2023",
        ANY_BIAS,
        title="the mean is at most (c L_K/(1-p))^(L-1) a unit of n_L/n_0",
        build=lambda t: n_L / n_0 * (c * LargestChi2Moment(K, 1) / (1 - dropout)) ** (L - 1),
        rung="upper",
    ),
    _statement(
        "lower.sharp",
        Relation.GE,
        "two-sided-bounds",
        "project",
        ANY_BIAS,
        title="the mean is at least (c/(1-p))^(L-1) a unit of n_L/n_0",
        build=lambda t: n_L / n_0 * (c / (1 - dropout)) ** (L - 1),
        rung="lower.sharp",
    ),
    _statement(
        "upper.sharp",
        Relation.LE,
        "two-sided-bounds",
        "project",
        ANY_BIAS,
        title="the mean is at most (c M_K/(1-p))^(L-1) a unit of n_L/n_0; u along x attains it",
        build=lambda t: n_L / n_0 * (c * _M / (1 - dropout)) ** (L - 1),
        rung="upper.sharp",
    ),
    _statement(
        "lower.frame",
        Relation.GE,
        "the-sharper-lower-bound",
        "project",
        ZERO,
        DIRECTION,
        title="the mean is at least (1-p)^(1-L) times the exact mean without dropout",
        build=lambda t: moving_frame.mean_exact() / (1 - dropout) ** (L - 1),
        parameters=(cos_0,),
        rung="lower.sharp",
    ),
    _statement(
        "rank2",
        Relation.EQ,
        "two-sided-bounds",
        "project",
        ANY_BIAS,
        rank_is(2),
        title="rank 2: the mean is (c/(1-p))^(L-1) a unit of n_L/n_0 for any input and any biases",
        build=lambda t: n_L / n_0 * (c / (1 - dropout)) ** (L - 1),
        rung="exact",
    ),
)
