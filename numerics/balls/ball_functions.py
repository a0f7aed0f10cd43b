"""The functions that the ball interpreter knows, as maps of balls (``arb``, or ``acb``)."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import sympy as sp
from flint import acb, arb

from maxout.theory.errors import DomainError

MAX_FACTORS = 10**6  # of a factorial-like product with integer length


def power(base: Any, exponent: Any) -> Any:
    """Principal value of base^exponent; exact integer and half-integer exponents specially."""
    if isinstance(exponent, arb) and exponent.is_integer():
        whole = exponent.unique_fmpz()
        if isinstance(base, arb) and base.contains(0):
            # arb's own power goes through a logarithm, which is NaN for a ball about 0.
            return (acb(base) ** whole).real
        return base**whole
    if isinstance(base, arb) and isinstance(exponent, arb):
        doubled = 2 * exponent
        if doubled.is_integer() and not base < 0:
            return base.sqrt() ** doubled.unique_fmpz()
        if base == 0 and exponent > 0:
            return arb(0)
        if not base < 0:
            return base**exponent
    return acb(base) ** acb(exponent)


def _integer(value: Any, name: str) -> int:
    if isinstance(value, arb) and value.is_integer():
        return int(value.unique_fmpz())
    raise ArithmeticError(f"{name} must be an integer; got {value}")


def _method(name: str, *domain: Callable[[arb], bool]) -> Callable[[Any], Any]:
    """The ball's own method; complex where a real argument certainly lies outside the domain."""

    def rule(x: Any) -> Any:
        outside = isinstance(x, arb) and any(not_in(x) for not_in in domain)
        return getattr(acb(x) if outside else x, name)()

    return rule


def _negative(x: arb) -> bool:
    return bool(x < 0)


def _beyond_one(x: arb) -> bool:
    return bool(x > 1) or bool(x < -1)


def _rising(x: Any, count: Any) -> Any:
    k = _integer(count, "the length of a rising factorial")
    if not 0 <= k <= MAX_FACTORS:
        raise DomainError(f"a rising factorial has 0 to {MAX_FACTORS:,} factors; got {k}")
    return x.rising(k)


def _factorial(n: Any) -> Any:
    return (n + 1).gamma()


def _falling(x: Any, count: Any) -> Any:
    return _rising(x - count + 1, count)


def _binomial(n: Any, k: Any) -> Any:
    """C(n, k) for integer k; of k and n - k the smaller counts the factors."""
    chosen = _integer(k, "the lower index of a binomial coefficient")
    if isinstance(n, arb) and n.is_integer() and n >= 0:
        chosen = min(chosen, int(n.unique_fmpz()) - chosen)
    if chosen < 0:
        return arb(0)
    return _falling(n, arb(chosen)) / _factorial(arb(chosen))


def _double_factorial(n: Any) -> arb:
    k = _integer(n, "the argument of a double factorial")
    if not -1 <= k <= 2 * MAX_FACTORS:
        raise DomainError(f"a double factorial is taken of -1 to {2 * MAX_FACTORS:,}; got {k}")
    half = (k + 1) // 2
    if k % 2:  # (2h-1)!! = 2^h (1/2)_h
        return arb(2) ** half * (arb(1) / 2).rising(half)
    return arb(2) ** half * _factorial(arb(half))


def _polygamma(order: Any, x: Any) -> Any:
    n = _integer(order, "the order of polygamma")
    if n == 0:
        return x.digamma()
    value = acb(x).polygamma(n)
    return value.real if isinstance(x, arb) else value


def _polylog(order: Any, z: Any) -> Any:
    value = acb(z).polylog(acb(order))
    # Li_s is real on the real line left of 1.
    return value.real if isinstance(z, arb) and z <= 1 else value


def _real(z: Any) -> arb:
    return z.real if isinstance(z, acb) else z


def _imaginary(z: Any) -> arb:
    return z.imag if isinstance(z, acb) else arb(0)


FUNCTIONS: dict[type, Callable[..., Any]] = {
    type(sp.pi): arb.pi,
    type(sp.E): arb.const_e,
    type(sp.EulerGamma): arb.const_euler,
    type(sp.Catalan): arb.const_catalan,
    type(sp.I): lambda: acb(0, 1),
    sp.exp: _method("exp"),
    sp.log: _method("log", _negative),
    sp.sin: _method("sin"),
    sp.cos: _method("cos"),
    sp.tan: _method("tan"),
    sp.asin: _method("asin", _beyond_one),
    sp.acos: _method("acos", _beyond_one),
    sp.atan: _method("atan"),
    sp.sinh: _method("sinh"),
    sp.cosh: _method("cosh"),
    sp.tanh: _method("tanh"),
    sp.erf: _method("erf"),
    sp.erfc: _method("erfc"),
    sp.gamma: _method("gamma"),
    sp.loggamma: _method("lgamma", _negative),
    sp.digamma: _method("digamma"),
    sp.polygamma: _polygamma,
    sp.polylog: _polylog,
    sp.zeta: lambda s, *a: s.zeta(*a),
    sp.factorial: _factorial,
    sp.factorial2: _double_factorial,
    sp.binomial: _binomial,
    sp.RisingFactorial: _rising,
    sp.FallingFactorial: _falling,
    sp.Abs: abs,
    sp.ceiling: _method("ceil"),
    sp.floor: _method("floor"),
    sp.re: _real,
    sp.im: _imaginary,
    sp.Max: lambda *balls: reduce(lambda a, b: a.max(b), balls),
    sp.Min: lambda *balls: reduce(lambda a, b: a.min(b), balls),
}
