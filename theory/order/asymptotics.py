"""Moments at large rank: expansions that the program derives, and how far off they may be.

The largest of K normals has the tail probability 1 - e^{-E/K}, E ~ Exp(1), so that minus its
logarithm is ln K plus a Gumbel variable; the smallest of K half-normals is the quantile of the
smallest of K uniforms. Source: this project, docs/order-statistics.md#large-rank.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import sympy as sp
from mpmath import mp
from sympy.core.function import ArgumentIndexError
from sympy.printing.latex import LatexPrinter

from maxout.theory.errors import DomainError
from maxout.theory.order.moments import SmallestChi2Moment
from maxout.theory.precision_lock import workprec

_ELL, _EPS = sp.symbols("ell epsilon", positive=True)
TERMS = 3  # of each expansion where the catalogue states one
ELEMENTARY_TERMS = 2
SMALLEST_FROM = 10  # rank from which ``chi2_smallest_remainder`` bounds what is left out


class UpperQuantile(sp.Function):
    """The x that a standard normal exceeds with probability q, 0 < q < 1 or a symbol.

    Raises:
      DomainError: for a number q outside (0, 1).
    """

    is_real = True

    @classmethod
    def eval(cls, q: sp.Expr) -> sp.Expr | None:
        if q == sp.Rational(1, 2):
            return sp.Integer(0)
        if q.is_number and not (q.is_real and 0 < q < 1):
            raise DomainError(f"a tail probability must lie between 0 and 1; got {q}")
        return None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return -sp.sqrt(2 * sp.pi) * sp.exp(self**2 / 2)

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        if not self.args[0].is_number:
            return None
        with workprec(prec + 20):
            q = mp.mpf(self.args[0]._eval_evalf(prec + 20)._mpf_)
            value = -upper_quantile(1 - q) if q > mp.mpf(1) / 2 else upper_quantile(q)
        return sp.Float._new(value._mpf_, prec)

    def _ball_(self, evaluate: Any) -> Any:
        return (2 * evaluate(self.args[0])).erfcinv() * evaluate(sp.sqrt(2))

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"\bar\Phi^{{-1}}\left({printer._print(self.args[0])}\right){power}"


def upper_quantile(q: Any) -> Any:
    """Newton's method on ln Pr(N(0,1) > x), which is concave: from the left of the root it is safe.

    The number of digits doubles a step; it stops where a step no longer changes the value.
    """
    target, x = mp.log(q), mp.mpf(0)
    for _ in range(200):
        tail = mp.erfc(x / mp.sqrt(2)) / 2
        hazard = mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi) / tail
        step = (mp.log(tail) - target) / hazard
        x += step
        if abs(step) <= mp.ldexp(1 + abs(x), 4 - mp.prec):
            return x
    raise ArithmeticError(f"the quantile at {mp.nstr(q)} did not settle")


def gumbel_moment(n: int) -> sp.Expr:
    """Return the n-th central moment of a Gumbel variable, from its cumulants (n-1)! zeta(n).

    Raises:
      DomainError: for n < 0.
    """
    if n < 0:
        raise DomainError(f"the order of a central moment must be an integer >= 0; got {n}")
    moments: list[sp.Expr] = [sp.Integer(1), sp.Integer(0)]
    for order in range(2, n + 1):
        # mu_n = sum_k C(n-1, k-1) kappa_k mu_{n-k}, and kappa_1 = 0 about the mean
        moments.append(
            sp.expand(
                sp.Add(
                    *(
                        sp.binomial(order - 1, k - 1)
                        * sp.factorial(k - 1)
                        * sp.zeta(k)
                        * moments[order - k]
                        for k in range(2, order + 1)
                    )
                )
            )
        )
    return moments[n]


@cache
def squared_quantile_derivative(n: int) -> tuple[sp.Expr, sp.Symbol, sp.Symbol]:
    """Return (g^(n), x, m): the n-th derivative of g(y) = x^2, Pr(N(0,1) > x) = e^-y.

    It is a polynomial in x and Mills' ratio m = Pr(N(0,1) > x)/phi(x), by dx/dy = m and
    dm/dx = x m - 1.
    """
    x, mills = sp.symbols("x m", positive=True)
    if n == 0:
        return x**2, x, mills
    before, _, _ = squared_quantile_derivative(n - 1)
    slope = before.diff(x) + (x * mills - 1) * before.diff(mills)
    return sp.expand(mills * slope), x, mills


def second_moment(K: sp.Expr, terms: int = TERMS) -> sp.Expr:
    """Return sum_{n <= terms} g^(n)(y0) mu_n/n! at y0 = ln K + gamma: M_K for large K.

    Args:
      K: the rank, a number or a symbol; at least 2, so that the quantile x0 at tail probability
        e^-y0 is positive.
      terms: the last n, an integer >= 0; mu_1 = 0, so that 0 and 1 are the same.

    Returns:
      An expression in the quantile x0 (``UpperQuantile``); what is left out is of the order of
      the next term, itself (ln K)^-n, and 1/K.
    """
    tail = sp.exp(-sp.EulerGamma) / K
    x0 = UpperQuantile(tail)
    mills0 = tail * sp.sqrt(2 * sp.pi) * sp.exp(x0**2 / 2)
    total = []
    for n in range(terms + 1):
        derivative, x, mills = squared_quantile_derivative(n)
        value = derivative.xreplace({x: x0, mills: mills0})
        total.append(value * gumbel_moment(n) / sp.factorial(n))
    return sp.Add(*total)


def second_moment_remainder(K: sp.Expr, terms: int = TERMS) -> sp.Expr:
    """Return an estimate, from above, of |M_K less its expansion of so many terms|.

    2/K bounds what the Gumbel variable neglects, which is proved; twice the next term
    stands for the rest of an expansion whose remainder is proved to be of that order, the factor
    2 being checked against certified values.
    """
    following = second_moment(K, terms + 1) - second_moment(K, terms)
    return 2 / K + 2 * sp.Abs(following)


@cache
def _elementary(terms: int) -> sp.Expr:
    """M_K - 2 y0 + ell as a polynomial in epsilon = 1/(2 y0) and ell = ln(4 pi y0)."""

    def cut(expr: sp.Expr) -> sp.Expr:
        polynomial = sp.Poly(sp.expand(expr), _EPS)
        return sp.Add(*(c * _EPS**k for (k,), c in polynomial.terms() if k <= terms))

    def log1p(expr: sp.Expr) -> sp.Expr:
        power, total = sp.Integer(1), sp.Integer(0)
        for k in range(1, terms + 1):
            power = cut(power * expr)
            total += sp.Rational((-1) ** (k + 1), k) * power
        return cut(total)

    # With q = 1/g, minus the logarithm of the tail phi(x)/x (1 - q + 3 q^2 - 15 q^3 ...) is y:
    # g = 2y - ln(2 pi g) + 2 ln(1 - q + ...). Each pass gains a power of epsilon.
    rest = -_ELL  # g - 2y
    for _ in range(terms + 1):
        relative = cut(_EPS * rest)  # g = 2y (1 + relative)
        inverse, power = sp.Integer(0), sp.Integer(1)
        for _k in range(terms + 1):
            inverse = cut(inverse + _EPS * power)
            power = cut(-power * relative)
        series = sp.Add(
            *((-1) ** k * sp.factorial2(2 * k - 1) * inverse**k for k in range(1, terms + 1))
        )
        rest = cut(-_ELL - log1p(relative) + 2 * log1p(cut(series)))
    total, derivative = rest, 2 + _slope(rest)
    for n in range(2, 2 * terms + 2):
        derivative = cut(_slope(derivative))
        total += derivative * gumbel_moment(n) / sp.factorial(n)
    return sp.collect(cut(total + _ELL), _EPS)


def _slope(expr: sp.Expr) -> sp.Expr:
    """d/dy of an expression in ell = ln(4 pi y) and epsilon = 1/(2y)."""
    return sp.expand(2 * _EPS * expr.diff(_ELL) - 2 * _EPS**2 * expr.diff(_EPS))


def second_moment_elementary(K: sp.Expr, terms: int = ELEMENTARY_TERMS) -> sp.Expr:
    """Return M_K for large K in logarithms: 2 y0 - ell + e (ell - 2) + ..., e = 1/(2 y0).

    Args:
      K: the rank, a number or a symbol; ell = ln(4 pi y0), y0 = ln K + gamma.
      terms: the last power of e, an integer >= 0. What is left out is of order ell^(n+1) e^(n+1),
        which falls only with the logarithm of K.
    """
    y0 = sp.log(K) + sp.EulerGamma
    tail = _elementary(terms).xreplace({_ELL: sp.log(4 * sp.pi * y0), _EPS: 1 / (2 * y0)})
    return 2 * y0 - sp.log(4 * sp.pi * y0) + tail


def second_moment_elementary_remainder(K: sp.Expr, terms: int = ELEMENTARY_TERMS) -> sp.Expr:
    """Return (ell e)^(terms+1) + 1/K, the order of what the elementary form leaves out.

    That it bounds it is checked against certified values, not proved.
    """
    y0 = sp.log(K) + sp.EulerGamma
    return (sp.log(4 * sp.pi * y0) / (2 * y0)) ** (terms + 1) + 1 / K


@cache
def smallest_coefficients(terms: int) -> tuple[sp.Expr, ...]:
    """Return (2n)! g_n for n = 1..terms, x^2 = sum_n g_n u^{2n} at Pr(|N(0,1)| <= x) = u.

    The power series x = sqrt(pi/2) sum_k b_k (sqrt(pi/2) u)^{2k+1} solves x'' = x x'^2, so that
    b_k = sum_{i+j+l = k-1} b_i b_j b_l (2j+1)(2l+1) / ((2k+1)(2k)): positive rationals.
    """
    b = [sp.Integer(1)]
    for k in range(1, terms):
        inner = sp.Add(
            *(
                b[i] * b[j] * b[k - 1 - i - j] * (2 * j + 1) * (2 * (k - 1 - i - j) + 1)
                for i in range(k)
                for j in range(k - i)
            )
        )
        b.append(inner / ((2 * k + 1) * (2 * k)))
    return tuple(
        sp.factorial(2 * n) * sp.Add(*(b[i] * b[n - 1 - i] for i in range(n))) * (sp.pi / 2) ** n
        for n in range(1, terms + 1)
    )


def chi2_smallest_mean(K: sp.Expr, terms: int = TERMS) -> sp.Expr:
    """Return pi/((K+1)(K+2)) + 2 pi^2/((K+1)...(K+4)) + ...: S_K for large K.

    All terms are positive and the series converges to S_K at every K >= 1, so that its partial sums
    are lower bounds of S_K.

    Args:
      K: the rank, a number or a symbol.
      terms: how many terms, an integer >= 1.
    """
    coefficients = enumerate(smallest_coefficients(terms), start=1)
    return sp.Add(*(value / _rising(K, 2 * n) for n, value in coefficients))


def chi2_smallest_remainder(K: sp.Expr, terms: int = TERMS) -> sp.Expr:
    """Return a bound of S_K less its first terms, proved for K >= ``SMALLEST_FROM``.

    What is left out, times (K+1)...(K+2 terms+2), falls with K; at ``SMALLEST_FROM`` it is known
    from S_K itself.
    """
    start = sp.Integer(SMALLEST_FROM)
    left_out = SmallestChi2Moment(start, 1) - chi2_smallest_mean(start, terms)
    factors = 2 * terms + 2
    return left_out * _rising(start, factors) / _rising(K, factors)


def chi2_largest_gap(K: sp.Expr) -> sp.Expr:
    """Return a proved bound of |L_K - M_{2K}|: 1/(2K-1)."""
    return 1 / (2 * K - 1)


def _rising(K: sp.Expr, factors: int) -> sp.Expr:
    """(K+1)(K+2)...(K+factors)."""
    return sp.Mul(*(K + i for i in range(1, factors + 1)))
