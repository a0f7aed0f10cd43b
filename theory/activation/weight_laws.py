"""Laws of weights other than the normal, and what they change in a maxout unit's mean square.

Source: this project, docs/weights.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from maxout.theory.errors import DomainError
from maxout.theory.order.moments import LargestNormalMoment


@dataclass(frozen=True)
class WeightLaw:
    """A symmetric law of weights with a density.

    Attributes:
      name: as it is typed.
      words: what it is.
      kurtosis: excess kurtosis kappa_4 = E w^4/(E w^2)^2 - 3, exact.
    """

    name: str
    words: str
    kurtosis: sp.Expr


CUT = sp.Integer(2)
"""Where the truncated normal is cut, in standard deviations of the normal."""


def truncated_moment(order: int) -> sp.Expr:
    """Return E[Z^order], even order, of Z ~ N(0, 1) given |Z| <= ``CUT``: by parts."""
    if order == 0:
        return sp.Integer(1)
    edge = sp.sqrt(2 / sp.pi) * sp.exp(-(CUT**2) / 2) / sp.erf(CUT / sp.sqrt(2))
    return (order - 1) * truncated_moment(order - 2) - CUT ** (order - 1) * edge


_LAWS = (
    WeightLaw("normal", "normal", sp.Integer(0)),
    WeightLaw("uniform", "uniform about 0", sp.Rational(-6, 5)),
    WeightLaw(
        "truncated",
        "normal, cut at two standard deviations",
        truncated_moment(4) / truncated_moment(2) ** 2 - 3,
    ),
    WeightLaw("laplace", "Laplace (two-sided exponential)", sp.Integer(3)),
)
LAWS = {law.name: law for law in _LAWS}


def law_named(name: str) -> WeightLaw:
    """The law of a name.

    Raises:
      DomainError: for a name that none has.
    """
    if name not in LAWS:
        raise DomainError(f"weights must be one of {', '.join(LAWS)}; got {name!r}")
    return LAWS[name]


def correction(rank: sp.Expr, kurtosis: sp.Expr, participation: sp.Expr) -> sp.Expr:
    """Return the first-order change of E max^2 of a unit whose features have variance 1.

    Args:
      rank: K, an integer >= 1 or a symbol.
      kurtosis: excess kurtosis of the weights.
      participation: sum of x_i^4 over ||x||^4; 1/fan_in where all |x_i| are equal.

    Returns:
      (kappa_4/12) participation (E Xi_K^4 - 3 M_K); 0 at K = 1 and 2.
    """
    second, fourth = (LargestNormalMoment(rank, t) for t in (2, 4))
    return kurtosis * participation / 12 * (fourth - 3 * second)


def two_term_moment(rank: sp.Expr, kurtosis: sp.Expr, participation: sp.Expr) -> sp.Expr:
    """Return M_K with its first-order correction; arguments as for ``correction``."""
    return LargestNormalMoment(rank, 2) + correction(rank, kurtosis, participation)


def neglected(rank: sp.Expr, kurtosis: sp.Expr, participation: sp.Expr) -> sp.Expr:
    """Return participation times |correction|, the order of what two terms leave out.

    That it bounds it is checked, not proved: against integrated values of the laws here, at ranks
    up to 100 and two inputs and more of equal size or a few times as large as others. Where one
    input alone is larger than all others together it may be a tenth too small.
    """
    return participation * sp.Abs(correction(rank, kurtosis, participation))
