"""Typical sizes against means: logarithms of the Jacobian and of the activation length."""

import sympy as sp

from maxout.theory.conditions import (
    ANY_BIAS,
    AWAY_FROM_ORIGIN,
    EXPONENT_EXISTS,
    ONE_WIDTH,
    ZERO,
    rank_is,
)
from maxout.theory.domain import Domain, Range
from maxout.theory.jacobian import layer_laws
from maxout.theory.order.norm import LogNormMean
from maxout.theory.statement import Relation, Source, Statement
from maxout.theory.symbols import K, c, j, n, x_norm
from maxout.theory.typical import typical_size

_NORM = r"\|J(x)u\|^2"
_WEIGHTS = "weights N(0, c/fan_in), output weights N(0, 1/fan_in)"

STATEMENTS = (
    Statement(
        key="jacobian.law.rank2",
        title="rank 2: the law of a linear network, for any input and any biases",
        left=_NORM,
        relation=Relation.EQ_D,
        build=lambda t: layer_laws.rank2_gain(),
        definitions=(_WEIGHTS, layer_laws.VARIATES),
        domain=Domain(ANY_BIAS, rank_is(1, 2)),
        source=Source("project", "law at rank 2"),
        proof="typical-size.md#rank-2",
        numeric=False,
    ),
    Statement(
        key="jacobian.log.mean.rank2",
        title="rank 2: the exact mean of the logarithm, for any input and any biases",
        left=rf"\mathbb{{E}}\ln{_NORM}",
        relation=Relation.EQ,
        build=lambda t: typical_size.log_gain_mean_rank2(),
        definitions=(_WEIGHTS,),
        domain=Domain(ANY_BIAS, rank_is(1, 2)),
        source=Source("project", "law at rank 2"),
        proof="typical-size.md#rank-2",
        quantity="jacobian.log.mean",
        rung="exact",
    ),
    Statement(
        key="jacobian.log.mean",
        title="the exact mean of the logarithm along the input",
        left=rf"\mathbb{{E}}\ln{_NORM},\ u \parallel x",
        relation=Relation.EQ,
        build=lambda t: typical_size.log_gain_mean(),
        definitions=(_WEIGHTS, "u along x"),
        domain=Domain(ZERO),
        source=Source("project", "typical size along the input"),
        proof="typical-size.md#along-the-input",
    ),
    Statement(
        key="jacobian.log.variance",
        title="the exact variance of the logarithm along the input",
        left=rf"\mathrm{{Var}}\ln{_NORM},\ u \parallel x",
        relation=Relation.EQ,
        build=lambda t: typical_size.log_gain_variance(),
        definitions=(_WEIGHTS, "u along x"),
        domain=Domain(ZERO),
        range=Range.NON_NEGATIVE,
        source=Source("project", "typical size along the input"),
        proof="typical-size.md#along-the-input",
    ),
    Statement(
        key="jacobian.lyapunov.top",
        title="growth rate of the direction of x: the top Lyapunov exponent a layer",
        left=r"\lambda_0",
        relation=Relation.EQ,
        build=lambda t: sp.log(c / n[1]) / 2 + LogNormMean(K, n[1]),
        definitions=(_WEIGHTS,),
        domain=Domain(ZERO, ONE_WIDTH),
        source=Source("project", "Lyapunov spectrum", ("furstenberg1983",)),
        proof="jacobian.md#lyapunov-spectrum",
    ),
    Statement(
        key="jacobian.lyapunov.rest",
        title="the other exponents: the directions across x",
        left=r"\lambda_j",
        relation=Relation.EQ,
        build=lambda t: sp.log(c / n[1]) / 2 + (sp.log(2) + sp.digamma((n[1] - j) / 2)) / 2,
        definitions=(_WEIGHTS,),
        domain=Domain(ZERO, ONE_WIDTH, EXPONENT_EXISTS),
        source=Source("project", "Lyapunov spectrum", ("furstenberg1983", "newman1986")),
        proof="jacobian.md#lyapunov-spectrum",
        parameters=(j,),
    ),
    Statement(
        key="init.typical",
        title="E ln of the normalized length grows by ln(c/c_n) a layer, c_n = n exp(-2 E ln r)",
        left=r"\mathbb{E}\,\ln(\|x^{(L-1)}\|^2 / n_{L-1})",
        relation=Relation.EQ,
        build=lambda t: typical_size.log_length_mean(),
        definitions=("weights N(0, c/fan_in)",),
        domain=Domain(ZERO, AWAY_FROM_ORIGIN),
        source=Source("project", "typical activation length"),
        proof="initialization.md#typical-length",
        parameters=(x_norm,),
    ),
)
