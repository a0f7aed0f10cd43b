"""The tangent kernel of one output on its diagonal: exact mean, bounds and limit."""

from typing import Any

import sympy as sp

from maxout.theory.conditions import BY_BIAS, GAUSSIAN, ZERO
from maxout.theory.domain import Domain, Range
from maxout.theory.kernels import tangent_diagonal
from maxout.theory.kernels.kernels_statements import TANGENT
from maxout.theory.statement import Relation, Source, Statement, Status
from maxout.theory.symbols import x_norm


def _project(name: str) -> Source:
    return Source("project", name)


_WEIGHTS = "weights N(0, c/fan_in), output weights N(0, 1/fan_in)"
_OUTPUT = "N: one output, whatever their number"
_SUM = "K(x, x): sum of ||dN/dW^(l)||^2 over the layers"
_DIAGONAL = r"\mathbb{E}\,K(x, x)"


def _diagonal(
    key: str, title: str, relation: Relation, right: sp.Expr, source: Source, **fields: Any
) -> Statement:
    return Statement(
        key=f"kernel.diagonal.{key}",
        title=title,
        relation=relation,
        build=lambda t: right,
        source=source,
        parameters=(x_norm,),
        **{
            "left": _DIAGONAL,
            "definitions": (_WEIGHTS, _OUTPUT, _SUM),
            "domain": Domain(ZERO),
            "range": Range.NON_NEGATIVE,
            "proof": "kernels.md#on-the-diagonal",
            **fields,
        },
    )


def _ladder() -> tuple[Statement, ...]:
    found = []
    for bias in ("zero", "gaussian"):
        prefix = "" if bias == "zero" else "gaussian."
        for sharp in (False, True):
            for side, relation in (("lower", Relation.GE), ("upper", Relation.LE)):
                rung = f"{side}.sharp" if sharp else side
                source = (
                    _project("two-sided bounds of the tangent kernel")
                    if sharp
                    else Source("tseran2023", "from the moment bounds of the Jacobian norm")
                )
                found.append(
                    _diagonal(
                        f"{prefix}{rung}",
                        f"{side} bound of the on-diagonal tangent kernel, layer by layer",
                        relation,
                        tangent_diagonal.diagonal_bound(side, bias=bias, sharp=sharp),
                        source,
                        domain=Domain(BY_BIAS[bias]),
                        status=Status.PROVED if sharp else Status.DERIVED,
                        quantity="kernel.diagonal",
                        rung=rung,
                    )
                )
    return tuple(found)


STATEMENTS = (
    _diagonal(
        "exact",
        "exact mean of the on-diagonal tangent kernel at zero bias",
        Relation.EQ,
        tangent_diagonal.diagonal_mean(),
        _project("exact mean of the tangent kernel"),
        quantity="kernel.diagonal",
        rung="exact",
    ),
    _diagonal(
        "exact.biases",
        "the same with the biases, zero at initialization, as parameters too",
        Relation.EQ,
        tangent_diagonal.diagonal_mean(bias_parameters=True),
        _project("exact mean of the tangent kernel"),
        left=_DIAGONAL + r" + \mathbb{E}\sum_l \|\partial N/\partial b^{(l)}\|^2",
    ),
    _diagonal(
        "gaussian.exact",
        "exact mean of the on-diagonal tangent kernel with gaussian biases",
        Relation.EQ,
        tangent_diagonal.gaussian_diagonal_mean(),
        _project("exact mean of the tangent kernel"),
        domain=Domain(GAUSSIAN),
        quantity="kernel.diagonal",
        rung="exact",
    ),
    *_ladder(),
    _diagonal(
        "scaled",
        "exact mean of Theta(x, x) in the NTK parametrization at finite widths",
        Relation.EQ,
        tangent_diagonal.scaled_diagonal_mean(),
        _project("exact mean of the tangent kernel"),
        left=r"\mathbb{E}\,\Theta(x, x)",
        definitions=(_WEIGHTS, _OUTPUT, TANGENT),
        proof="kernels.md#convergence",
    ),
    _diagonal(
        "limit",
        "the mean of Theta(x, x) as the widths grow, off by what the exact mean says",
        Relation.LIMIT,
        tangent_diagonal.scaled_diagonal_limit(),
        _project("exact mean of the tangent kernel"),
        left=r"\mathbb{E}\,\Theta(x, x)",
        definitions=(_WEIGHTS, _OUTPUT, TANGENT, "every width to infinity, the depth fixed"),
        proof="kernels.md#convergence",
    ),
)
