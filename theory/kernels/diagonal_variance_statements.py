"""The second moment and the variance of the tangent kernel on its diagonal, and of its trace."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import sympy as sp

from maxout.theory.conditions import BY_BIAS, ZERO
from maxout.theory.domain import Domain, Range
from maxout.theory.kernels import diagonal_second
from maxout.theory.statement import Relation, Source, Statement, Status
from maxout.theory.symbols import x_norm

_WEIGHTS = "weights N(0, c/fan_in), output weights N(0, 1/fan_in)"
_OUTPUT = "N: one output, whatever their number"
_SUM = "K(x, x): sum of ||dN/dW^(l)||^2 over the layers"
_TRACE = "tr K(x, x): sum of ||dN_o/dW^(l)||^2 over the layers and all n_L outputs o"
_MOMENTS = Source("tseran2023", "from the moment bounds of the Jacobian norm")
_LARGEST = Source("project", "second moment of the tangent kernel from the largest moments")
_SECOND = r"\mathbb{E}\,K(x, x)^2"


def _statement(
    key: str, title: str, left: str, relation: Relation, source: Source, right: Any, **fields: Any
) -> Statement:
    return Statement(
        key=key,
        title=title,
        left=left,
        relation=relation,
        build=right,
        source=source,
        parameters=(x_norm,),
        range=Range.NON_NEGATIVE,
        **{
            "definitions": (_WEIGHTS, _OUTPUT, _SUM),
            "domain": Domain(ZERO),
            "proof": "kernels.md#the-second-moment",
            **fields,
        },
    )


def _exact(
    key: str, title: str, left: str, right: Callable[[], sp.Expr], **fields: Any
) -> Statement:
    source = Source("project", "second moment of the tangent kernel by the backward frame")
    return _statement(key, title, left, Relation.EQ, source, lambda t: right(), **fields)


def _bound(side: str, bias: str, sharp: bool, t: sp.Expr | int) -> sp.Expr:
    return diagonal_second.diagonal_second_bound(side, bias, sharp)


def _ladder() -> Iterator[Statement]:
    """Two bounds from the paper's, and two of this project, at zero and with gaussian biases."""
    for bias, prefix in (("zero", ""), ("gaussian", "gaussian.")):
        for sharp in (False, True):
            for side, relation in (("lower", Relation.GE), ("upper", Relation.LE)):
                rung = f"{side}.sharp" if sharp else side
                yield _statement(
                    f"kernel.diagonal.{prefix}second.{rung}",
                    f"{side} bound of the second moment of the on-diagonal tangent kernel, "
                    "layer by layer",
                    _SECOND,
                    relation,
                    Source(
                        "project", "second moment of the tangent kernel from the largest moments"
                    )
                    if sharp
                    else Source("tseran2023", "from the moment bounds of the Jacobian norm"),
                    partial(_bound, side, bias, sharp),
                    domain=Domain(BY_BIAS[bias]),
                    status=Status.PROVED if sharp else Status.DERIVED,
                    proof="kernels.md#bounds-of-the-second-moment",
                    quantity="kernel.diagonal.second",
                    rung=rung,
                )


_ALL = {"definitions": (_WEIGHTS, _TRACE), "proof": "kernels.md#the-trace"}

STATEMENTS = (
    _exact(
        "kernel.diagonal.second.exact",
        "exact second moment of the on-diagonal tangent kernel at zero bias",
        _SECOND,
        diagonal_second.diagonal_second,
        quantity="kernel.diagonal.second",
        rung="exact",
    ),
    _exact(
        "kernel.diagonal.variance.exact",
        "exact variance of the on-diagonal tangent kernel at zero bias",
        r"\mathrm{Var}\,K(x, x)",
        diagonal_second.diagonal_variance,
        quantity="kernel.diagonal.variance",
        rung="exact",
    ),
    *_ladder(),
    _exact(
        "kernel.trace.mean",
        "exact mean of the tangent kernel's trace over the outputs at zero bias",
        r"\mathbb{E}\,\mathrm{tr}\,K(x, x)",
        diagonal_second.trace_mean,
        **_ALL,
    ),
    _exact(
        "kernel.trace.second",
        "exact second moment of the tangent kernel's trace over the outputs at zero bias",
        r"\mathbb{E}\,(\mathrm{tr}\,K(x, x))^2",
        diagonal_second.trace_second,
        **_ALL,
    ),
    _exact(
        "kernel.trace.variance",
        "exact variance of the tangent kernel's trace over the outputs at zero bias",
        r"\mathrm{Var}\,\mathrm{tr}\,K(x, x)",
        diagonal_second.trace_variance,
        **_ALL,
    ),
)
