"""Probabilities of equicorrelated normals as SymPy Functions: P_m, A_m and B_m.

What evaluates by itself: m = 0..3 of P and m = 0..2 of A in elementary functions of any rho;
m = 4, 5 of P and m = 3, 4 of A in dilogarithms at a number rho; rho = 0, 1/2, 1 and, for P, the
least correlation -1/(m-1) at any m. Everything else stands as it is and evaluates numerically.
``doit`` or ``rewrite(polylog)`` also writes the dilogarithms at a symbolic rho (left alone
otherwise, so that derivatives stay Schlaefli's), ``expand_func`` reduces odd P_m to even ones.

Source: this project, docs/order-statistics.md (orthant, chi2).
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.core.function import ArgumentIndexError
from sympy.printing.latex import LatexPrinter
from sympy.printing.pretty.pretty import PrettyPrinter
from sympy.printing.pretty.stringpict import prettyForm
from sympy.printing.str import StrPrinter

from maxout.theory.errors import DomainError
from maxout.theory.evaluation import numerical
from maxout.theory.order import dilogarithm

_HALF = sp.Rational(1, 2)


class _Equicorrelated(sp.Function):
    """f(m, rho): the mean of a probability's m-th power at a normal of variance rho/(1-rho)."""

    is_real = True
    is_nonnegative = True
    _letter: str
    _elementary: int  # largest m in elementary functions of any rho
    closed_up_to: int  # largest m with a closed form

    @classmethod
    def eval(cls, m: sp.Expr, rho: sp.Expr) -> sp.Expr | None:
        cls._check(m, rho)
        if m == 0:
            return sp.Integer(1)
        if rho == _HALF:
            return 1 / (m + 1)
        if rho.is_Float and m.is_Integer:
            return cls(m, rho, evaluate=False)._eval_evalf(rho._prec)
        at_end = cls._at_end(m, rho)
        if at_end is not None or not m.is_Integer:
            return at_end
        if m <= (cls.closed_up_to if rho.is_number else cls._elementary):
            return cls._closed_form(int(m), rho)
        return None

    @classmethod
    def _check(cls, m: sp.Expr, rho: sp.Expr) -> None:
        if m.is_integer is False or m.is_negative:
            raise DomainError(f"{cls.__name__} needs an integer m >= 0; got {m}")
        if not rho.is_number:
            return
        least = cls._least(m)
        if rho.is_real is False or not rho.is_finite or rho < least or rho > 1:
            raise DomainError(f"{cls.__name__} at m = {m} needs a rho from {least} to 1; got {rho}")

    @classmethod
    def _least(cls, m: sp.Expr) -> sp.Expr:
        return sp.Integer(0)

    @classmethod
    def _at_end(cls, m: sp.Expr, rho: sp.Expr) -> sp.Expr | None:
        raise NotImplementedError

    @classmethod
    def _closed_form(cls, m: int, rho: sp.Expr) -> sp.Expr:
        raise NotImplementedError

    def doit(self, **hints: Any) -> sp.Expr:
        m, rho = (a.doit(**hints) for a in self.args) if hints.get("deep", True) else self.args
        if m.is_Integer and m <= self.closed_up_to:
            # Also where evaluation was held back, as in a derivation's step.
            return self.func(m, rho) if rho.is_number else self._closed_form(int(m), rho)
        return self.func(m, rho)

    def _eval_rewrite_as_polylog(self, m: sp.Expr, rho: sp.Expr, **hints: Any) -> sp.Expr:
        return self.doit(deep=False)

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        m, rho = self.args
        if not (m.is_Integer and rho.is_number):
            return None
        # The ends hold for unevaluated functions too, and no integral converges there.
        closed = self._at_end(m, rho)
        if closed is not None:
            return closed._eval_evalf(prec)
        return numerical(self, prec)

    def _sympystr(self, printer: StrPrinter) -> str:
        m, rho = (printer._print(argument) for argument in self.args)
        return f"{self._letter}_{m if self.args[0].is_Atom else '{' + m + '}'}({rho})"

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        m, rho = (printer._print(argument) for argument in self.args)
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"{self._letter}_{{{m}}}{power}\left({rho}\right)"

    def _pretty(self, printer: PrettyPrinter) -> prettyForm:
        m, rho = self.args
        letter = f"{self._letter}_{m}" if m.is_Atom else f"{self._letter}_{{{m}}}"
        name = printer._print(sp.Symbol(letter)) if m.is_Atom else prettyForm(letter)
        inside = prettyForm(*printer._print_seq((rho,), delimiter=", ").parens())
        form = prettyForm(*name.right(inside), binding=prettyForm.FUNC)
        form.prettyFunc, form.prettyArgs = name, inside  # what powers of a function look for
        return form


class OrthantProbability(_Equicorrelated):
    """P_m(rho): all of m standard normals with common correlation rho are positive.

    Args:
      m: number of normals, an integer >= 0 or a symbol.
      rho: common correlation, from -1/(m-1) (-1 for m <= 1) to 1, or a symbol.

    Raises:
      MaxoutError: for numbers outside these domains.

    Source: equicorrelated orthants, Schlaefli's equation; the dilogarithm form is this project's.
    """

    _letter, _elementary, closed_up_to = "P", 3, dilogarithm.CLOSED_ORTHANT

    @classmethod
    def _least(cls, m: sp.Expr) -> sp.Expr:
        return -1 / (m - 1) if m.is_Integer and m >= 2 else sp.Integer(-1)

    @classmethod
    def _at_end(cls, m: sp.Expr, rho: sp.Expr) -> sp.Expr | None:
        if rho == 0:
            return _HALF**m
        if rho == 1 and m.is_positive:
            return _HALF
        if m.is_Integer and m >= 2 and rho == cls._least(m):
            return sp.Integer(0)  # the normals sum to 0
        return None

    @classmethod
    def _closed_form(cls, m: int, rho: sp.Expr) -> sp.Expr:
        return dilogarithm.orthant(m, rho)

    def fdiff(self, argindex: int = 2) -> sp.Expr:
        """Schlaefli: dP_m/drho = C(m,2)/(2 pi sqrt(1-rho^2)) P_{m-2}(rho/(1+2 rho))."""
        if argindex != 2:
            raise ArgumentIndexError(self, argindex)
        m, rho = self.args
        if m in (0, 1):
            return sp.Integer(0)
        rate = m * (m - 1) / (4 * sp.pi * sp.sqrt(1 - rho**2))
        return rate * OrthantProbability(m - 2, rho / (1 + 2 * rho))

    def _eval_expand_func(self, **hints: Any) -> sp.Expr:
        """For odd m, P_m through the even ones below it; the sum has (m+1)/2 terms."""
        m, rho = self.args
        if not (m.is_Integer and m % 2):
            return self
        values: list[sp.Expr] = []
        for k in range(int(m) + 1):
            known = k <= self._elementary or k % 2 == 0
            value = OrthantProbability(k, rho) if known else dilogarithm.odd_orthant(k, values)
            values.append(dilogarithm.distribute(value))
        return values[-1]


class HalfNormalProbability(_Equicorrelated):
    """A_m(rho) = E|2 Phi(Y) - 1|^m: m iid half-normals |N(0,1)| all lie below |Y|.

    Args:
      m: number of half-normals, an integer >= 0 or a symbol.
      rho: from 0 to 1, or a symbol; Y ~ N(0, rho/(1-rho)).

    Raises:
      MaxoutError: for numbers outside these domains.

    Source: this project, docs/order-statistics.md#chi2.
    """

    _letter, _elementary, closed_up_to = "A", 2, dilogarithm.CLOSED_HALF_NORMAL

    @classmethod
    def _at_end(cls, m: sp.Expr, rho: sp.Expr) -> sp.Expr | None:
        return sp.Integer(rho) if rho in (0, 1) and m.is_positive else None

    @classmethod
    def _closed_form(cls, m: int, rho: sp.Expr) -> sp.Expr:
        return dilogarithm.half_normal(m, rho)

    def fdiff(self, argindex: int = 2) -> sp.Expr:
        """dA_m/drho = m(m-1)/(pi sqrt(1-rho^2)) A_{m-2}(rho/(1+2 rho)), for m other than 1."""
        if argindex != 2:
            raise ArgumentIndexError(self, argindex)
        m, rho = self.args
        if m == 0:
            return sp.Integer(0)
        if m == 1:
            return 1 / (sp.pi * sp.sqrt(rho * (1 - rho)))
        rate = m * (m - 1) / (sp.pi * sp.sqrt(1 - rho**2))
        return rate * HalfNormalProbability(m - 2, rho / (1 + 2 * rho))

    def _eval_rewrite_as_OrthantProbability(
        self, m: sp.Expr, rho: sp.Expr, **hints: Any
    ) -> sp.Expr | None:
        if not (m.is_Integer and m % 2 == 0):
            return None
        return dilogarithm.even_half_normal([OrthantProbability(k, rho) for k in range(m + 1)])


class HalfNormalSurvival(_Equicorrelated):
    """B_m(rho) = E(1 - |2 Phi(Y) - 1|)^m: m iid half-normals |N(0,1)| all lie above |Y|.

    The sibling of A_m for smallest instead of largest; B_m = sum_k (-1)^k C(m,k) A_k, which cancels
    for large m. Arguments, domains and source as for ``HalfNormalProbability``.
    """

    _letter, _elementary, closed_up_to = "B", 2, dilogarithm.CLOSED_HALF_NORMAL

    @classmethod
    def _at_end(cls, m: sp.Expr, rho: sp.Expr) -> sp.Expr | None:
        return sp.Integer(1 - rho) if rho in (0, 1) and m.is_positive else None

    @classmethod
    def _closed_form(cls, m: int, rho: sp.Expr) -> sp.Expr:
        terms = (
            (-1) ** k * sp.binomial(m, k) * dilogarithm.half_normal(k, rho) for k in range(m + 1)
        )
        return dilogarithm.distribute(sp.Add(*terms))

    def fdiff(self, argindex: int = 2) -> sp.Expr:
        """m(m-1)/(pi sqrt(1-rho^2)) B_{m-2}(rho/(1+2 rho)) - m/(pi sqrt(rho (1-rho)))."""
        if argindex != 2:
            raise ArgumentIndexError(self, argindex)
        m, rho = self.args
        edge = m / (sp.pi * sp.sqrt(rho * (1 - rho)))
        if m in (0, 1):
            return -edge
        rate = m * (m - 1) / (sp.pi * sp.sqrt(1 - rho**2))
        return rate * HalfNormalSurvival(m - 2, rho / (1 + 2 * rho)) - edge


def is_closed(expr: sp.Expr) -> bool:
    """Whether no probability P_m, A_m, B_m is left in ``expr``, nor a moment or integral of one."""
    return not expr.has(_Equicorrelated) and not any(
        getattr(part, "is_unreduced", False) for part in sp.preorder_traversal(expr)
    )
