"""Order statistics X_{1:K} <= ... <= X_{K:K} of K iid N(0, 1): moments, and products of two.

Source: David and Nagaraja 2003 for the recurrence, Godwin 1949 for products of few normals; the
reduction of the products to orthants is written out in docs/order-places.md.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from maxout.theory.errors import DomainError
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.order.orthant import OrthantProbability

CLOSED_PRODUCTS = 6
"""Products of two are arcsines up to so many normals."""


class PlacedMoment(sp.Function):
    """E[X_{r:K}^t], of arguments (r, K, t); unevaluated until ``doit``.

    Args:
      r: place from below, 1 for the smallest and K for the largest.
      K: how many normals.
      t: order, an integer >= 1.

    Raises:
      DomainError: for integers outside these domains.
    """

    nargs = 3
    is_real = True
    is_finite = True

    @classmethod
    def eval(cls, r: sp.Expr, K: sp.Expr, t: sp.Expr) -> sp.Expr | None:
        if all(argument.is_Integer for argument in (r, K, t)):
            if not (1 <= r <= K and t >= 1):
                raise DomainError(
                    f"a moment of X_{{r:K}} needs 1 <= r <= K and an order >= 1; "
                    f"got r = {r}, K = {K}, order {t}"
                )
            if r == K:
                return LargestNormalMoment(K, t)
        return None

    def doit(self, **hints: Any) -> sp.Expr:
        """The alternating sum over the moments of largest ones, in closed form where they are."""
        r, K, t = self.args
        if not all(argument.is_Integer for argument in self.args):
            return self
        return sp.Add(*(_share(r, m, K) * LargestNormalMoment(m, t).doit() for m in _range(r, K)))

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        value = self.doit()
        # SymPy adds digits until those that cancel in the sum are made up for.
        return None if value is self else sp.N(value, int(0.30103 * prec) + 1)

    def _sympystr(self, printer: StrPrinter) -> str:
        r, K, t = (printer._print(argument) for argument in self.args)
        power = "" if self.args[2] == 1 else f"**{t}"
        return f"E[X_{{{r}:{K}}}{power}]"

    _pretty_name = _sympystr

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        r, K, t = (printer._print(argument) for argument in self.args)
        power = "" if self.args[2] == 1 else f"^{{{t}}}"
        text = rf"\mathbb{{E}}\left[X_{{{r}:{K}}}{power}\right]"
        return text if exp is None else f"{text}^{{{exp}}}"


class PlacedProduct(sp.Function):
    """E[X_{r:K} X_{s:K}] for r < s, of arguments (r, s, K); in closed form for K <= 6.

    Raises:
      DomainError: for integers that are not 1 <= r < s <= K.
    """

    nargs = 3
    is_real = True
    is_finite = True

    @classmethod
    def eval(cls, r: sp.Expr, s: sp.Expr, K: sp.Expr) -> sp.Expr | None:
        if all(argument.is_Integer for argument in (r, s, K)) and not 1 <= r < s <= K:
            raise DomainError(
                f"E[X_{{r:K}} X_{{s:K}}] needs 1 <= r < s <= K; got r = {r}, s = {s}, K = {K}"
            )
        return None

    def doit(self, **hints: Any) -> sp.Expr:
        """The closed form; the product itself beyond six normals."""
        if not all(argument.is_Integer for argument in self.args) or self.args[2] > CLOSED_PRODUCTS:
            return self
        r, s, K = (int(argument) for argument in self.args)
        between = s - r - 1
        total = sp.Integer(0)
        # (Phi(y) - Phi(x))^between, from what is below x and what is above y.
        for i in range(between + 1):
            for k in range(between - i + 1):
                ways = sp.multinomial_coefficients(3, between)[i, k, between - i - k]
                total += (-1) ** (i + k) * ways * _pair(r - 1 + i, K - s + k)
        scale = sp.factorial(K) / (
            sp.factorial(r - 1) * sp.factorial(between) * sp.factorial(K - s)
        )
        return sp.expand(scale * total)

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        value = self.doit()
        return None if value is self else value._eval_evalf(prec)

    def _sympystr(self, printer: StrPrinter) -> str:
        r, s, K = (printer._print(argument) for argument in self.args)
        return f"E[X_{{{r}:{K}}} X_{{{s}:{K}}}]"

    _pretty_name = _sympystr

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        r, s, K = (printer._print(argument) for argument in self.args)
        text = rf"\mathbb{{E}}\left[X_{{{r}:{K}}} X_{{{s}:{K}}}\right]"
        return text if exp is None else f"{text}^{{{exp}}}"


def moment_by_largest(r: sp.Expr, K: sp.Expr, t: sp.Expr) -> sp.Expr:
    """Return E X_{r:K}^t as an alternating sum over the largest of r to K normals."""
    m = sp.Symbol("m", integer=True, positive=True)
    return sp.Sum(_share(r, m, K) * LargestNormalMoment(m, t), (m, r, K))


def _share(r: sp.Expr, m: sp.Expr, K: sp.Expr) -> sp.Expr:
    return (-1) ** (m - r) * sp.binomial(m - 1, r - 1) * sp.binomial(K, m)


def _range(r: sp.Expr, K: sp.Expr) -> range:
    return range(int(r), int(K) + 1)


def _pair(a: int, b: int) -> sp.Expr:
    """The integral of x y phi(x) phi(y) Phi(x)^a Q(y)^b over x < y, Q = 1 - Phi, a + b <= 4."""
    found = sp.Integer(0)
    if a:
        found += a * _cubed(a - 1, b) / 2
    if b:
        found += b * _cubed(a, b - 1) / 2
    if a and b:
        found -= a * b * _squares(a - 1, b - 1)
    return found


def _cubed(i: int, j: int) -> sp.Expr:
    """The integral of phi^3 Phi^i Q^j, with Q^j expanded."""
    quarter = sp.Rational(1, 4)
    mean = sum(
        (-1) ** k * sp.binomial(j, k) * OrthantProbability(i + k, quarter) for k in range(j + 1)
    )
    return mean / (2 * sp.pi * sp.sqrt(3))


def _squares(a: int, b: int) -> sp.Expr:
    """The integral of phi(x)^2 phi(y)^2 Phi(x)^a Q(y)^b over x < y, a + b <= 2.

    An orthant of 1 + a + b normals: Y - X, the X - Z_i and the Z_j - Y, X and Y of variance 1/2;
    -1/sqrt 6 is the correlation of the first with another, 1/3 of two of a kind, 0 of two kinds.
    """
    outer = sp.asin(-1 / sp.sqrt(6))
    angles = (a + b) * outer + (sp.asin(sp.Rational(1, 3)) if 2 in (a, b) else 0)
    chance = {
        0: sp.Rational(1, 2),
        1: sp.Rational(1, 4) + angles / (2 * sp.pi),
        2: sp.Rational(1, 8) + angles / (4 * sp.pi),
    }[a + b]
    return chance / (4 * sp.pi)
