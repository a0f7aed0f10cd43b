"""Order statistics: the moments that drive the constants, and the orthant probabilities in them."""

import sympy as sp

from maxout.theory.conditions import (
    EQUICORRELATED,
    HALF_NORMALS,
    HALF_NORMALS_INTERIOR,
    INTERIOR,
    RANK_ABOVE_ORDER,
    rank_at_least,
    rank_at_most,
)
from maxout.theory.domain import Domain, Range
from maxout.theory.order import asymptotics
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.order.orthant import HalfNormalProbability, OrthantProbability
from maxout.theory.statement import Relation, Source, Statement
from maxout.theory.symbols import K, m, rho

_j = sp.Symbol("j", integer=True, positive=True)
_NORMALS = ("Xi_K: largest of K iid N(0,1)",)
_CHI2 = ("K iid chi^2_1",)
_PI = sp.pi


def _project(name: str) -> Source:
    return Source("project", name)


_ORTHANTS = Source(
    "ruben1954", "moments of normal order statistics through orthants", ("jones1948",)
)
_ALTERNATING = Source("david2003", "recurrences between moments of order statistics")


def _orthant_form(function: type[sp.Function], t: sp.Expr | int) -> sp.Expr:
    """The moment of symbolic rank written through P_m or A_m."""
    return function(K, t).rewrite(OrthantProbability)


STATEMENTS = (
    Statement(
        key="order.mean",
        title="mean of the largest of K normals through an orthant probability",
        left=r"\mathbb{E}[\Xi_K]",
        relation=Relation.EQ,
        build=lambda t: (
            K * (K - 1) / (2 * sp.sqrt(_PI)) * OrthantProbability(K - 2, sp.Rational(1, 3))
        ),
        definitions=_NORMALS,
        domain=Domain(rank_at_least(2)),
        range=Range.NON_NEGATIVE,
        source=_ORTHANTS,
        proof="order-statistics.md#reduction",
    ),
    Statement(
        key="order.second_moment",
        title="M_K, the second moment of the largest of K normals",
        left=r"\mathbb{E}[\Xi_K^2]",
        relation=Relation.EQ,
        build=lambda t: (
            1
            + K
            * (K - 1)
            * (K - 2)
            / (4 * sp.sqrt(3) * _PI)
            * OrthantProbability(K - 3, sp.Rational(1, 4))
        ),
        definitions=(*_NORMALS, "M_1 = M_2 = 1"),
        domain=Domain(rank_at_least(3)),
        range=Range.NON_NEGATIVE,
        source=_ORTHANTS,
        proof="order-statistics.md#reduction",
    ),
    Statement(
        key="order.moment",
        title="the moment of any order t of the largest of K normals",
        left=r"\mathbb{E}[\Xi_K^t]",
        relation=Relation.EQ,
        build=lambda t: _orthant_form(LargestNormalMoment, t),
        definitions=(*_NORMALS, "integer t >= 1"),
        domain=Domain(RANK_ABOVE_ORDER),
        range=Range.NON_NEGATIVE,
        source=_ORTHANTS,
        proof="order-statistics.md#reduction",
        orders=(1, 2, 3, 4),
        symbolic_order=False,
    ),
    Statement(
        key="order.chi2_largest.mean",
        title="L_K, the mean of the largest of K chi-squares",
        left=r"\mathbb{E}[\max_k \chi^2_{1,k}]",
        relation=Relation.EQ,
        build=lambda t: (
            1
            + K
            * (K - 1)
            * (K - 2)
            / (sp.sqrt(3) * _PI)
            * HalfNormalProbability(K - 3, sp.Rational(1, 4))
        ),
        definitions=(*_CHI2, "L_1 = 1, L_2 = 1 + 2/pi"),
        domain=Domain(rank_at_least(3)),
        range=Range.NON_NEGATIVE,
        source=_project("reduction of the chi-square moments"),
        proof="order-statistics.md#chi2",
    ),
    Statement(
        key="order.chi2_smallest.mean",
        title="S_K, the mean of the smallest of K chi-squares, from the largest of fewer",
        left=r"\mathbb{E}[\min_k \chi^2_{1,k}]",
        relation=Relation.EQ,
        build=lambda t: sp.Sum(
            (-1) ** (_j - 1) * sp.binomial(K, _j) * LargestChi2Moment(_j, 1), (_j, 1, K)
        ),
        definitions=_CHI2,
        domain=Domain(limits=(rank_at_most(200),)),
        range=Range.NON_NEGATIVE,
        source=_ALTERNATING,
        proof="order-statistics.md#chi2",
    ),
    Statement(
        key="order.chi2_largest.moment",
        title="the moment of any order t of the largest of K chi-squares",
        left=r"\mathbb{E}[(\max_k \chi^2_{1,k})^t]",
        relation=Relation.EQ,
        build=lambda t: LargestChi2Moment(K, t),
        definitions=(*_CHI2, "integer t >= 1"),
        domain=Domain(),
        range=Range.NON_NEGATIVE,
        source=_project("reduction of the chi-square moments"),
        proof="order-statistics.md#chi2",
        orders=(1, 2, 3),
    ),
    Statement(
        key="order.chi2_smallest.moment",
        title="the moment of any order t of the smallest of K chi-squares",
        left=r"\mathbb{E}[(\min_k \chi^2_{1,k})^t]",
        relation=Relation.EQ,
        build=lambda t: SmallestChi2Moment(K, t),
        definitions=(*_CHI2, "integer t >= 1"),
        domain=Domain(),
        range=Range.NON_NEGATIVE,
        source=_project("reduction of the chi-square moments"),
        proof="order-statistics.md#chi2",
        orders=(1, 2, 3),
    ),
    Statement(
        key="order.alternating.largest",
        title="the moments of the largest of K normals determine each other alternately",
        left=r"\mathbb{E}[\Xi_K^t]",
        relation=Relation.EQ,
        build=lambda t: (
            (-1) ** (t + 1)
            * sp.Sum((-1) ** _j * sp.binomial(K, _j) * LargestNormalMoment(_j, t), (_j, 1, K))
        ),
        definitions=(*_NORMALS, "integer t >= 1"),
        domain=Domain(limits=(rank_at_most(200),)),
        range=Range.NON_NEGATIVE,
        source=_ALTERNATING,
        proof="order-statistics.md#reduction",
        orders=(1, 2, 3),
    ),
    Statement(
        key="order.orthant",
        title="P_m(rho), all of m equicorrelated normals positive, as a one-dimensional mean",
        left=r"\Pr(Z_1 > 0, \dots, Z_m > 0)",
        relation=Relation.EQ,
        build=lambda t: OrthantProbability(m, rho),
        definitions=("Z: m standard normals of common correlation rho",),
        domain=Domain(EQUICORRELATED),
        range=Range.PROBABILITY,
        source=Source("moran1956", "orthants of equicorrelated normals", ("ruben1954",)),
        proof="order-statistics.md#orthant",
        parameters=(m, rho),
    ),
    Statement(
        key="order.orthant.derivative",
        title="the derivative of an orthant probability (Schlaefli)",
        left=r"\frac{d}{d\rho} P_m(\rho)",
        relation=Relation.EQ,
        build=lambda t: (
            sp.binomial(m, 2)
            / (2 * _PI * sp.sqrt(1 - rho**2))
            * OrthantProbability(m - 2, rho / (1 + 2 * rho))
        ),
        definitions=("m >= 2",),
        domain=Domain(INTERIOR),
        range=Range.NON_NEGATIVE,
        source=Source("schlaefli1858", "differential equation of simplices", ("plackett1954",)),
        proof="order-statistics.md#orthant",
        parameters=(m, rho),
    ),
    Statement(
        key="order.half_normal",
        title="A_m(rho) = E|2 Phi(Y) - 1|^m, m half-normals below another",
        left=r"\Pr(|Z_1|, \dots, |Z_m| \leq |Y|)",
        relation=Relation.EQ,
        build=lambda t: HalfNormalProbability(m, rho),
        definitions=("Z_k ~ N(0,1), Y ~ N(0, rho/(1-rho)), independent",),
        domain=Domain(HALF_NORMALS),
        range=Range.PROBABILITY,
        source=_project("half-normal probabilities, closed through m = 4"),
        proof="order-statistics.md#chi2",
        parameters=(m, rho),
    ),
    Statement(
        key="order.half_normal.derivative",
        title="the derivative of A_m",
        left=r"\frac{d}{d\rho} A_m(\rho)",
        relation=Relation.EQ,
        build=lambda t: (
            m
            * (m - 1)
            / (_PI * sp.sqrt(1 - rho**2))
            * HalfNormalProbability(m - 2, rho / (1 + 2 * rho))
        ),
        definitions=("m >= 2",),
        domain=Domain(HALF_NORMALS_INTERIOR),
        range=Range.NON_NEGATIVE,
        source=_project("derivative of the half-normal probability"),
        proof="order-statistics.md#chi2",
        parameters=(m, rho),
    ),
    Statement(
        key="order.large_rank.second_moment",
        title="M_K for large rank",
        left=r"\mathbb{E}[\Xi_K^2]",
        relation=Relation.LIMIT,
        build=lambda t: asymptotics.second_moment(K),
        definitions=(*_NORMALS, "K to infinity", "remainder O((ln K)^-4)"),
        domain=Domain(rank_at_least(10)),
        range=Range.NON_NEGATIVE,
        source=_project("large-rank expansion"),
        proof="order-statistics.md#large-rank",
    ),
    Statement(
        key="order.large_rank.second_moment.elementary",
        title="M_K for large rank in logarithms",
        left=r"\mathbb{E}[\Xi_K^2]",
        relation=Relation.LIMIT,
        build=lambda t: asymptotics.second_moment_elementary(K),
        definitions=(*_NORMALS, "K to infinity", "remainder O((ln ln K / ln K)^3)"),
        domain=Domain(rank_at_least(10)),
        range=Range.NON_NEGATIVE,
        source=_project("large-rank expansion"),
        proof="order-statistics.md#large-rank",
    ),
    Statement(
        key="order.large_rank.chi2_largest",
        title="L_K approaches M_{2K}",
        left=r"\mathbb{E}[\max_k \chi^2_{1,k}]",
        relation=Relation.LIMIT,
        build=lambda t: LargestNormalMoment(2 * K, 2),
        definitions=(*_CHI2, "K to infinity", "difference at most 1/(2K-1)"),
        domain=Domain(),
        range=Range.NON_NEGATIVE,
        source=_project("large-rank expansion"),
        proof="order-statistics.md#large-rank",
    ),
    Statement(
        key="order.large_rank.chi2_smallest",
        title="S_K for large rank",
        left=r"\mathbb{E}[\min_k \chi^2_{1,k}]",
        relation=Relation.LIMIT,
        build=lambda t: asymptotics.chi2_smallest_mean(K),
        definitions=(*_CHI2, "K to infinity", "remainder O(K^-8)"),
        domain=Domain(rank_at_least(10)),
        range=Range.NON_NEGATIVE,
        source=_project("large-rank expansion"),
        proof="order-statistics.md#large-rank",
    ),
)
