"""The input-output Jacobian with gaussian biases: exact moments by value functions."""

from maxout.theory.conditions import DIRECTION, GAUSSIAN, order_at_most
from maxout.theory.domain import Domain, Range
from maxout.theory.jacobian import gaussian_frame
from maxout.theory.statement import Relation, Source, Statement
from maxout.theory.symbols import cos_0, x_norm

_NORM = r"\|J(x)u\|^2"
_DEFINITIONS = (
    "weights N(0, c/fan_in), output weights N(0, 1/fan_in)",
    "rho_0: cosine of the angle between x and u",
    "V: value functions of X = |x|^2, from V(t, a, L-1, X) = C(t, a) backwards",
)
_PROOF = "gaussian-bias.md#the-value-functions"

STATEMENTS = (
    Statement(
        key="jacobian.mean.gaussian",
        title="the exact mean with gaussian biases",
        left=rf"\mathbb{{E}}{_NORM}",
        relation=Relation.EQ,
        build=lambda t: gaussian_frame.moment_gaussian(1),
        definitions=_DEFINITIONS,
        domain=Domain(GAUSSIAN, DIRECTION),
        range=Range.NON_NEGATIVE,
        source=Source("project", "exact mean by value functions"),
        proof=_PROOF,
        parameters=(cos_0, x_norm),
        quantity="jacobian.mean",
        rung="exact",
    ),
    Statement(
        key="jacobian.variance.gaussian",
        title="the exact variance with gaussian biases",
        left=rf"\mathrm{{Var}}\,{_NORM}",
        relation=Relation.EQ,
        build=lambda t: gaussian_frame.variance_gaussian(),
        definitions=_DEFINITIONS,
        domain=Domain(GAUSSIAN, DIRECTION),
        range=Range.NON_NEGATIVE,
        source=Source("project", "exact even moments by value functions"),
        proof=_PROOF,
        parameters=(cos_0, x_norm),
        quantity="jacobian.variance",
        rung="exact",
    ),
    Statement(
        key="jacobian.moment.gaussian",
        title="the exact moment of order t with gaussian biases",
        left=r"\mathbb{E}\,\|J(x)u\|^{2t}",
        relation=Relation.EQ,
        build=lambda t: gaussian_frame.moment_gaussian(int(t)),
        definitions=(*_DEFINITIONS, "integer t >= 1"),
        domain=Domain(GAUSSIAN, DIRECTION, limits=(order_at_most(4),)),
        range=Range.NON_NEGATIVE,
        source=Source("project", "exact even moments by value functions"),
        proof=_PROOF,
        orders=(2, 3),
        symbolic_order=False,
        parameters=(cos_0, x_norm),
        quantity="jacobian.moment",
        rung="exact",
    ),
)
