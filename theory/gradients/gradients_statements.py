"""Second moments of the gradients of one output with respect to the parameters of a layer.

"One output" N is any one of the n_L: the others change nothing, and the sum over all outputs is
n_L times as much.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import sympy as sp

from maxout.theory.conditions import BY_BIAS, LAYER_EXISTS, ZERO
from maxout.theory.domain import Domain, Range
from maxout.theory.gradients import parameter_gradients
from maxout.theory.jacobian import layer_laws
from maxout.theory.statement import Relation, Source, Statement, Status
from maxout.theory.symbols import l, x_norm

_WEIGHTS = "weights N(0, c/fan_in), output weights N(0, 1/fan_in)"
_OUTPUT = "N: one output, whatever their number"
_MOMENTS = Source("tseran2023", "from the moment bounds of the Jacobian norm")
_WEIGHT = r"\|\partial N/\partial W^{(l)}\|_F^2"
_BIAS = r"\|\partial N/\partial b^{(l)}\|^2"


def _project(name: str) -> Source:
    return Source("project", name)


def _bound(right: Any, side: str, sharp: bool, t: sp.Expr | int) -> Any:
    return right(side, sharp)


def _output(bias: str, t: sp.Expr | int) -> sp.Expr:
    return parameter_gradients.output_weight_gradient(bias)


def _bounds(left: str, prefix: str, bias: str, right: Any, **fields: Any) -> Iterator[Statement]:
    """The paper's two bounds and this project's two; ``right``: (side, sharp) -> expression."""
    for sharp in (False, True):
        for side, relation in (("lower", Relation.GE), ("upper", Relation.LE)):
            rung = f"{side}.sharp" if sharp else side
            gain = {"lower": "S_K", "upper": "L_K", "lower.sharp": "1", "upper.sharp": "M_K"}[rung]
            yield Statement(
                key=f"{prefix}.{rung}",
                title=f"{side} bound: a factor c {gain} a later layer",
                left=rf"\mathbb{{E}}\,{left}",
                relation=relation,
                build=partial(_bound, right, side, sharp),
                definitions=(_WEIGHTS, _OUTPUT),
                domain=Domain(BY_BIAS[bias], LAYER_EXISTS),
                range=Range.NON_NEGATIVE,
                source=_project("two-sided bounds of the parameter gradients")
                if sharp
                else _MOMENTS,
                status=Status.PROVED if sharp else Status.DERIVED,
                proof="gradients.md#bounds",
                quantity=prefix.replace("gaussian.", ""),
                rung=rung,
                **fields,
            )


def _exact(key: str, left: str, bias: str, right: sp.Expr, title: str, proof: str) -> Statement:
    parameters = (l, x_norm) if "weights" in key or bias == "gaussian" else (l,)
    return Statement(
        key=key,
        title=title,
        left=rf"\mathbb{{E}}\,{left}",
        relation=Relation.EQ,
        build=lambda t: right,
        definitions=(_WEIGHTS, _OUTPUT),
        domain=Domain(BY_BIAS[bias], LAYER_EXISTS),
        range=Range.NON_NEGATIVE,
        source=_project("exact second moments of the parameter gradients"),
        proof=f"gradients.md#{proof}",
        parameters=parameters,
        quantity=key.removesuffix(".exact").replace("gaussian.", ""),
        rung="exact",
    )


STATEMENTS = (
    Statement(
        key="gradients.law",
        title="law of the bias gradient: two numbers a layer, carried backwards",
        left=_BIAS,
        relation=Relation.EQ_D,
        build=lambda t: layer_laws.bias_gradient_in_backward_frame(),
        definitions=(
            _WEIGHTS,
            _OUTPUT,
            f"{layer_laws.VARIATES}; "
            "P, Q: squared parts of the gradient by x^(j) along and across it",
        ),
        domain=Domain(ZERO, LAYER_EXISTS),
        source=_project("backward frame"),
        proof="gradients.md#the-backward-frame",
        numeric=False,
        parameters=(l,),
    ),
    _exact(
        "gradients.bias.exact",
        _BIAS,
        "zero",
        parameter_gradients.bias_gradient(),
        "exact second moment of the gradient by a layer's biases at zero bias",
        "exact-second-moments",
    ),
    *_bounds(
        _BIAS,
        "gradients.bias",
        "any",
        lambda side, sharp: parameter_gradients.bias_gradient_bound(side, l, sharp),
        parameters=(l,),
    ),
    Statement(
        key="gradients.bias.moment",
        title="exact moment of order t of the squared bias gradient at zero bias",
        left=r"\mathbb{E}\,\|\partial N/\partial b^{(l)}\|^{2t}",
        relation=Relation.EQ,
        build=lambda t: parameter_gradients.bias_gradient_moment(int(t)),
        definitions=(_WEIGHTS, _OUTPUT, "integer t >= 1"),
        domain=Domain(ZERO, LAYER_EXISTS),
        range=Range.NON_NEGATIVE,
        source=_project("exact moments by the backward frame"),
        proof="gradients.md#every-moment",
        orders=(2,),
        symbolic_order=False,
        parameters=(l,),
    ),
    _exact(
        "gradients.weights.exact",
        _WEIGHT,
        "zero",
        parameter_gradients.weight_gradient(),
        "exact second moment of the gradient by a layer's weights at zero bias",
        "exact-second-moments",
    ),
    *_bounds(
        _WEIGHT,
        "gradients.weights",
        "zero",
        lambda side, sharp: parameter_gradients.weight_gradient_bound(side, l, "zero", sharp),
        parameters=(l, x_norm),
    ),
    Statement(
        key="gradients.weights.moment",
        title="exact moment of order t of the squared weight gradient at zero bias",
        left=r"\mathbb{E}\,\|\partial N/\partial W^{(l)}\|_F^{2t}",
        relation=Relation.EQ,
        build=lambda t: parameter_gradients.weight_gradient_moment(int(t)),
        definitions=(_WEIGHTS, _OUTPUT, "integer t >= 1"),
        domain=Domain(ZERO, LAYER_EXISTS),
        range=Range.NON_NEGATIVE,
        source=_project("exact moments by the backward frame"),
        proof="gradients.md#every-moment",
        orders=(2,),
        symbolic_order=False,
        parameters=(l, x_norm),
    ),
    _exact(
        "gradients.gaussian.bias.exact",
        _BIAS,
        "gaussian",
        parameter_gradients.GaussianBiasGradient(l, x_norm**2),
        "exact second moment of the gradient by a layer's biases, gaussian biases",
        "gaussian-biases",
    ),
    _exact(
        "gradients.gaussian.weights.exact",
        _WEIGHT,
        "gaussian",
        parameter_gradients.GaussianWeightGradient(l, x_norm**2),
        "exact second moment of the gradient by a layer's weights, gaussian biases",
        "gaussian-biases",
    ),
    *_bounds(
        _WEIGHT,
        "gradients.gaussian.weights",
        "gaussian",
        lambda side, sharp: parameter_gradients.weight_gradient_bound(side, l, "gaussian", sharp),
        parameters=(l, x_norm),
    ),
    *(
        Statement(
            key=f"gradients.output.{bias}",
            title="the gradient by the output weights is the last activation",
            left=r"\mathbb{E}\,\|\partial N/\partial W^{(L)}\|^2",
            relation=Relation.EQ,
            build=partial(_output, bias),
            definitions=(_WEIGHTS, _OUTPUT),
            domain=Domain(BY_BIAS[bias]),
            range=Range.NON_NEGATIVE,
            source=Source("tseran2023", "gradients with respect to parameters"),
            proof="gradients.md#the-gradient",
            parameters=(x_norm,),
        )
        for bias in ("zero", "gaussian")
    ),
)
