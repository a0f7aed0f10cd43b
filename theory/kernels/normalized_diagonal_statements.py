"""The tangent kernel's diagonal of networks that are normalized behind the maximum."""

from maxout.theory.conditions import ZERO
from maxout.theory.domain import Domain, Range
from maxout.theory.gradients.normalized_gradients import diagonal_mean
from maxout.theory.normalized_blocks import LOST, NAMES, normalized, units_at_least
from maxout.theory.statement import Relation, Source, Statement


def _of(norm: str) -> Statement:
    return Statement(
        key=f"kernel.diagonal.{norm}",
        title=f"{NAMES[norm]}: exact mean of the on-diagonal tangent kernel",
        left=r"\mathbb{E}\,K(x, x)",
        relation=Relation.EQ,
        build=lambda t: diagonal_mean(norm),
        definitions=(
            "weights N(0, c/fan_in), output weights N(0, 1/fan_in)",
            "gain 1, shift 0, epsilon 0",
            "N: one output, whatever their number",
            "K(x, x): sum of ||dN/dW^(l)||^2 over the layers",
            "the input is not zero",
        ),
        domain=Domain(ZERO, units_at_least(3 + LOST[norm]), blocks=normalized(norm, "behind")),
        range=Range.NON_NEGATIVE,
        source=Source("project", "exact laws of normalized networks"),
        proof="normalization.md#parameter-gradients",
        quantity="kernel.diagonal",
        rung="exact",
    )


STATEMENTS = tuple(map(_of, LOST))
