"""The Jacobian of networks whose blocks normalize their features before the maximum."""

from collections.abc import Iterator

from maxout.theory.conditions import DIRECTION, ONE_HIDDEN, ZERO, rank_at_least
from maxout.theory.domain import Domain, Range
from maxout.theory.jacobian import layer_laws
from maxout.theory.jacobian import normalized_features as formulas
from maxout.theory.normalized_blocks import (
    INPUT,
    LOST,
    NAMES,
    features_at_least,
    normalized,
    units_at_least,
)
from maxout.theory.statement import Relation, Source, Statement
from maxout.theory.symbols import cos_0, x_norm

_NORM = r"\|J(x)u\|^2"
_DEFINITIONS = (
    "weights N(0, c/fan_in), output weights N(0, 1/fan_in)",
    "gain 1, shift 0, epsilon 0",
)
_SOURCE = Source("project", "normalization before the maximum")


def _of(norm: str) -> Iterator[Statement]:
    blocks, enough = normalized(norm, "before"), units_at_least(3)
    yield Statement(
        key=f"jacobian.{norm}.before.law",
        title=f"{NAMES[norm]} before the maximum: the law, block by block",
        left=_NORM,
        relation=Relation.EQ_D,
        build=lambda t: formulas.gain_law(norm),
        definitions=(*_DEFINITIONS, layer_laws.VARIATES),
        domain=Domain(ZERO, DIRECTION, INPUT, rank_at_least(2), enough, blocks=blocks),
        source=_SOURCE,
        proof="normalization.md#before-the-maximum",
        numeric=False,
        parameters=(cos_0, x_norm),
    )
    yield Statement(
        key=f"jacobian.{norm}.before.mean",
        title=f"{NAMES[norm]} before the maximum: the exact mean",
        left=rf"\mathbb{{E}}{_NORM}",
        relation=Relation.EQ,
        build=lambda t: formulas.gain_mean(norm),
        definitions=_DEFINITIONS,
        domain=Domain(
            ZERO,
            DIRECTION,
            INPUT,
            *((ONE_HIDDEN, features_at_least(4)) if LOST[norm] else (enough,)),
            blocks=blocks,
        ),
        range=Range.NON_NEGATIVE,
        source=_SOURCE,
        proof="normalization.md#before-the-maximum",
        parameters=(cos_0, x_norm),
        quantity="jacobian.mean",
        rung="exact",
    )


STATEMENTS = tuple(statement for norm in LOST for statement in _of(norm))
