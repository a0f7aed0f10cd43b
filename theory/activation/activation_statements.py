"""The normalized activation length of the last hidden layer: law, mean, moments and bounds."""

from collections.abc import Callable
from typing import Any

import sympy as sp

from maxout.theory.activation import activation_length
from maxout.theory.conditions import BY_BIAS
from maxout.theory.domain import Domain, Range
from maxout.theory.jacobian import layer_laws
from maxout.theory.statement import Relation, Source, Statement, Status
from maxout.theory.symbols import x_norm

_WEIGHTS = "weights N(0, c/fan_in)"
_LENGTH = r"\|x^{(L-1)}\|^2 / n_{L-1}"


def _statement(bias: str, what: str, proof: str, source: Source, **fields: Any) -> Statement:
    return Statement(
        key=f"activation.length.{what}.{bias}",
        definitions=(_WEIGHTS, *fields.pop("further", ())),
        domain=Domain(BY_BIAS[bias]),
        range=Range.NON_NEGATIVE if fields.get("numeric", True) else Range.REAL,
        source=source,
        proof=f"activations.md#{proof}",
        parameters=(x_norm,),
        **fields,
    )


def _moment(bias: str) -> Callable[[sp.Expr | int], sp.Expr]:
    return lambda t: activation_length.length_moment(int(t), bias=bias)


def _bound(side: str, bias: str) -> Statement:
    return _statement(
        bias,
        f"moment.{side}",
        "bounds-of-the-moments",
        Source("tseran2023", "from the moment bounds of one layer"),
        title=f"{side} bound of the moment of order t of the normalized activation length",
        left=rf"\mathbb{{E}}\,({_LENGTH})^t",
        relation={"lower": Relation.GE, "upper": Relation.LE}[side],
        quantity="activation.moment",
        rung=side,
        build=lambda t: activation_length.length_moment_bound(side, t, bias=bias),
        further=("integer t >= 1",),
        orders=(2, 3),
        status=Status.DERIVED,
    )


def _of(bias: str) -> tuple[Statement, ...]:
    paper = Source("tseran2023", "activation length")
    project = Source("project", "exact moments of the activation length")
    return (
        _statement(
            bias,
            "law",
            "the-law",
            paper,
            title="law of the normalized activation length",
            left=_LENGTH,
            relation=Relation.EQ_D,
            build=lambda t: activation_length.length_law(bias=bias),
            further=(layer_laws.VARIATES,),
            numeric=False,
        ),
        _statement(
            bias,
            "mean",
            "the-mean",
            paper,
            title="mean of the normalized activation length",
            left=rf"\mathbb{{E}}\,{_LENGTH}",
            relation=Relation.EQ,
            quantity="activation.mean",
            rung="exact",
            build=lambda t: activation_length.length_mean(bias=bias),
        ),
        _statement(
            bias,
            "variance",
            "every-moment",
            project,
            title="variance of the normalized activation length",
            left=rf"\mathrm{{Var}}\,{_LENGTH}",
            relation=Relation.EQ,
            quantity="activation.variance",
            rung="exact",
            build=lambda t: activation_length.length_variance(bias=bias),
        ),
        _statement(
            bias,
            "moment",
            "every-moment",
            project,
            title="moment of order t of the normalized activation length",
            left=rf"\mathbb{{E}}\,({_LENGTH})^t",
            relation=Relation.EQ,
            quantity="activation.moment",
            rung="exact",
            build=_moment(bias),
            further=("integer t >= 1",),
            orders=(2, 3),
            symbolic_order=False,
        ),
        _bound("lower", bias),
        _bound("upper", bias),
    )


STATEMENTS = (*_of("gaussian"), *_of("zero"))
