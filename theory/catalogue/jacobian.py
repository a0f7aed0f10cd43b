"""The input-output Jacobian: the paper's bounds and laws."""

import sympy as sp

from maxout.theory.conditions import ANY_BIAS, GAUSSIAN, GAUSSIAN_OR_ZERO, ZERO
from maxout.theory.domain import Domain, Range
from maxout.theory.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.statement import Relation, Source, Statement
from maxout.theory.symbols import K, L, c, l, n, n_0, n_L

_i = sp.Symbol("i", integer=True, positive=True)
_chi2_out = sp.Symbol(r"\chi^2_{n_L}", positive=True)
_smallest = sp.IndexedBase(r"\xi", positive=True)
_largest = sp.IndexedBase(r"\Xi^{\chi^2}", positive=True)
_normal_largest = sp.IndexedBase(r"\Xi", real=True)
_v = sp.IndexedBase("v", real=True)
_gamma = sp.IndexedBase(r"\gamma", real=True)

_NORM = r"\|J(x)u\|^2"
_WEIGHTS = "weights N(0, c/fan_in), output weights N(0, 1/fan_in)"


def _over_layers(unit: sp.Expr) -> sp.Expr:
    """chi^2_{n_L}/n_0 times the product over layers of (c/n_l) times the sum over units."""
    return _chi2_out / n_0 * sp.Product(c / n[l] * sp.Sum(unit, (_i, 1, n[l])), (l, 1, L - 1))


def _spread() -> sp.Expr:
    """Sum over layers of 1/(n_l K), plus 1/n_L."""
    return sp.Sum(1 / (n[l] * K), (l, 1, L - 1)) + 1 / n_L


STATEMENTS = (
    Statement(
        key="jacobian.order.lower",
        title="stochastic lower bound by the smallest of K chi-squares",
        left=_NORM,
        relation=Relation.GE_ST,
        build=lambda t: _over_layers(_smallest[l, _i]),
        definitions=(_WEIGHTS, "xi: smallest of K iid chi^2_1, all independent"),
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
        build=lambda t: _over_layers(_largest[l, _i]),
        definitions=(_WEIGHTS, "Xi: largest of K iid chi^2_1, all independent"),
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
        build=lambda t: _over_layers(
            (
                _v[l, _i] * sp.sqrt(1 - sp.cos(_gamma[l - 1]) ** 2)
                + _normal_largest[l, _i] * sp.cos(_gamma[l - 1])
            )
            ** 2
        ),
        definitions=(
            _WEIGHTS,
            "v: N(0,1); Xi: largest of K iid N(0,1); gamma: angle of (x, 1) and (u, 0) a layer",
        ),
        domain=Domain(GAUSSIAN),
        source=Source("tseran2023", "equality in distribution"),
        proof="jacobian.md#equality-in-distribution",
        numeric=False,
    ),
    Statement(
        key="jacobian.law.zero",
        title="the same law at zero bias, with the angle between x and u themselves",
        left=_NORM,
        relation=Relation.EQ_D,
        build=lambda t: _over_layers(
            (
                _v[l, _i] * sp.sqrt(1 - sp.cos(_gamma[l - 1]) ** 2)
                + _normal_largest[l, _i] * sp.cos(_gamma[l - 1])
            )
            ** 2
        ),
        definitions=(
            _WEIGHTS,
            "v: N(0,1); Xi: largest of K iid N(0,1); gamma: angle between x and u a layer",
        ),
        domain=Domain(ZERO),
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
