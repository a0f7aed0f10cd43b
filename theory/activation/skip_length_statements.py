"""The activation length with skip connections: exact, and the wide limit behind a maximum."""

from typing import Any

import sympy as sp

from maxout.theory.activation.skip_growth import maximum_skip_growth
from maxout.theory.block_conditions import (
    LINEAR_SKIP,
    NORMALIZED_SKIP,
    PLAIN_SKIP,
    PRE_NORM_SKIP,
)
from maxout.theory.conditions import GAUSSIAN_OR_ZERO, SEVERAL_INPUTS, ZERO
from maxout.theory.domain import Domain, Range
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.statement import Relation, Source, Statement
from maxout.theory.symbols import K, L, beta, c, n_0, x_norm

_M = LargestNormalMoment(K, 2)
_VARIANCE = _M - LargestNormalMoment(K, 1) ** 2
_LENGTH = r"\mathbb{E}\,\|x^{(L-1)}\|^2 / n_{L-1}"


def _statement(
    kind: str, left: str, blocks: str, right: sp.Expr, proof: str, domain: Domain, **fields: Any
) -> Statement:
    return Statement(
        key=f"skip.{kind}.length",
        left=left,
        build=lambda t: right,
        definitions=(f"blocks {blocks}", *fields.pop("further", ())),
        domain=domain,
        range=Range.NON_NEGATIVE,
        source=Source("project", "skip connections, length"),
        proof=f"skips.md#{proof}",
        relation=fields.pop("relation", Relation.EQ),
        **fields,
    )


STATEMENTS = (
    _statement(
        "linear",
        _LENGTH,
        "x + beta V max(Wx), W ~ N(0, c/fan_in), V ~ N(0, 1/fan_in), any inner width",
        x_norm**2 / n_0 * (1 + beta**2 * c * _M) ** (L - 1),
        "branches-that-end-in-a-linear-layer",
        Domain(ZERO, blocks=LINEAR_SKIP),
        title="branches that end linearly: the length grows by 1 + beta^2 c M_K a block",
        parameters=(x_norm,),
        quantity="activation.mean",
        rung="exact",
    ),
    _statement(
        "plain",
        _LENGTH,
        "x + beta max(Wx), W ~ N(0, c/fan_in)",
        x_norm**2 / n_0 * maximum_skip_growth(L - 1),
        "branches-that-end-in-the-maximum",
        Domain(ZERO, blocks=PLAIN_SKIP),
        title="branches that end in the maximum, wide: the length grows at first order in beta",
        further=(
            "MaximumSkipGrowth(b, d, s): product of b factors g = 1 + 2 d t + s, "
            "t -> (t + d)/g^(1/2) from t = 0",
            "the mean of x over its entries tends to 0",
            "width to infinity",
        ),
        relation=Relation.LIMIT,
        parameters=(x_norm,),
    ),
    _statement(
        "normalized",
        _LENGTH,
        "x + beta N(max(Wx + b)), N LayerNorm",
        x_norm**2 / n_0 + beta**2 * (L - 1),
        "normalized-branches",
        Domain(GAUSSIAN_OR_ZERO, SEVERAL_INPUTS, blocks=NORMALIZED_SKIP),
        title="normalized branches: the length grows by beta^2 a block, whatever c",
        parameters=(x_norm,),
        quantity="activation.mean",
        rung="exact",
    ),
    _statement(
        "prenorm",
        r"\mathbb{E}\,(\|P x^{(L-1)}\|^2 - \|P x\|^2) / n_{L-1}",
        "x + beta max(W N(x)), N LayerNorm, W ~ N(0, c/fan_in)",
        (L - 1) * beta**2 * c * (1 - 1 / n_0) * _VARIANCE,
        "normalization-before-the-branch",
        Domain(ZERO, SEVERAL_INPUTS, blocks=PRE_NORM_SKIP),
        title="pre-norm blocks: the centred length grows by beta^2 c (n-1) Var Xi_K a block",
        further=("P: the projection across (1, ..., 1), which takes off the mean",),
    ),
)
