"""The input-output Jacobian: results of this project, exact or sharper than the paper's."""

from maxout.theory.conditions import (
    ANY_BIAS,
    DIRECTION,
    GAUSSIAN_OR_ZERO,
    ONE_WIDTH,
    RECOMMENDED,
    SEVERAL_INPUTS,
    ZERO,
    rank_is,
)
from maxout.theory.domain import Domain, Range
from maxout.theory.jacobian import layer_laws, moving_frame
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.statement import Relation, Source, Statement
from maxout.theory.symbols import K, L, c, cos_0, n, n_0, n_L

_NORM = r"\|J(x)u\|^2"
_WEIGHTS = "weights N(0, c/fan_in), output weights N(0, 1/fan_in)"
_ANGLE = "rho_0: cosine of the angle between x and u"
_M = LargestNormalMoment(K, 2)
_n1 = n[1]


def _project(name: str) -> Source:
    return Source("project", name)


STATEMENTS = (
    Statement(
        key="jacobian.frame.law",
        title="the moving frame: two numbers a layer carry the whole law",
        left=_NORM,
        relation=Relation.EQ_D,
        build=lambda t: layer_laws.gain_in_moving_frame(),
        definitions=(
            _WEIGHTS,
            f"{layer_laws.VARIATES}; p, q: the parts of u along and across x a layer",
        ),
        domain=Domain(ZERO, DIRECTION),
        source=_project("moving frame"),
        proof="jacobian.md#the-moving-frame",
        numeric=False,
        parameters=(cos_0,),
    ),
    Statement(
        key="jacobian.mean.exact",
        title="the exact mean at zero bias",
        left=rf"\mathbb{{E}}{_NORM}",
        relation=Relation.EQ,
        build=lambda t: moving_frame.mean_exact(),
        definitions=(_WEIGHTS, _ANGLE),
        domain=Domain(ZERO, DIRECTION),
        range=Range.NON_NEGATIVE,
        source=_project("exact mean by the moving frame"),
        proof="jacobian.md#exact-moments-at-zero-bias",
        quantity="jacobian.mean",
        rung="exact",
        parameters=(cos_0,),
    ),
    Statement(
        key="jacobian.variance.exact",
        title="the exact variance at zero bias",
        left=rf"\mathrm{{Var}}\,{_NORM}",
        relation=Relation.EQ,
        build=lambda t: moving_frame.variance_exact(),
        definitions=(_WEIGHTS, _ANGLE),
        domain=Domain(ZERO, DIRECTION),
        range=Range.NON_NEGATIVE,
        source=_project("exact even moments by the moving frame"),
        proof="jacobian.md#exact-moments-at-zero-bias",
        quantity="jacobian.variance",
        rung="exact",
        parameters=(cos_0,),
    ),
    Statement(
        key="jacobian.moment.exact",
        title="the exact moment of any order t at zero bias",
        left=r"\mathbb{E}\,\|J(x)u\|^{2t}",
        relation=Relation.EQ,
        build=lambda t: moving_frame.moment_exact(t),
        definitions=(_WEIGHTS, _ANGLE, "integer t >= 1"),
        domain=Domain(ZERO, DIRECTION),
        range=Range.NON_NEGATIVE,
        source=_project("exact even moments by the moving frame"),
        proof="jacobian.md#exact-moments-at-zero-bias",
        quantity="jacobian.moment",
        rung="exact",
        orders=(2, 3),
        symbolic_order=False,
        parameters=(cos_0,),
    ),
    Statement(
        key="jacobian.mean.lower.sharp",
        title="the mean is at least c^(L-1) a unit of n_L/n_0, whatever the input and the biases",
        left=rf"\mathbb{{E}}{_NORM}",
        relation=Relation.GE,
        build=lambda t: n_L / n_0 * c ** (L - 1),
        definitions=(_WEIGHTS,),
        domain=Domain(ANY_BIAS),
        range=Range.NON_NEGATIVE,
        source=_project("two-sided bounds free of the input"),
        proof="jacobian.md#two-sided-bounds",
        quantity="jacobian.mean",
        rung="lower.sharp",
    ),
    Statement(
        key="jacobian.mean.upper.sharp",
        title="the mean is at most (c M_K)^(L-1) a unit of n_L/n_0, whatever the input",
        left=rf"\mathbb{{E}}{_NORM}",
        relation=Relation.LE,
        build=lambda t: n_L / n_0 * (c * _M) ** (L - 1),
        definitions=(_WEIGHTS,),
        domain=Domain(GAUSSIAN_OR_ZERO),
        range=Range.NON_NEGATIVE,
        source=_project("two-sided bounds free of the input"),
        proof="jacobian.md#two-sided-bounds",
        quantity="jacobian.mean",
        rung="upper.sharp",
    ),
    Statement(
        key="jacobian.mean.upper.any",
        title="the same upper bound for arbitrary biases",
        left=rf"\mathbb{{E}}{_NORM}",
        relation=Relation.LE,
        build=lambda t: n_L / n_0 * (c * _M) ** (L - 1),
        definitions=(_WEIGHTS,),
        domain=Domain(ANY_BIAS),
        range=Range.NON_NEGATIVE,
        source=_project("upper bound for arbitrary biases"),
        proof="jacobian.md#two-sided-bounds",
        quantity="jacobian.mean",
        rung="upper.sharp",
    ),
    Statement(
        key="jacobian.mean.rank2",
        title="rank 2: the mean is c^(L-1) a unit of n_L/n_0 for any input and any biases",
        left=rf"\mathbb{{E}}{_NORM}",
        relation=Relation.EQ,
        build=lambda t: n_L / n_0 * c ** (L - 1),
        definitions=(_WEIGHTS,),
        domain=Domain(ANY_BIAS, rank_is(2)),
        range=Range.NON_NEGATIVE,
        source=_project("equality at rank 2"),
        proof="jacobian.md#two-sided-bounds",
        quantity="jacobian.mean",
        rung="exact",
    ),
    Statement(
        key="jacobian.alignment",
        title="at c = 1/M_K a direction across x falls to a floor that shrinks with the width",
        left=rf"\mathbb{{E}}{_NORM},\ u \perp x",
        relation=Relation.LIMIT,
        build=lambda t: n_L / n_0 / (_n1 * (_M - 1) + 1),
        definitions=(_WEIGHTS, "u across x", "L to infinity"),
        domain=Domain(ZERO, SEVERAL_INPUTS, ONE_WIDTH, RECOMMENDED),
        range=Range.NON_NEGATIVE,
        source=_project("alignment with the input"),
        proof="jacobian.md#alignment",
    ),
)
