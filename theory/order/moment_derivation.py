"""The derivation of a moment as a reader follows it: steps, each an equation with two sides.

The two sides of a step are different expressions, and each has a numerical value of its own: the
defining integral by quadrature on one, what the step makes of it on the other. Whoever prints the
steps can therefore confirm them (``maxout constant 5 --derive`` does).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sympy as sp

from maxout.theory.errors import DomainError
from maxout.theory.evaluation import numerical
from maxout.theory.network import RANK
from maxout.theory.order import dilogarithm
from maxout.theory.order.moments import (
    LargestChi2Moment,
    LargestNormalMoment,
    SmallestChi2Moment,
    is_closed,
)
from maxout.theory.order.orthant import (
    HalfNormalProbability,
    HalfNormalSurvival,
    OrthantProbability,
)
from maxout.theory.order.reduction import PowerDensityIntegral
from maxout.theory.parameters import ORDER

_HALF = sp.Rational(1, 2)
_MOMENTS = {
    "largest": LargestNormalMoment,
    "chi2-largest": LargestChi2Moment,
    "chi2-smallest": SmallestChi2Moment,
}
_DENSITIES = {
    "largest": "Xi_K has density K phi(z) Phi(z)^(K-1): with I(p; j, m) the integral of "
    "z^p phi(z)^j Phi(z)^m over the line,",
    "chi2-largest": "The root of the largest chi^2_1 is the largest |Z_k|, of density "
    "2 K phi(z) F(z)^(K-1), F = 2 Phi - 1: with I_F(p; j, m) the integral of "
    "z^p phi(z)^j F(z)^m over z > 0,",
    "chi2-smallest": "The root of the smallest chi^2_1 is the smallest |Z_k|, of density "
    "2 K phi(z) G(z)^(K-1), G = 2 - 2 Phi: with I_G(p; j, m) the integral of "
    "z^p phi(z)^j G(z)^m over z > 0,",
}


@dataclass(frozen=True)
class Step:
    """One equation of a derivation: ``left`` equals ``right``, for the reason in ``words``."""

    words: str
    left: sp.Expr
    right: sp.Expr


class DefiniteIntegral(sp.Integral):
    """An integral of an elementary function, whose number mpmath's quadrature finds.

    SymPy's own would evaluate the integrand symbolically at every node, which takes seconds.
    """

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        return numerical(self, prec)


def derive(rank: int, order: int, statistic: str = "largest") -> Iterator[Step]:
    """Yield the steps from E[X^order] to its closed form, or to named probabilities.

    Args:
      rank: K, an integer from 1 to 10^15.
      order: t, an integer from 1 to 50.
      statistic: "largest" of K N(0,1), "chi2-largest" or "chi2-smallest" of K chi^2_1.

    Raises:
      DomainError: for arguments outside these domains.

    Source: this project, docs/order-statistics.md.
    """
    if statistic not in _MOMENTS:
        raise DomainError(f"statistic must be one of {', '.join(_MOMENTS)}; got {statistic!r}")
    return _steps(sp.Integer(RANK(rank)), sp.Integer(ORDER(order)), statistic)


def derive_constant(rank: int) -> Iterator[Step]:
    """Yield the steps to c = 1/M_K: those of M_K, and the reciprocal."""
    yield from derive(rank, 2, "largest")
    moment = LargestNormalMoment(sp.Integer(rank), 2, evaluate=False)
    yield Step("The initialization constant is c = 1/M_K.", 1 / moment, 1 / moment.doit())


def _steps(rank: sp.Integer, order: sp.Integer, statistic: str) -> Iterator[Step]:
    function = _MOMENTS[statistic]
    moment = function(rank, order, evaluate=False)
    integral = function.integral
    start = rank * integral.share * integral(function.powers * order, 1, rank - 1)
    yield Step(_DENSITIES[statistic], moment, start)

    reduced = start
    while True:
        powers = [i for i in reduced.atoms(PowerDensityIntegral) if i.args[0] > 0]
        if not powers:
            break
        # The highest power of z first: then no integral comes up twice.
        pick = max(powers, key=lambda i: (i.args[0], -i.args[1]))
        by_parts = pick.by_parts()
        yield Step(_by_parts_words(pick, by_parts), pick, by_parts)
        reduced = sp.expand(reduced.xreplace({pick: by_parts}))
    if reduced != start:
        yield Step("Together, with no power of z left:", moment, reduced)

    values = {}
    for ended in sorted(reduced.atoms(PowerDensityIntegral), key=lambda i: int(i.args[1])):
        values[ended] = ended.as_probability(evaluate=ended.args[2] == 0)
        yield Step(_probability_words(ended), ended, values[ended])
    yield from _probabilities(reduced.xreplace(values))

    result = moment.doit()
    words = (
        "In closed form:"
        if is_closed(result)
        else "No closed form is known for what is left: it stays a named probability."
    )
    yield Step(words, moment, result)


def _by_parts_words(pick: PowerDensityIntegral, by_parts: sp.Expr) -> str:
    if by_parts == 0:
        return "An odd function over the line:"
    j = int(pick.args[1])
    density = "z phi = -phi'" if j == 1 else f"z phi^{j} = -(phi^{j})'/{j}"
    edge = pick.at_zero is not None and pick.args[0] == 1
    boundary = "" if not edge else ", with what stands at z = 0"
    return f"By parts, {density}{boundary}:"


def _probability_words(ended: PowerDensityIntegral) -> str:
    _, j, m = (int(a) for a in ended.args)
    if m == 0:
        return f"phi^{j} alone, a Gaussian integral:" if j > 1 else "The density's own mass:"
    variance = "1" if j == 1 else f"1/{j}"
    if ended.probability is OrthantProbability:
        many = f"all of {m} normals of correlation 1/{j + 1} are positive"
        event = many if m > 1 else "a normal is positive"
    else:
        side = "below" if ended.probability is HalfNormalProbability else "above"
        many = "a half-normal lies" if m == 1 else f"{m} half-normals lie"
        event = f"{many} {side} |Y|, Y ~ N(0, {variance})"
    if j == 1:
        return f"A mean over N(0, 1), the probability that {event}:"
    return (
        f"phi^{j} is a multiple of the density of N(0, {variance}), and the mean over it the "
        + (f"probability that {event}:")
    )


_Probability = OrthantProbability | HalfNormalProbability | HalfNormalSurvival
_KINDS = (HalfNormalSurvival, HalfNormalProbability, OrthantProbability)


def _probabilities(expr: sp.Expr) -> Iterator[Step]:
    """Reduce every probability in ``expr`` as far as it goes, larger ones first."""
    waiting = set(expr.atoms(*_KINDS))
    done = set()
    while waiting:
        # B_m leads to A_k, A_m to P_k, P_m to P_k with k < m.
        pick = min(waiting, key=lambda p: (_KINDS.index(type(p)), -p.args[0], p.args[1]))
        waiting.remove(pick)
        done.add(pick)
        for step in _reduce(pick):
            yield step
            waiting |= step.right.atoms(*_KINDS) - done


def _reduce(probability: _Probability) -> Iterator[Step]:
    """The steps from one unevaluated probability; none where it has no closed form."""
    m, rho = probability.args
    function = type(probability)
    if rho == _HALF or m == 0:
        words = (
            "By exchangeability: any of the normals is as likely as another to be the extreme."
            if m
            else "No condition at all:"
        )
        yield Step(words, probability, function(m, rho))
    elif m > function.closed_up_to:
        return
    elif function is OrthantProbability:
        yield from _orthant(int(m), rho, probability)
    elif function is HalfNormalProbability:
        yield from _half_normal(int(m), rho, probability)
    else:
        expansion = sp.Add(
            *(
                (-1) ** k * sp.binomial(m, k) * _held(HalfNormalProbability, k, rho)
                for k in range(int(m) + 1)
            )
        )
        yield Step("Expand (1 - F)^m, F the distribution function:", probability, expansion)


def _held(function: type[sp.Function], k: int, rho: sp.Expr) -> sp.Expr:
    """The probability unevaluated, but for what needs no derivation."""
    if k == 0 or (k == 1 and function is OrthantProbability):
        return function(k, rho)
    return function(k, rho, evaluate=False)


def _orthant(m: int, rho: sp.Expr, probability: sp.Expr) -> Iterator[Step]:
    closed = OrthantProbability(m, rho)
    if m == 1:
        yield Step("By symmetry:", probability, closed)
    elif m % 2:
        smaller = [_held(OrthantProbability, k, rho) for k in range(m)]
        words = f"All {m} positive is as likely as all negative; by inclusion and exclusion:"
        yield Step(words, probability, dilogarithm.odd_orthant(m, smaller))
    else:
        equation = f"Schlaefli's equation for dP_{m}/drho, from P_{m}(0) = 1/{2**m}:"
        r = sp.Symbol("r", positive=True)
        slope = OrthantProbability(m, r, evaluate=False).fdiff(2)
        integral = sp.Rational(1, 2**m) + DefiniteIntegral(slope, (r, 0, rho))
        yield Step(equation, probability, integral)
        words = "which is an arcsine:" if m == 2 else "which closes in dilogarithms:"
        yield Step(words, integral, closed)


def _half_normal(m: int, rho: sp.Expr, probability: sp.Expr) -> Iterator[Step]:
    if m % 2 == 0:
        orthants = [_held(OrthantProbability, k, rho) for k in range(m + 1)]
        words = "Expand F^m = (1 - 2 Phi(-z))^m, m even:"
        yield Step(words, probability, dilogarithm.even_half_normal(orthants))
        return
    # In s = sqrt(rho) the integrand has no singularity at 0.
    s = sp.Symbol("s", positive=True)
    slope = HalfNormalProbability(m, s**2, evaluate=False).fdiff(2)
    integral = DefiniteIntegral(sp.simplify(2 * s * slope), (s, 0, sp.sqrt(rho)))
    words = f"Integrate dA_{m}/drho from A_{m}(0) = 0, in s = sqrt(rho):"
    yield Step(words, probability, integral)
    words = "which is an arcsine:" if m == 1 else "which closes in dilogarithms:"
    yield Step(words, integral, HalfNormalProbability(m, rho))
