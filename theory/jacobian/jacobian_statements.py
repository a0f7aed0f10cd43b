"""The input-output Jacobian: the paper's bounds and laws."""

import sympy as sp

from maxout.theory.conditions import ANY_BIAS, DIRECTION, GAUSSIAN, GAUSSIAN_OR_ZERO, ZERO
from maxout.theory.domain import Domain, Range
from maxout.theory.jacobian import layer_laws
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.statement import Relation, Source, Statement
from maxout.theory.symbols import K, L, c, cos_0, l, n, n_0, n_L, x_norm

_NORM = r"\|J(x)u\|^2"
_WEIGHTS = "weights N(0, c/fan_in), output weights N(0, 1/fan_in)"
_VARIATES = layer_laws.VARIATES


def _spread() -> sp.Expr:
    """Sum over layers of 1/(n_l K), plus 1/n_L."""
    return sp.Sum(1 / (n[l] * K), (l, 1, L - 1)) + 1 / n_L


STATEMENTS = (
    Statement(
        key="jacobian.order.lower",
        title="stochastic lower bound by the smallest of K chi-squares",
        left=_NORM,
        relation=Relation.GE_ST,
        build=lambda t: layer_laws.ordered_gain("lower"),
        definitions=(_WEIGHTS, _VARIATES),
        domain=Domain(ANY_BIAS),
        source=Source("tseran2023", "stochastic order of the Jacobian norm"),
        proof="jacobian.md#stochastic-order",
        numeric=False,
    ),
    Statement(
        key="jacobian.order.upper",
        title="stochastic upper bound by the largest of K chi-squares",
        left=_NORM,
        relation=Relation.LE_ST,
        build=lambda t: layer_laws.ordered_gain("upper"),
        definitions=(_WEIGHTS, _VARIATES),
        domain=Domain(ANY_BIAS),
        source=Source("tseran2023", "stochastic order of the Jacobian norm"),
        proof="jacobian.md#stochastic-order",
        numeric=False,
    ),
    Statement(
        key="jacobian.mean.lower",
        title="the mean is at least (c S_K)^(L-1) a unit of n_L/n_0",
        left=rf"\mathbb{{E}}{_NORM}",
        relation=Relation.GE,
        build=lambda t: n_L / n_0 * (c * SmallestChi2Moment(K, 1)) ** (L - 1),
        definitions=(_WEIGHTS,),
        domain=Domain(ANY_BIAS),
        range=Range.NON_NEGATIVE,
        source=Source("tseran2023", "moment bounds of the Jacobian norm"),
        proof="jacobian.md#moment-bounds",
        quantity="jacobian.mean",
        rung="lower",
    ),
    Statement(
        key="jacobian.mean.upper",
        title="the mean is at most (c L_K)^(L-1) a unit of n_L/n_0",
        left=rf"\mathbb{{E}}{_NORM}",
        relation=Relation.LE,
        build=lambda t: n_L / n_0 * (c * LargestChi2Moment(K, 1)) ** (L - 1),
        definitions=(_WEIGHTS,),
        domain=Domain(ANY_BIAS),
        range=Range.NON_NEGATIVE,
        source=Source("tseran2023", "moment bounds of the Jacobian norm"),
        proof="jacobian.md#moment-bounds",
        quantity="jacobian.mean",
        rung="upper",
    ),
    Statement(
        key="jacobian.variance.upper",
        title="upper bound of the variance",
        left=rf"\mathrm{{Var}}\,{_NORM}",
        relation=Relation.LE,
        build=lambda t: (
            (n_L / n_0) ** 2
            * c ** (2 * (L - 1))
            * (
                K ** (2 * (L - 1)) * sp.exp(4 * _spread())
                - SmallestChi2Moment(K, 1) ** (2 * (L - 1))
            )
        ),
        definitions=(_WEIGHTS,),
        domain=Domain(ANY_BIAS),
        range=Range.NON_NEGATIVE,
        source=Source("tseran2023", "moment bounds of the Jacobian norm"),
        proof="jacobian.md#moment-bounds",
        quantity="jacobian.variance",
        rung="upper",
    ),
    Statement(
        key="jacobian.moment.upper",
        title="upper bound of the moment of order t",
        left=r"\mathbb{E}\,\|J(x)u\|^{2t}",
        relation=Relation.LE,
        build=lambda t: (n_L / n_0) ** t * (c * K) ** (t * (L - 1)) * sp.exp(t**2 * _spread()),
        definitions=(_WEIGHTS, "integer t >= 1"),
        domain=Domain(ANY_BIAS),
        range=Range.NON_NEGATIVE,
        source=Source("tseran2023", "moment bounds of the Jacobian norm"),
        proof="jacobian.md#moment-bounds",
        quantity="jacobian.moment",
        rung="upper",
        orders=(1, 2, 3),
    ),
    Statement(
        key="jacobian.law.gaussian",
        title="law of the Jacobian norm through the angles of the augmented vectors",
        left=_NORM,
        relation=Relation.EQ_D,
        build=lambda t: layer_laws.gain_through_angles("gaussian"),
        parameters=(cos_0, x_norm),
        definitions=(
            _WEIGHTS,
            f"{_VARIATES}; gamma: angle of (x, 1) and (u, 0) a layer; X: |x|^2 a layer",
        ),
        domain=Domain(GAUSSIAN, DIRECTION),
        source=Source("tseran2023", "equality in distribution"),
        proof="jacobian.md#equality-in-distribution",
        numeric=False,
    ),
    Statement(
        key="jacobian.law.zero",
        title="the same law at zero bias, with the angle between x and u themselves",
        left=_NORM,
        relation=Relation.EQ_D,
        build=lambda t: layer_laws.gain_through_angles("zero"),
        parameters=(cos_0,),
        definitions=(
            _WEIGHTS,
            f"{_VARIATES}; gamma: angle between x and u a layer",
        ),
        domain=Domain(ZERO, DIRECTION),
        source=Source("tseran2023", "equality in distribution"),
        proof="jacobian.md#equality-in-distribution",
        numeric=False,
    ),
    Statement(
        key="jacobian.wide",
        title="wide networks, as the angle closes",
        left=rf"\mathbb{{E}}{_NORM}",
        relation=Relation.LIMIT,
        build=lambda t: n_L / n_0 * (c * LargestNormalMoment(K, 2)) ** (L - 1),
        definitions=(
            _WEIGHTS,
            "the angle between the augmented input and direction goes to 0 in every layer",
        ),
        domain=Domain(GAUSSIAN_OR_ZERO),
        range=Range.NON_NEGATIVE,
        source=Source("tseran2023", "wide networks"),
        proof="jacobian.md#wide-networks",
    ),
)
