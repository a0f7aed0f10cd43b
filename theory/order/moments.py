"""Moments of order statistics as SymPy Functions: M_K, L_K, S_K and those of any order.

They stand unevaluated, at any rank (K = 10^12 is as good as 5), and print by their names; ``doit``
at an integer rank gives the exact expression that the reduction derives, ``rewrite`` the formula at
a symbolic one, ``evalf`` any number of digits from the defining integral.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.pretty.pretty import PrettyPrinter
from sympy.printing.pretty.stringpict import prettyForm
from sympy.printing.str import StrPrinter

from maxout.theory.errors import DomainError
from maxout.theory.evaluation import numerical
from maxout.theory.order.orthant import is_closed
from maxout.theory.order.reduction import (
    HalfNormalIntegral,
    PowerDensityIntegral,
    SurvivalIntegral,
    order_statistic_moment,
    reduction_coefficients,
)

__all__ = [
    "LargestChi2Moment",
    "LargestNormalMoment",
    "SmallestChi2Moment",
    "chi2_largest_mean",
    "chi2_smallest_mean",
    "is_closed",
    "reduction_coefficients",
    "second_moment",
    "weight_variance_constant",
]


class _Moment(sp.Function):
    """E[X^t], X an order statistic of K: X^t is the p-th power of a variable of ``integral``."""

    is_real = True
    is_finite = True
    is_nonnegative = True
    is_unreduced = True  # not yet a closed expression
    integral: type[PowerDensityIntegral]
    powers = 1  # p / t
    _letter: tuple[str, str, int]  # name in text and in LaTeX, and the order t that bears it
    _variable: tuple[str, str]  # X in text and in LaTeX, "{}" standing for the rank

    @classmethod
    def eval(cls, K: sp.Expr, t: sp.Expr) -> sp.Expr | None:
        if (K.is_number and not K.is_Integer) or K.is_positive is False or K.is_integer is False:
            raise DomainError(f"{cls.__name__} needs an integer rank K >= 1; got {K}")
        if (t.is_number and not t.is_Integer) or t.is_negative or t.is_integer is False:
            raise DomainError(f"{cls.__name__} needs an integer order t >= 0; got {t}")
        if t == 0:
            return sp.Integer(1)
        if K == 1 and t.is_Integer:
            p = cls.powers * t
            return sp.Integer(0) if p % 2 else sp.factorial2(p - 1)
        return None

    def doit(self, **hints: Any) -> sp.Expr:
        """Return the exact expression at an integer rank and order; otherwise the moment itself.

        No P_m, A_m, B_m is left in it (``is_closed``) up to ranks 7 and 8 for odd and even orders
        of the largest normal, and up to rank 7 for the chi-squares.
        """
        K, t = (a.doit(**hints) for a in self.args) if hints.get("deep", True) else self.args
        if K.is_Integer and t.is_Integer:
            return order_statistic_moment(self.integral, self.powers * int(t), K)
        return self.func(K, t)

    def _general(self) -> sp.Expr | None:
        """The formula through probabilities; at a symbolic rank it holds for K > powers * t."""
        K, t = self.args
        if not t.is_Integer:
            return None
        return order_statistic_moment(self.integral, self.powers * int(t), K)

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        K, t = self.args
        if not (K.is_Integer and t.is_Integer):
            return None
        return numerical(self, prec)

    def _sympystr(self, printer: StrPrinter) -> str:
        K, t = (printer._print(argument) for argument in self.args)
        rank = K if self.args[0].is_Atom else f"{{{K}}}"
        if self.args[1] == self._letter[2]:
            return f"{self._letter[0]}_{rank}"
        power = "" if self.args[1] == 1 else f"**{t}"
        return f"E[{self._variable[0].format(rank)}{power}]"

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        K, t = (printer._print(argument) for argument in self.args)
        if self.args[1] == self._letter[2]:
            text = f"{self._letter[1]}_{{{K}}}"
            return text if exp is None else f"{text}^{{{exp}}}"
        power = "" if self.args[1] == 1 else f"^{{{t}}}"
        text = rf"\mathbb{{E}}\left[{self._variable[1].format('{' + K + '}')}{power}\right]"
        return text if exp is None else f"{text}^{{{exp}}}"

    def _pretty(self, printer: PrettyPrinter) -> prettyForm:
        text = str(self)
        if not printer._use_unicode:
            return prettyForm(text)
        if self.args[0].is_Atom and self.args[1] == self._letter[2]:
            return printer._print(sp.Symbol(text))
        return prettyForm(text.replace("Xi", "Ξ").replace("chi2", "χ²"))


class LargestNormalMoment(_Moment):
    """E[Xi_K^t], Xi_K the largest of K iid N(0,1); M_K = E[Xi_K^2] and c = 1/M_K.

    Args:
      K: rank, an integer >= 1 or a symbol.
      t: order, an integer >= 0 or a symbol.

    Raises:
      MaxoutError: for numbers outside these domains.

    Source: c = 1/M_K is Tseran and Montufar's (ICML 2023); the reduction this project's.
    """

    integral = PowerDensityIntegral
    _letter = ("M", "M", 2)
    _variable = ("Xi_{}", r"\Xi_{}")

    def _eval_is_positive(self) -> bool | None:
        K, t = self.args
        if t.is_even or (K - 2).is_nonnegative:
            return True
        return None

    def _eval_rewrite_as_OrthantProbability(self, *args: sp.Expr, **hints: Any) -> sp.Expr | None:
        return self._general()


class LargestChi2Moment(_Moment):
    """E[X^t], X the largest of K iid chi^2_1; L_K is its mean.

    Arguments and errors as for ``LargestNormalMoment``. L_K: Tseran and Montufar (ICML 2023); its
    value, this project.
    """

    is_positive = True
    integral = HalfNormalIntegral
    powers = 2
    _letter = ("L", r"\mathcal{L}", 1)
    _variable = ("(max_{} chi2)", r"(\max_{{k \leq {}}} \chi^2_{{1,k}})")

    def _eval_rewrite_as_HalfNormalProbability(
        self, *args: sp.Expr, **hints: Any
    ) -> sp.Expr | None:
        return self._general()


class SmallestChi2Moment(_Moment):
    """E[X^t], X the smallest of K iid chi^2_1; S_K is its mean.

    Arguments and errors as for ``LargestNormalMoment``. S_K: Tseran and Montufar (ICML 2023); its
    value, this project.
    """

    is_positive = True
    integral = SurvivalIntegral
    powers = 2
    _letter = ("S", r"\mathcal{S}", 1)
    _variable = ("(min_{} chi2)", r"(\min_{{k \leq {}}} \chi^2_{{1,k}})")

    def _eval_rewrite_as_HalfNormalSurvival(self, *args: sp.Expr, **hints: Any) -> sp.Expr | None:
        return self._general()


def second_moment(rank: sp.Expr | int) -> sp.Expr:
    """Return M_K = E[Xi_K^2]."""
    return LargestNormalMoment(rank, 2)


def chi2_largest_mean(rank: sp.Expr | int) -> sp.Expr:
    """Return L_K, the mean of the largest of K iid chi^2_1."""
    return LargestChi2Moment(rank, 1)


def chi2_smallest_mean(rank: sp.Expr | int) -> sp.Expr:
    """Return S_K, the mean of the smallest of K iid chi^2_1."""
    return SmallestChi2Moment(rank, 1)


def weight_variance_constant(rank: sp.Expr | int, window: sp.Expr | int = 1) -> sp.Expr:
    """Return c = 1/M_{K p}: weight variance times fan_in that keeps lengths stationary.

    Args:
      rank: K.
      window: p, cells of a max pooling window that follows the maxout layer; 1 without pooling.

    Source: Tseran and Montufar (ICML 2023), maxout and max-pooling initialization.
    """
    return 1 / second_moment(sp.sympify(rank) * window)
