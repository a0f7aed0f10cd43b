"""The input-output Jacobian with skip connections: bounds, exact means at rank 2, wide limits."""

from typing import Any

import sympy as sp

from maxout.theory.block_conditions import LINEAR_SKIP, NORMALIZED_SKIP, PRE_NORM_SKIP
from maxout.theory.conditions import (
    ANY_BIAS,
    AWAY_FROM_ORIGIN,
    SEVERAL_INPUTS,
    ZERO,
    rank_is,
)
from maxout.theory.domain import Condition, Domain, Range
from maxout.theory.layer_product import LayerProduct
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.statement import Relation, Source, Statement
from maxout.theory.symbols import K, L, beta, c, cos_0, l, n_0, n_L, x_norm

_M = LargestNormalMoment(K, 2)
_VARIANCE = _M - LargestNormalMoment(K, 1) ** 2
_LEFT = r"\mathbb{E}\|J(x)u\|^2"
_OUTPUT = "output weights N(0, 1/fan_in)"


def _linear(name: str, relation: Relation, gain: sp.Expr, title: str, **fields: Any) -> Statement:
    conditions: tuple[Condition, ...] = fields.pop("conditions", ())
    after = ("tseran2023",) if name in ("lower", "upper") else ()
    return Statement(
        key=f"skip.linear.jacobian.{name}",
        title=title,
        left=_LEFT,
        relation=relation,
        build=lambda t: n_L / n_0 * (1 + beta**2 * c * gain) ** (L - 1),
        definitions=(
            "blocks x + beta V max(Wx + b), W ~ N(0, c/fan_in), V ~ N(0, 1/fan_in)",
            "any number of units inside a block",
            _OUTPUT,
        ),
        domain=Domain(ANY_BIAS, *conditions, blocks=LINEAR_SKIP),
        range=Range.NON_NEGATIVE,
        source=Source("project", "skip connections, branches that end linearly", after),
        proof="skips.md#branches-that-end-in-a-linear-layer",
        quantity="jacobian.mean",
        **fields,
    )


def _wide(growth: sp.Expr, lost: sp.Expr) -> sp.Expr:
    """n_L/n_0 U_{L-1}: U_l = U_{l-1} + growth (U_{l-1} - lost), U_0 = 1, in the index l."""
    matrix = sp.ImmutableDenseMatrix([[1, 0], [-growth * lost, 1 + growth]])
    row, column = sp.ImmutableDenseMatrix([[0, 1]]), sp.ImmutableDenseMatrix([1, 1])
    return n_L / n_0 * LayerProduct(row, matrix, column, (l, 1, L - 1))


def _scale(per_block: sp.Expr) -> sp.Expr:
    """The mean square of an entry of x^(l-1): |x|^2/n and what l - 1 blocks added."""
    return x_norm**2 / n_0 + (l - 1) * per_block


def normalized_growth() -> sp.Expr:
    """Return the wide limit of E||J(x)u||^2 with blocks x + beta N(max(Wx))."""
    scale = _scale(beta**2)
    return _wide(beta**2 / (_VARIANCE * scale), cos_0**2 * x_norm**2 / (n_0 * scale))


def pre_norm_growth() -> sp.Expr:
    """Return the wide limit of E||J(x)u||^2 with blocks x + beta max(W N(x))."""
    scale = _scale(beta**2 * c * _VARIANCE)
    return _wide(beta**2 * c / scale, cos_0**2 * x_norm**2 / (n_0 * scale))


STATEMENTS = (
    _linear(
        "lower",
        Relation.GE,
        SmallestChi2Moment(K, 1),
        "the mean is at least (1 + beta^2 c S_K)^(L-1) a unit of n_L/n_0",
        rung="lower",
    ),
    _linear(
        "upper",
        Relation.LE,
        LargestChi2Moment(K, 1),
        "the mean is at most (1 + beta^2 c L_K)^(L-1) a unit of n_L/n_0",
        rung="upper",
    ),
    _linear(
        "lower.sharp",
        Relation.GE,
        sp.Integer(1),
        "the mean is at least (1 + beta^2 c)^(L-1) a unit of n_L/n_0",
        rung="lower.sharp",
    ),
    _linear(
        "upper.sharp",
        Relation.LE,
        _M,
        "the mean is at most (1 + beta^2 c M_K)^(L-1) a unit of n_L/n_0; u along x attains it",
        rung="upper.sharp",
    ),
    _linear(
        "rank2",
        Relation.EQ,
        sp.Integer(1),
        "rank 2: the mean is (1 + beta^2 c)^(L-1) a unit of n_L/n_0, any input and biases",
        conditions=(rank_is(2),),
        rung="exact",
    ),
    Statement(
        key="skip.normalized.jacobian",
        title="normalized branches, wide: the mean grows like a power of the depth, 1/Var Xi_K",
        left=_LEFT,
        relation=Relation.LIMIT,
        build=lambda t: normalized_growth(),
        definitions=(
            "blocks x + beta N(max(Wx)), N LayerNorm, weights N(0, c/fan_in)",
            _OUTPUT,
            "width to infinity at fixed |x|^2/n_0 and rho_0, the cosine of x and u",
        ),
        domain=Domain(ZERO, SEVERAL_INPUTS, AWAY_FROM_ORIGIN, blocks=NORMALIZED_SKIP),
        range=Range.NON_NEGATIVE,
        source=Source("project", "skip connections, normalized branches"),
        proof="skips.md#normalized-branches",
        parameters=(cos_0, x_norm),
    ),
    Statement(
        key="skip.prenorm.jacobian",
        title="pre-norm blocks, wide: the mean grows like a power of the depth, 1/Var Xi_K",
        left=_LEFT,
        relation=Relation.LIMIT,
        build=lambda t: pre_norm_growth(),
        definitions=(
            "blocks x + beta max(W N(x)), N LayerNorm, weights N(0, c/fan_in)",
            _OUTPUT,
            "x and u of mean 0; width to infinity at fixed |x|^2/n_0 and rho_0, their cosine",
        ),
        domain=Domain(ZERO, SEVERAL_INPUTS, AWAY_FROM_ORIGIN, blocks=PRE_NORM_SKIP),
        range=Range.NON_NEGATIVE,
        source=Source("project", "skip connections, pre-norm"),
        proof="skips.md#normalization-before-the-branch",
        parameters=(cos_0, x_norm),
    ),
)
