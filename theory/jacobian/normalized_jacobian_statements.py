"""The Jacobian of networks normalized behind every maximum, or behind a linear layer after it.

Two statements of each, for RMS and for layer normalization. Gain 1, shift 0, epsilon 0.
"""

from collections.abc import Callable, Iterator
from typing import Any

import sympy as sp

from maxout.theory.conditions import BY_BIAS, DIRECTION
from maxout.theory.domain import Domain, Range
from maxout.theory.jacobian import layer_laws
from maxout.theory.jacobian import normalized_jacobian as formulas
from maxout.theory.normalized_blocks import (
    ACROSS,
    INPUT,
    LOST,
    NAMES,
    inner_at_least,
    normalized,
    units_at_least,
)
from maxout.theory.statement import Relation, Source, Statement
from maxout.theory.symbols import cos_0, x_norm

_NORM = r"\|J(x)u\|^2"
_DEFINITIONS = (
    "weights N(0, c/fan_in), linear layers N(0, 1/fan_in)",
    "gain 1, shift 0, epsilon 0",
)
_SOURCE = Source("project", "exact laws of normalized networks")
_LAW = (layer_laws.VARIATES,)


def _at(right: Callable[..., sp.Expr], *arguments: Any) -> Callable[[Any], sp.Expr]:
    """A right side without an order, of these arguments."""
    return lambda t: right(*arguments)


def _statement(
    norm: str,
    what: str,
    title: str,
    right: Callable[[Any], sp.Expr],
    *conditions: Any,
    place: str = "behind",
    bias: str = "zero",
    further: tuple[str, ...] = (),
    **fields: Any,
) -> Statement:
    inside = "" if place == "behind" else f".{place}"
    outside = "" if bias == "zero" else f".{bias}"
    return Statement(
        key=f"jacobian.{norm}{inside}.{what}{outside}",
        title=f"{NAMES[norm]}: {title}",
        build=right,
        definitions=(*_DEFINITIONS, *further),
        domain=Domain(
            BY_BIAS[bias],
            DIRECTION,
            *((INPUT,) if bias == "zero" else ()),
            *conditions,
            blocks=normalized(norm, place),
        ),
        parameters=(cos_0, x_norm),
        **{
            "relation": Relation.EQ,
            "proof": f"normalization.md#{_PROOFS[bias, place]}",
            "source": _SOURCE,
            **fields,
        },
    )


_PROOFS = {
    ("zero", "behind"): "behind-the-maximum",
    ("gaussian", "behind"): "gaussian-biases",
    ("zero", "linear"): "a-linear-layer-between",
}
_MEAN: dict[str, Any] = {
    "left": rf"\mathbb{{E}}{_NORM}",
    "range": Range.NON_NEGATIVE,
    "quantity": "jacobian.mean",
    "rung": "exact",
}
_OF_LAW: dict[str, Any] = {
    "left": _NORM,
    "relation": Relation.EQ_D,
    "numeric": False,
    "further": _LAW,
}
_LOG_MEAN: dict[str, Any] = {
    "left": rf"\mathbb{{E}}\ln{_NORM}",
    "quantity": "jacobian.log.mean",
    "rung": "exact",
}


def _behind(norm: str) -> Iterator[Statement]:
    least = 3 + LOST[norm]
    for bias, ratio in formulas.RATIOS.items():
        yield _statement(
            norm,
            "law",
            "one independent factor a block carries the whole law",
            _at(formulas.gain_law, norm, ratio),
            units_at_least(2 + LOST[norm]),
            bias=bias,
            **_OF_LAW,
        )
        yield _statement(
            norm,
            "mean",
            "the exact mean",
            _at(formulas.gain_moment, norm, 1, ratio),
            units_at_least(least),
            bias=bias,
            **_MEAN,
        )
        yield _statement(
            norm,
            "log.mean",
            "the exact mean of the logarithm, the typical size",
            _at(formulas.log_gain_mean, norm, ratio),
            units_at_least(2 + LOST[norm]),
            *((ACROSS,) if bias == "zero" else ()),
            bias=bias,
            **_LOG_MEAN,
        )
    yield _statement(
        norm,
        "moment",
        "the exact second moment of the square",
        lambda t: formulas.gain_moment(norm, 2),
        units_at_least(least + 2),
        left=r"\mathbb{E}\,\|J(x)u\|^4",
        range=Range.NON_NEGATIVE,
    )
    yield _statement(
        norm,
        "variance",
        "the exact variance",
        lambda t: formulas.gain_variance(norm),
        units_at_least(least + 2),
        left=rf"\mathrm{{Var}}\,{_NORM}",
        range=Range.NON_NEGATIVE,
        quantity="jacobian.variance",
        rung="exact",
    )
    yield _statement(
        norm,
        "log.variance",
        "the exact variance of the logarithm",
        lambda t: formulas.log_gain_variance(norm),
        units_at_least(2 + LOST[norm]),
        ACROSS,
        left=rf"\mathrm{{Var}}\ln{_NORM}",
        range=Range.NON_NEGATIVE,
        quantity="jacobian.log.variance",
        rung="exact",
    )
    yield _statement(
        norm,
        "wide",
        f"a wide block multiplies the mean by 1/{'Var Xi_K' if LOST[norm] else 'M_K'}",
        lambda t: formulas.gain_limit(norm),
        units_at_least(least),
        left=rf"\mathbb{{E}}{_NORM}",
        relation=Relation.LIMIT,
        further=("every width to infinity, the depth fixed",),
        range=Range.NON_NEGATIVE,
        # Whose constant for ReLU is that of rank 2.
        source=Source("project", "limit of normalized blocks", ("yang2019",) if LOST[norm] else ()),
        proof="normalization.md#wide-blocks",
    )


def _linear(norm: str) -> Iterator[Statement]:
    yield _statement(
        norm,
        "law",
        "with a linear layer before it, two independent tangents a block",
        lambda t: formulas.linear_gain_law(norm),
        units_at_least(2 + LOST[norm]),
        place="linear",
        **_OF_LAW,
    )
    yield _statement(
        norm,
        "mean",
        "with a linear layer before it, the exact mean",
        lambda t: formulas.linear_gain_mean(norm),
        units_at_least(3 + LOST[norm]),
        inner_at_least(3),
        place="linear",
        **_MEAN,
    )


STATEMENTS = tuple(
    statement for norm in LOST for make in (_behind, _linear) for statement in make(norm)
)
