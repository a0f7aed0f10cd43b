"""The probabilities behind the moments: reductions, special correlations, dilogarithms."""

from collections.abc import Callable
from typing import Any

import sympy as sp

from maxout.theory.conditions import (
    EQUICORRELATED_ODD,
    FEW_NORMALS,
    FOUR_NORMALS,
    HALF_NORMALS,
    rank_at_least,
)
from maxout.theory.domain import Domain, Range
from maxout.theory.order import dilogarithm
from maxout.theory.order.orthant import (
    HalfNormalProbability,
    HalfNormalSurvival,
    OrthantProbability,
)
from maxout.theory.statement import Relation, Source, Statement
from maxout.theory.symbols import K, m, rho

_k = sp.Symbol("k", integer=True, nonnegative=True)
_NORMALS = "Z: standard normals of common correlation rho"
_HALF_NORMALS = "Z_k ~ N(0,1), Y ~ N(0, rho/(1-rho)), independent"


def _equality(
    key: str,
    title: str,
    left: str,
    right: Callable[[], sp.Expr],
    source: str | Source,
    **fields: Any,
) -> Statement:
    """A statement of one probability or mean; ``right`` is called when it is asked for."""
    return Statement(
        key=f"order.{key}",
        title=title,
        left=left,
        relation=Relation.EQ,
        build=lambda t: right(),
        **{
            "domain": Domain(),
            "range": Range.PROBABILITY,
            "source": source if isinstance(source, Source) else Source("project", source),
            **fields,
        },
    )


STATEMENTS = (
    _equality(
        "orthant.odd",
        "an odd orthant probability through those of fewer normals",
        r"\Pr(Z_1 > 0, \dots, Z_{2m+1} > 0)",
        lambda: (
            sp.Sum(
                (-1) ** _k * sp.binomial(2 * m + 1, _k) * OrthantProbability(_k, rho),
                (_k, 0, 2 * m),
            )
            / 2
        ),
        Source("david1953", "orthants of odd numbers of normals", ("schlaefli1858",)),
        definitions=(f"2m+1 of {_NORMALS}",),
        domain=Domain(EQUICORRELATED_ODD, limits=(FEW_NORMALS,)),
        proof="order-statistics.md#orthant",
        parameters=(m, rho),
    ),
    _equality(
        "orthant.half",
        "m normals of correlation 1/2 are all positive with probability 1/(m+1)",
        r"\Pr(Z_1 > 0, \dots, Z_m > 0),\ \rho = 1/2",
        lambda: 1 / (m + 1),
        Source("moran1956", "orthants of equicorrelated normals", ("ruben1954",)),
        definitions=("m standard normals of common correlation 1/2",),
        proof="order-statistics.md#orthant",
        parameters=(m,),
    ),
    _equality(
        "orthant.four",
        "P_4 in dilogarithms",
        r"\Pr(Z_1 > 0, \dots, Z_4 > 0)",
        lambda: dilogarithm.orthant(4, rho),
        Source(
            "project",
            "the orthant of four equicorrelated normals in dilogarithms",
            ("abrahamson1964", "cheng1969"),
        ),
        definitions=(f"four {_NORMALS}",),
        domain=Domain(FOUR_NORMALS),
        proof="order-statistics.md#p_4-in-dilogarithms",
        parameters=(rho,),
    ),
    _equality(
        "half_normal.even",
        "A_2m through orthant probabilities",
        r"\Pr(|Z_1|, \dots, |Z_{2m}| \leq |Y|)",
        lambda: sp.Sum(
            sp.binomial(2 * m, _k) * (-2) ** _k * OrthantProbability(_k, rho), (_k, 0, 2 * m)
        ),
        "half-normal probabilities through orthants",
        definitions=(_HALF_NORMALS,),
        domain=Domain(HALF_NORMALS, limits=(FEW_NORMALS,)),
        proof="order-statistics.md#chi2",
        parameters=(m, rho),
    ),
    _equality(
        "half_normal.half",
        "m half-normals lie below one more with probability 1/(m+1)",
        r"\Pr(|Z_1|, \dots, |Z_m| \leq |Y|),\ \rho = 1/2",
        lambda: 1 / (m + 1),
        "half-normal probabilities",
        definitions=("Z_1, ..., Z_m, Y ~ N(0,1), independent",),
        proof="order-statistics.md#chi2",
        parameters=(m,),
    ),
    _equality(
        "half_normal.three",
        "A_3 in dilogarithms",
        r"\Pr(|Z_1|, |Z_2|, |Z_3| \leq |Y|)",
        lambda: dilogarithm.half_normal(3, rho),
        "three half-normals in dilogarithms",
        definitions=(_HALF_NORMALS,),
        domain=Domain(HALF_NORMALS),
        proof="order-statistics.md#chi2",
        parameters=(rho,),
    ),
    _equality(
        "half_normal.survival",
        "B_m(rho) = E(1 - |2 Phi(Y) - 1|)^m, m half-normals above another",
        r"\Pr(|Z_1|, \dots, |Z_m| \geq |Y|)",
        lambda: sp.Sum(
            (-1) ** _k * sp.binomial(m, _k) * HalfNormalProbability(_k, rho), (_k, 0, m)
        ),
        "inclusion and exclusion of half-normals",
        definitions=(_HALF_NORMALS,),
        domain=Domain(HALF_NORMALS, limits=(FEW_NORMALS,)),
        proof="order-statistics.md#chi2",
        parameters=(m, rho),
    ),
    _equality(
        "chi2_smallest.mean.reduced",
        "S_K in three terms",
        r"\mathbb{E}[\min_k \chi^2_{1,k}]",
        lambda: (
            1
            - K * (K - 1) / sp.pi
            + K
            * (K - 1)
            * (K - 2)
            / (sp.sqrt(3) * sp.pi)
            * HalfNormalSurvival(K - 3, sp.Rational(1, 4))
        ),
        "reduction of the chi-square moments",
        definitions=("K iid chi^2_1 (S_1 = 1, S_2 = 1 - 2/pi)",),
        domain=Domain(rank_at_least(3)),
        range=Range.NON_NEGATIVE,
        proof="order-statistics.md#chi2",
    ),
)
