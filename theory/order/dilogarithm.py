"""Closed forms of P_2..P_5 and A_1..A_4 at a correlation rho, elementary and in dilogarithms.

Source: this project, docs/order-statistics.md (orthant, chi2), where both dilogarithm forms are
proved. The principal branch of polylog(2, .) is right throughout: every argument has modulus < 1.
"""

from __future__ import annotations

import sympy as sp

from maxout.theory.errors import DomainError

_PI = sp.pi
CLOSED_ORTHANT = 5  # P_m is closed for m up to this
CLOSED_HALF_NORMAL = 4  # A_m, and with it B_m, likewise


def orthant(m: int, rho: sp.Expr) -> sp.Expr:
    """Return P_m(rho) for m = 0..5, in asin(rho) and, for m = 4 and 5, dilogarithms.

    Raises:
      DomainError: for m > 5, where no closed form is known.
    """
    if m > CLOSED_ORTHANT:
        raise DomainError(f"P_m has a known closed form for m <= {CLOSED_ORTHANT}; got {m}")
    if m <= 1:
        return sp.Integer(1) / (m + 1)
    if m == 2:
        return sp.Rational(1, 4) + sp.asin(rho) / (2 * _PI)
    if m == 4:
        return _orthant_4(rho)
    return distribute(odd_orthant(m, [orthant(k, rho) for k in range(m)]))


def odd_orthant(m: int, smaller: list[sp.Expr]) -> sp.Expr:
    """Return P_m for odd m from P_0..P_{m-1}.

    Pr(all > 0) = Pr(all < 0) = sum_k (-1)^k C(m, k) P_k by inclusion and exclusion; for odd m the
    last term is -P_m.
    """
    return sp.Add(*((-1) ** k * sp.binomial(m, k) * p for k, p in enumerate(smaller))) / 2


def half_normal(m: int, rho: sp.Expr) -> sp.Expr:
    """Return A_m(rho) for m = 0..4, in arcsines and, for m = 3 and 4, dilogarithms.

    Raises:
      DomainError: for m > 4, where no closed form is known.
    """
    if m > CLOSED_HALF_NORMAL:
        raise DomainError(f"A_m has a known closed form for m <= {CLOSED_HALF_NORMAL}; got {m}")
    if m == 1:
        return 2 / _PI * sp.asin(sp.sqrt(rho))
    if m == 3:
        return _half_normal_3(rho)
    return distribute(even_half_normal([orthant(k, rho) for k in range(m + 1)]))


def even_half_normal(orthants: list[sp.Expr]) -> sp.Expr:
    """Return A_m for even m from P_0..P_m: the mean of (1 - 2 Phi(Y))^m, expanded."""
    m = len(orthants) - 1
    return sp.Add(*((-2) ** k * sp.binomial(m, k) * p for k, p in enumerate(orthants)))


def distribute(expr: sp.Expr) -> sp.Expr:
    """Multiply out sums, at the top only: what stands inside a function is left as it is."""
    return sp.expand(expr, deep=False)


def _orthant_4(rho: sp.Expr) -> sp.Expr:
    # X solves rho = X/(1 - X + X^2), |X| < 1.
    x = _ratio(sp.sqrt(1 + 3 * rho), sp.sqrt(1 - rho), rho)
    angle = sp.asin(rho)
    return sp.Add(
        sp.Rational(1, 16),
        3 * angle / (4 * _PI),
        -3 * angle**2 / (4 * _PI**2),
        3 * _re_dilog(x, rho) / _PI**2,
        -3 * _dilog(x**2) / (4 * _PI**2),
        -_dilog(x**3) / (2 * _PI**2),
        _dilog(-(x**3)) / (2 * _PI**2),
    )


def _half_normal_3(rho: sp.Expr) -> sp.Expr:
    # X solves rho = (1 + X)^2 / (2 (1 + X^2)), |X| < 1.
    x = _ratio(sp.sqrt(rho), sp.sqrt(1 - rho), rho)
    angle = sp.asin(rho)
    return sp.Add(
        -sp.Rational(1, 6),
        3 * angle / _PI,
        -3 * angle**2 / _PI**2,
        12 * _re_dilog(x, rho) / _PI**2,
        3 * _dilog(-(x**2)) / _PI**2,
        -2 * _dilog(x**3) / _PI**2,
        -6 * _dilog(x) / _PI**2,
    )


def _ratio(a: sp.Expr, b: sp.Expr, rho: sp.Expr) -> sp.Expr:
    """(a - b)/(a + b), with a rational denominator where rho is rational."""
    if a == b:  # at X = 0 the rational denominator is 0
        return sp.Integer(0)
    if not rho.is_Rational:
        return (a - b) / (a + b)
    return sp.expand(sp.expand((a - b) ** 2) / sp.expand(a**2 - b**2))


def _dilog(z: sp.Expr) -> sp.Expr:
    # Unevaluated: SymPy would compare z with a table of special values by simplification, which
    # takes seconds and never hits.
    z = sp.expand(z) if z.is_number else z
    if z == 0:  # SymPy does not come back from the value of re(polylog(2, 0))
        return sp.Integer(0)
    return sp.polylog(2, z, evaluate=False)


def _re_dilog(x: sp.Expr, rho: sp.Expr) -> sp.Expr:
    """Re Li_2(X e^{i theta}) at theta = acos(rho)."""
    return sp.re(_dilog(x * (rho + sp.I * sp.sqrt(1 - rho**2))))
