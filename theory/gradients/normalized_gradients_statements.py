"""Gradients of one output by the weights of blocks that are normalized behind the maximum."""

from collections.abc import Iterator

from maxout.theory.conditions import LAYER_EXISTS, ZERO
from maxout.theory.domain import Domain, Range
from maxout.theory.gradients import normalized_gradients as formulas
from maxout.theory.jacobian import layer_laws
from maxout.theory.normalized_blocks import LOST, NAMES, normalized, units_at_least
from maxout.theory.statement import Relation, Source, Statement
from maxout.theory.symbols import l

_WEIGHT = r"\|\partial N/\partial W^{(l)}\|_F^2"
_DEFINITIONS = (
    "weights N(0, c/fan_in), output weights N(0, 1/fan_in)",
    "gain 1, shift 0, epsilon 0",
    "N: one output, whatever their number",
    "the input is not zero",
)
_SOURCE = Source("project", "exact laws of normalized networks")


def _of(norm: str) -> Iterator[Statement]:
    yield Statement(
        key=f"gradients.{norm}.weights.law",
        title=f"{NAMES[norm]}: the factors of the blocks above carry the law",
        left=_WEIGHT,
        relation=Relation.EQ_D,
        build=lambda t: formulas.weight_gradient_law(norm),
        definitions=(*_DEFINITIONS, layer_laws.VARIATES),
        domain=Domain(
            ZERO, LAYER_EXISTS, units_at_least(2 + LOST[norm]), blocks=normalized(norm, "behind")
        ),
        source=_SOURCE,
        proof="normalization.md#parameter-gradients",
        numeric=False,
        parameters=(l,),
    )
    yield Statement(
        key=f"gradients.{norm}.weights.mean",
        title=f"{NAMES[norm]}: c scales the gradients of all hidden layers alike",
        left=rf"\mathbb{{E}}\,{_WEIGHT}",
        relation=Relation.EQ,
        build=lambda t: formulas.weight_gradient_mean(norm),
        definitions=_DEFINITIONS,
        domain=Domain(
            ZERO, LAYER_EXISTS, units_at_least(3 + LOST[norm]), blocks=normalized(norm, "behind")
        ),
        range=Range.NON_NEGATIVE,
        source=_SOURCE,
        proof="normalization.md#parameter-gradients",
        parameters=(l,),
        quantity="gradients.weights",
        rung="exact",
    )


STATEMENTS = tuple(statement for norm in LOST for statement in _of(norm))
