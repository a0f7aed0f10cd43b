"""Integration by parts takes every moment of an order statistic to orthant-like probabilities.

One rule serves three integrals I(p; j, m) = int z^p phi(z)^j f(z)^m dz, where f is Phi over the
line, or the distribution function or the survival function of |N(0,1)| over z > 0. With f' = slope
phi and z phi^j = -(phi^j)'/j:

  I(p; j, m) = ((p-1)/j) I(p-2; j, m) + (slope m/j) I(p-1; j+1, m-1) + [p = 1] phi(0)^j f(0)^m / j,

the last term on the half line only. At p = 0 the normal of variance 1/j turns the integral into the
mean of f(Y)^m, a probability at rho = 1/(j+1). Source: this project,
docs/order-statistics.md#reduction.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.pretty.stringpict import prettyForm
from sympy.printing.str import StrPrinter

from maxout.theory.errors import DomainError
from maxout.theory.evaluation import numerical
from maxout.theory.order import dilogarithm
from maxout.theory.order.orthant import (
    HalfNormalProbability,
    HalfNormalSurvival,
    OrthantProbability,
)

_DENSITY_AT_0 = 1 / sp.sqrt(2 * sp.pi)


def _by_parts(p: int, j: int, slope: int) -> tuple[sp.Rational, sp.Rational, sp.Rational]:
    """Coefficients of I(p-2; j, m), of m I(p-1; j+1, m-1) and of the boundary term, p >= 1."""
    return sp.Rational(p - 1, j), sp.Rational(slope, j), sp.Rational(int(p == 1), j)


class PowerDensityIntegral(sp.Function):
    """I(p; j, m) over the line, f = Phi. Evaluates numerically from its own integrand.

    Args:
      p: power of z, an integer >= 0.
      j: power of the density, an integer >= 1.
      m: power of f, an integer >= 0 or a symbol.

    Raises:
      DomainError: for numbers outside these domains.
    """

    slope = 1
    at_zero: int | None = None  # f(0) where the integral runs over z > 0
    share = 1  # density of the order statistic's parent over phi; also 1 / the normal's mass
    probability: type[sp.Function] = OrthantProbability
    is_unreduced = True
    is_real = True
    _factor = r"\Phi(z)"
    _letter = "I"

    @classmethod
    def eval(cls, p: sp.Expr, j: sp.Expr, m: sp.Expr) -> None:
        if not (p.is_Integer and p >= 0 and j.is_Integer and j >= 1):
            raise DomainError(f"I(p; j, m) needs integers p >= 0 and j >= 1; got p = {p}, j = {j}")
        if m.is_negative or m.is_integer is False:
            raise DomainError(f"I(p; j, m) needs an integer m >= 0; got {m}")

    def by_parts(self) -> sp.Expr:
        """Return the right side of the rule, for p >= 1.

        Raises:
          RuntimeError: at p = 0, which ``as_probability`` ends.
        """
        p, j, m = self.args
        if p == 0:
            raise RuntimeError(
                "z^0 cannot be integrated by parts; as_probability ends the reduction"
            )
        lower, inner, edge = _by_parts(int(p), int(j), self.slope)
        result = lower * self.func(p - 2, j, m) if p >= 2 else sp.Integer(0)
        if m != 0:
            result += inner * m * self.func(p - 1, j + 1, m - 1)
        if self.at_zero is not None:
            result += edge * _DENSITY_AT_0**j * sp.Integer(self.at_zero) ** m
        return result

    def as_probability(self, evaluate: bool = True) -> sp.Expr:
        """Return the value at p = 0: (2 pi)^{-(j-1)/2} j^{-1/2} times a probability at 1/(j+1).

        Args:
          evaluate: False keeps the probability as a named function, also where it is closed.
        """
        p, j, m = self.args
        if p != 0:
            raise RuntimeError(f"only p = 0 is a probability; integrate by parts first, p = {p}")
        mean = self.probability(m, 1 / (j + 1), evaluate=evaluate)
        return normal_mass(int(j)) / self.share * mean

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        return None if self.free_symbols else numerical(self, prec)

    def _sympystr(self, printer: StrPrinter) -> str:
        p, j, m = (printer._print(argument) for argument in self.args)
        return f"{self._letter}({p}; {j}, {m})"

    _pretty_name = _sympystr

    def _pretty(self, printer: Any) -> Any:
        return prettyForm(str(self))

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        p, j, m = self.args
        power = {0: "", 1: "z"}.get(p, f"z^{{{p}}}")
        density = r"\varphi(z)" if j == 1 else rf"\varphi(z)^{{{j}}}"
        factor = {0: "", 1: self._factor}.get(m, f"{self._factor}^{{{printer._print(m)}}}")
        limits = r"_{-\infty}^{\infty}" if self.at_zero is None else r"_0^{\infty}"
        text = rf"\int{limits} {power}{density}{factor}\,dz"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"


class HalfNormalIntegral(PowerDensityIntegral):
    """I(p; j, m) over z > 0, f = F = 2 Phi - 1, the distribution function of |N(0,1)|."""

    slope, at_zero, share = 2, 0, 2
    probability = HalfNormalProbability
    _factor, _letter = "F(z)", "I_F"


class SurvivalIntegral(PowerDensityIntegral):
    """I(p; j, m) over z > 0, f = G = 1 - F, the survival function of |N(0,1)|."""

    slope, at_zero, share = -2, 1, 2
    probability = HalfNormalSurvival
    _factor, _letter = "G(z)", "I_G"


def normal_mass(j: int) -> sp.Expr:
    """Return the integral of phi^j over the line."""
    return (2 * sp.pi) ** sp.Rational(1 - j, 2) / sp.sqrt(j)


@cache
def _coefficients(p: int, slope: int) -> tuple[dict[int, sp.Rational], dict[int, sp.Rational]]:
    """Reduce I(p; 1, m): coefficients of (m)_s I(0; s+1, m-s), and of the boundary terms, by s."""
    pending = {(p, 0): sp.Integer(1)}  # (power, s): coefficient of (m)_s I(power; s+1, m-s)
    ends: dict[int, sp.Rational] = {}
    edges: dict[int, sp.Rational] = {}
    for power in range(p, 0, -1):
        for s in range(p - power + 1):
            coefficient = pending.pop((power, s), sp.Integer(0))
            if not coefficient:
                continue
            lower, inner, edge = _by_parts(power, s + 1, slope)
            for state, factor in (((power - 2, s), lower), ((power - 1, s + 1), inner)):
                if factor:
                    pending[state] = pending.get(state, sp.Integer(0)) + coefficient * factor
            if edge:
                edges[s] = edges.get(s, sp.Integer(0)) + coefficient * edge
    for (_, s), coefficient in pending.items():
        ends[s] = coefficient
    return dict(sorted(ends.items())), edges


def reduction_coefficients(t: int) -> dict[int, sp.Rational]:
    """Return c_{t,s} by s, free of K: E Xi_K^t = sum_s c_{t,s} (K)_{s+1} int phi^{s+1} Phi^{K-1-s}.

    Args:
      t: order of the moment, an integer >= 1.

    Raises:
      DomainError: for another t.
    """
    if int(t) != t or t < 1:
        raise DomainError(f"the order of a moment must be an integer >= 1; got {t}")
    return dict(_coefficients(int(t), PowerDensityIntegral.slope)[0])


def order_statistic_moment(integral: type[PowerDensityIntegral], p: int, rank: sp.Expr) -> sp.Expr:
    """Return E[Z^p] exactly, Z of density rank * share * phi f^{rank-1}.

    Args:
      integral: which f, and with it which order statistic: ``PowerDensityIntegral`` the largest of
        K normals, ``HalfNormalIntegral`` and ``SurvivalIntegral`` the largest and the smallest of
        K half-normals.
      p: the power, an integer >= 1.
      rank: K, an Integer, or a symbol: then the result holds for K > p.
    """
    kind: Any = integral  # a class is hashable, which mypy does not see of SymPy's metaclass
    return _moment(kind, p, rank)


@lru_cache(maxsize=4096)
def _moment(integral: type[PowerDensityIntegral], p: int, rank: sp.Expr) -> sp.Expr:
    ends, edges = _coefficients(p, integral.slope)
    total = []
    for s, coefficient in ends.items():
        left = rank - 1 - s  # power of f that is left
        if left.is_negative:
            continue
        value = integral.probability(left, sp.Rational(1, s + 2))
        total.append(coefficient * sp.ff(rank, s + 1) * normal_mass(s + 1) * value)
    if integral.at_zero is not None:
        for s, coefficient in edges.items():
            left = rank - 1 - s
            if left.is_negative or (integral.at_zero == 0 and left != 0):
                continue
            edge = integral.share * _DENSITY_AT_0 ** (s + 1)
            total.append(coefficient * sp.ff(rank, s + 1) * edge)
    return sp.Add(*(dilogarithm.distribute(term) if rank.is_Integer else term for term in total))
