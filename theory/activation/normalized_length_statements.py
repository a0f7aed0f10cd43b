"""Lengths behind a maximum of normalized features."""

from maxout.theory.conditions import GAUSSIAN_OR_ZERO
from maxout.theory.domain import Domain, Range
from maxout.theory.jacobian.normalized_features import length_mean
from maxout.theory.normalized_blocks import INPUT, LOST, NAMES, features_at_least, normalized
from maxout.theory.statement import Relation, Source, Statement
from maxout.theory.symbols import x_norm


def _of(norm: str) -> Statement:
    return Statement(
        key=f"activation.{norm}.before.mean",
        title=f"{NAMES[norm]} before the maximum: the mean length, whatever c and the depth",
        left=r"\mathbb{E}\,\|x^{(L-1)}\|^2 / n_{L-1}",
        relation=Relation.EQ,
        build=lambda t: length_mean(norm),
        definitions=("weights N(0, c/fan_in)", "gain 1, shift 0, epsilon 0"),
        domain=Domain(
            GAUSSIAN_OR_ZERO,
            INPUT,
            features_at_least(2),
            blocks=normalized(norm, "before"),
        ),
        range=Range.NON_NEGATIVE,
        source=Source("project", "normalization before the maximum"),
        proof="normalization.md#before-the-maximum",
        parameters=(x_norm,),
        quantity="activation.mean",
        rung="exact",
    )


STATEMENTS = tuple(map(_of, LOST))
