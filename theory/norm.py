"""Moments of r = ||(Xi_1, ..., Xi_m)||, the norm of m independent copies of the largest normal.

E e^{-s Xi_K^2} = K (1+2s)^{-1/2} P_{K-1}(1/(2+2s)): Phi^{K-1} under a normal of variance 1/(1+2s)
is an equicorrelated orthant probability. Powers of it are the Laplace transform of r^2, from which
the means of ln r and of 1/r follow. Source: this project, docs/typical-size.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import sympy as sp
from sympy.printing.latex import LatexPrinter

from maxout.theory.errors import DomainError
from maxout.theory.moments import LargestNormalMoment
from maxout.theory.precision import workprec


def chi2_moment(freedom: sp.Expr, order: int) -> sp.Expr:
    """Return E (chi^2_freedom)^order = freedom (freedom+2) ... (freedom+2 order-2)."""
    return sp.Mul(*(freedom + 2 * i for i in range(order)))


def _series_power(coefficients: list[Any], power: Any) -> list[Any]:
    """Coefficients of (1 + a_1 z + a_2 z^2 + ...)^power by Miller's recursion, any ring."""
    result = [coefficients[0]]
    for k in range(1, len(coefficients)):
        total = sum(
            (power * i - (k - i)) * coefficients[i] * result[k - i] for i in range(1, k + 1)
        )
        result.append(total / k)
    return result


class SquaredNormMoment(sp.Function):
    """E (r^2)^t for rank K, m units, concrete order t: a polynomial of degree t in m.

    Orders 0 to 2 and ranks 1 and 2 (r^2 ~ chi^2_m) evaluate at once; ``doit`` expands the others.
    """

    is_positive = True

    @classmethod
    def eval(cls, rank: sp.Expr, units: sp.Expr, order: sp.Expr) -> sp.Expr | None:
        if not (order.is_Integer and order >= 0):
            raise DomainError(f"the order of a norm's moment must be an integer >= 0; got {order}")
        if rank in (1, 2):
            return chi2_moment(units, int(order))
        if order == 0:
            return sp.Integer(1)
        second = LargestNormalMoment(rank, 2)
        if order == 1:
            return units * second
        if order == 2:
            return units * LargestNormalMoment(rank, 4) + units * (units - 1) * second**2
        return None

    def _by_recursion(self, evaluate: Callable[[sp.Expr], Any]) -> Any:
        rank, units, order = self.args
        t = int(order)
        # E e^{z r^2} = (sum_i E Xi^{2i} z^i / i!)^m, whose coefficient of z^t is E r^{2t} / t!.
        moments = [
            evaluate(LargestNormalMoment(rank, 2 * i) / sp.factorial(i)) for i in range(t + 1)
        ]
        return _series_power(moments, evaluate(units))[t] * evaluate(sp.factorial(t))

    def doit(self, **hints: Any) -> sp.Expr:
        def entry(expr: sp.Expr) -> sp.Expr:
            return expr.doit(**hints) if hints.get("deep", True) else expr

        units = sp.Dummy("m")
        polynomial = self.func(self.args[0], units, self.args[2])._by_recursion(entry)
        return sp.collect(sp.expand(polynomial), units).xreplace({units: self.args[1]})

    def _ball_(self, evaluate: Callable[[sp.Expr], Any]) -> Any:
        return self._by_recursion(evaluate)

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        if self.free_symbols:
            return None
        return self._by_recursion(lambda expr: expr._eval_evalf(prec + 10))._eval_evalf(prec)

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        rank, units, order = (printer._print(argument) for argument in self.args)
        text = rf"\mathbb{{E}}\|\Xi_{{{rank}}}^{{({units})}}\|^{{2 \cdot {order}}}"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"


def _step(strip: Any) -> Any:
    # The trapezoidal rule's error is exp(-2 pi strip / step); make it less than one rounding.
    return 2 * mpmath.pi * strip / (mpmath.mp.prec * mpmath.log(2))


def laplace(rank: int, s: Any) -> Any:
    """Return E e^{-s Xi_K^2}, s > -1/2, at mpmath's precision: K E Phi(Y)^{K-1} / sqrt(1+2s)."""
    sigma = 1 / mpmath.sqrt(1 + 2 * s)
    # |Phi(x+ia)| <= e^{a^2/2} Phi(x) gives the first step; at large rank Phi^{K-1} turns within
    # about 1/sqrt(2 ln K) of its front, and a strip of that width gives the second.
    bits = mpmath.mp.prec * mpmath.log(2)
    step = max(
        mpmath.pi * mpmath.sqrt(2 / (rank * bits)), _step(1 / mpmath.sqrt(2 + 2 * mpmath.log(rank)))
    )
    reach = mpmath.sqrt(2 * (bits + mpmath.log(rank)))
    last = int(reach / step) + 1
    total = mpmath.mpf(0)
    for i in range(-last, last + 1):
        z = i * step
        below = mpmath.erfc(-sigma * z / mpmath.sqrt(2)) / 2
        if below > 0.9:  # a power of a number near 1 wants its distance from 1
            below = mpmath.exp(
                (rank - 1) * mpmath.log1p(-mpmath.erfc(sigma * z / mpmath.sqrt(2)) / 2)
            )
        else:
            below = below ** (rank - 1)
        total += below * mpmath.exp(-z * z / 2)
    return rank * sigma * step * total / mpmath.sqrt(2 * mpmath.pi)


def _at_precision(rank: sp.Expr, units: sp.Expr, prec: int, f: Callable[..., Any]) -> sp.Float:
    """Evaluate f(rank, units, E r^2) with guard bits: powers of the transform lose log2(units)."""
    guarded = prec + 15 + int(units).bit_length()
    second = LargestNormalMoment(rank, 2).evalf(int(guarded * 0.302) + 2)
    with workprec(guarded):
        value = f(int(rank), int(units), int(units) * mpmath.mpf(second._mpf_))
    return sp.Float._new(value._mpf_, prec)


def _log_norm_mean(rank: int, units: int, mean: Any) -> Any:
    # E ln r^2 = ln E r^2 + int (e^{-s E r^2} - E e^{-s r^2}) ds/s, with s = e^v / E r^2: the
    # integrand is analytic for |Im v| < pi/2, and falls as e^{2v} and e^{-v units/2}.
    bits = mpmath.mp.prec * mpmath.log(2)
    step = _step(mpmath.pi / 2 - mpmath.mpf(1) / 8)
    first = -int(bits / 2 / step) - 1
    # The transform is below rank (2s)^{-1/2}; past the last node its power is less than rounding.
    reach = mpmath.log(mean * rank**2) + 2 * bits / units
    last = int(max(reach, mpmath.log(bits) + 1) / step) + 1
    total = mpmath.mpf(0)
    for i in range(first, last + 1):
        s = mpmath.exp(i * step)
        term = mpmath.exp(-s) - laplace(rank, s / mean) ** units
        total += term
        if s > 1 and abs(term) * 2**mpmath.mp.prec < 1:
            break
    return (mpmath.log(mean) + step * total) / 2


def _inverse_norm_mean(rank: int, units: int, mean: Any) -> Any:
    # E 1/r = (1/sqrt pi) int_R E e^{-w^2 r^2} dw with w = sinh(y)/sqrt(E r^2): even and analytic
    # for |Im y| < pi/4, falling as e^{-(units-1) y}.
    bits = mpmath.mp.prec * mpmath.log(2)
    step = _step(mpmath.pi / 4 - mpmath.mpf(1) / 16)
    reach = (bits + units * mpmath.log(rank * mpmath.sqrt(mean))) / (units - 1) + 1
    total = mpmath.mpf(1) / 2
    for i in range(1, int(reach / step) + 1):
        term = mpmath.cosh(i * step) * laplace(rank, mpmath.sinh(i * step) ** 2 / mean) ** units
        total += term
        if term * 2**mpmath.mp.prec < total:
            break
    return 2 * step * total / mpmath.sqrt(mpmath.pi * mean)


class LogNormMean(sp.Function):
    """E ln r for rank K and m units: the growth of the logarithm of a length in one layer.

    Evaluates at once for ranks 1 and 2, where r^2 ~ chi^2_m.
    """

    is_real = True
    is_finite = True

    @classmethod
    def eval(cls, rank: sp.Expr, units: sp.Expr) -> sp.Expr | None:
        if rank in (1, 2):
            # SymPy would add up as many fractions as there are units.
            return (sp.log(2) + sp.digamma(units / 2, evaluate=not units.is_Integer)) / 2
        return None

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        rank, units = self.args
        if not (rank.is_Integer and units.is_Integer):
            return None
        return _at_precision(rank, units, prec, _log_norm_mean)

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        rank, units = (printer._print(argument) for argument in self.args)
        text = rf"\mathbb{{E}}\ln\|\Xi_{{{rank}}}^{{({units})}}\|"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"


class InverseNormMean(sp.Function):
    """E 1/r for rank K and m >= 2 units; infinite at m = 1.

    Evaluates at once for ranks 1 and 2, where r^2 ~ chi^2_m.
    """

    is_positive = True

    @classmethod
    def eval(cls, rank: sp.Expr, units: sp.Expr) -> sp.Expr | None:
        if units == 1:
            return sp.oo  # the density of Xi_K at 0 is positive
        if rank in (1, 2):
            return sp.gamma((units - 1) / 2) / (sp.sqrt(2) * sp.gamma(units / 2))
        return None

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        rank, units = self.args
        if not (rank.is_Integer and units.is_Integer):
            return None
        return _at_precision(rank, units, prec, _inverse_norm_mean)

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        rank, units = (printer._print(argument) for argument in self.args)
        text = rf"\mathbb{{E}}\|\Xi_{{{rank}}}^{{({units})}}\|^{{-1}}"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"
