"""Moments of r = ||(Xi_1, ..., Xi_m)||, the norm of m independent copies of the largest normal.

E e^{-s Xi_K^2} = K (1+2s)^{-1/2} P_{K-1}(1/(2+2s)): Phi^{K-1} under a normal of variance 1/(1+2s)
is an equicorrelated orthant probability. Powers of it are the Laplace transform of r^2, from which
the means of ln r and of 1/r follow. Source: this project, docs/typical-size.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp
from sympy.printing.latex import LatexPrinter

from maxout.theory.errors import DomainError
from maxout.theory.evaluation import numerical
from maxout.theory.order.moments import LargestNormalMoment


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
        return numerical(self, prec)

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
        return numerical(self, prec)

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        rank, units = (printer._print(argument) for argument in self.args)
        text = rf"\mathbb{{E}}\|\Xi_{{{rank}}}^{{({units})}}\|^{{-1}}"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"


class LogNormVariance(sp.Function):
    """Var ln r for rank K and m units; evaluates at once for ranks 1 and 2, where r^2 ~ chi^2_m."""

    is_positive = True

    @classmethod
    def eval(cls, rank: sp.Expr, units: sp.Expr) -> sp.Expr | None:
        if rank in (1, 2):
            return sp.polygamma(1, units / 2, evaluate=not units.is_Integer) / 4
        return None

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        rank, units = (printer._print(argument) for argument in self.args)
        text = rf"\mathrm{{Var}}\ln\|\Xi_{{{rank}}}^{{({units})}}\|"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"
