"""c by criterion: what a choice of c keeps from layer to layer, and what it does not.

Everything is a factor a hidden layer at zero bias, exact: c M_K for means, c/c_n for typical sizes
at width n with c_n = n exp(-2 E ln r). NumPy is imported only where E ln r is needed. Source:
Tseran and Montúfar (ICML 2023) for the mean; this project, docs/initialization.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import sympy as sp

from maxout.numerics.balls.enclosure import Enclosure
from maxout.numerics.balls.evaluator import enclose
from maxout.theory.errors import DomainError, MaxoutError
from maxout.theory.field import Field, integer
from maxout.theory.network import MAX_WIDTH, RANK
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.symbols import K
from maxout.theory.typical.typical_size import typical_constant

CRITERIA = {
    "mean": "the mean of ||J(x)u||^2 along the input",
    "activation": "the mean of the normalized activation length ||x||^2/n",
    "typical": "E ln of the normalized activation length, at one width n",
}
WIDTH = Field(
    "width",
    sp.Symbol("n", integer=True, positive=True),
    f"an integer from 1 to {MAX_WIDTH:,}",
    (10, 100),
    "units n of every hidden layer",
    integer(1, MAX_WIDTH),
)


@dataclass(frozen=True)
class Effect:
    """What one layer does to a quantity: multiplies it by ``factor``, on average as ``what`` says.

    ``kept`` says whether the factor is one by the choice of c.
    """

    what: str
    factor: float
    kept: bool


@dataclass(frozen=True)
class Choice:
    """c by a criterion.

    Attributes:
      criterion: a key of ``CRITERIA``.
      rank: K.
      width: n; None where the criterion does not look at it and none was given.
      c: weight variance times fan_in.
      effects: what c keeps, and what it does not.
    """

    criterion: str
    rank: int
    width: int | None
    c: Enclosure
    effects: tuple[Effect, ...]


def choose(
    rank: int, criterion: str = "mean", width: int | None = None, digits: int = 20
) -> Choice:
    """Return c by a criterion, with its effects.

    Args:
      rank: K, an integer from 1 to 10^15.
      criterion: "mean", "activation" (both c = 1/M_K) or "typical", which needs a width.
      width: n, an integer from 1 to 10^9; with it typical sizes are among the effects.
      digits: correct digits asked for; "typical" at rank 3 and above gives those of float64.

    Raises:
      MaxoutError: for an unknown criterion, a value outside its domain, or a width missing.
    """
    if criterion not in CRITERIA:
        raise DomainError(f"criterion must be one of {', '.join(CRITERIA)}; got {criterion!r}")
    k = sp.Integer(RANK(rank))
    n = None if width is None else WIDTH(width)
    if criterion == "typical":
        if n is None:
            raise MaxoutError("criterion typical needs a width: give --width")
        c = _typical(int(k), n, digits)
    else:
        c = enclose(1 / LargestNormalMoment(k, 2), {}, digits)
    return Choice(criterion, int(k), n, c, _effects(int(k), n, float(c), criterion))


def _typical(rank: int, width: int, digits: int) -> Enclosure:
    if rank <= 2:
        # r^2 is a chi-square: the digamma function, in balls.
        right = typical_constant(sp.Integer(width)).subs(K, rank)
        return enclose(right, {}, digits)
    from maxout.numerics.order.norm_logarithms import norm_statistics  # NumPy, not always needed

    found = norm_statistics(rank, width)
    log = math.log(width) - 2 * found.log_mean
    return Enclosure.estimate_exp(log, 2 * found.error + 4e-16 * math.log(2 * width), "float64")


def _effects(rank: int, width: int | None, c: float, criterion: str) -> tuple[Effect, ...]:
    mean = c * float(enclose(LargestNormalMoment(sp.Integer(rank), 2), {}, 17))
    keeps_mean = criterion != "typical"
    effects = [
        Effect("mean of ||x||^2/n", mean, keeps_mean),
        Effect("mean of ||J(x)u||^2, u along x", mean, keeps_mean),
    ]
    if width is None:
        return tuple(effects)
    typical = c / float(_typical(rank, width, 17)) if keeps_mean else 1.0
    effects += [
        Effect("typical ||x||^2/n, exp(E ln)", typical, not keeps_mean),
        Effect("typical ||J(x)u||^2, u along x", typical, not keeps_mean),
    ]
    if width > 1:
        from scipy.special import digamma  # SciPy, not always needed

        across = c / width * 2 * math.exp(float(digamma((width - 1) / 2)))
        effects += [
            Effect("mean of the part of J(x)u across x", c * (1 - 1 / width), False),
            Effect("typical part of J(x)u across x", across, False),
        ]
    return tuple(effects)
