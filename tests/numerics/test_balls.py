"""SymPy trees in balls: every node kind against mpmath, and trees that are refused."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import pytest
import sympy as sp
from flint import arb, ctx

from maxout.numerics.balls.evaluator import MAX_TERMS, ball, enclose
from maxout.numerics.order import orthant_balls
from maxout.theory.errors import MaxoutError
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.order.orthant import (
    HalfNormalProbability,
    HalfNormalSurvival,
    OrthantProbability,
)

x, i, j, L = sp.symbols("x i j L")
n = sp.IndexedBase("n")
HALF = sp.Rational(1, 2)


def _unevaluated(f: type, *arguments: object) -> sp.Expr:
    return f(*map(sp.sympify, arguments), evaluate=False)


# name -> expression, and its value by mpmath at the precision it finds
NODES: dict[str, tuple[sp.Expr, Callable[[], Any]]] = {
    "integer": (sp.Integer(10**30), lambda: mpmath.mpf(10**30)),
    "rational": (sp.Rational(-7, 3), lambda: mpmath.mpf(-7) / 3),
    "float": (sp.Float("0.5"), lambda: mpmath.mpf("0.5")),
    "pi": (sp.pi, lambda: +mpmath.pi),
    "e": (sp.E, lambda: +mpmath.e),
    "euler": (sp.EulerGamma, lambda: +mpmath.euler),
    "catalan": (sp.Catalan, lambda: +mpmath.catalan),
    "power": (sp.Pow(3, sp.Rational(5, 2), evaluate=False), lambda: mpmath.mpf(3) ** 2.5),
    "root": (sp.Pow(2, sp.Rational(1, 3)), lambda: mpmath.cbrt(2)),
    "inverse": (sp.Pow(7, -2, evaluate=False), lambda: mpmath.mpf(1) / 49),
    "exponential": (sp.exp(sp.sqrt(2)), lambda: mpmath.exp(mpmath.sqrt(2))),
    "complex": (sp.re(sp.sqrt(-3 + 4 * sp.I, evaluate=False)), lambda: mpmath.mpf(1)),
    "imaginary": (_unevaluated(sp.im, sp.log(-2, evaluate=False)), lambda: +mpmath.pi),
    "abs": (_unevaluated(sp.Abs, -3), lambda: mpmath.mpf(3)),
    "max": (_unevaluated(sp.Max, 2, sp.pi), lambda: +mpmath.pi),
    "min": (_unevaluated(sp.Min, 2, sp.pi), lambda: mpmath.mpf(2)),
    "factorial2 odd": (_unevaluated(sp.factorial2, 9), lambda: mpmath.mpf(945)),
    "factorial2 even": (_unevaluated(sp.factorial2, 8), lambda: mpmath.mpf(384)),
    "factorial": (_unevaluated(sp.factorial, 20), lambda: mpmath.factorial(20)),
    "binomial": (_unevaluated(sp.binomial, 10**6, 10**6 - 2), lambda: mpmath.binomial(10**6, 2)),
    "binomial half": (_unevaluated(sp.binomial, HALF, 3), lambda: mpmath.binomial(0.5, 3)),
    "binomial zero": (_unevaluated(sp.binomial, 3, 5), lambda: mpmath.mpf(0)),
    "rising": (_unevaluated(sp.RisingFactorial, HALF, 4), lambda: mpmath.rf(0.5, 4)),
    "falling": (_unevaluated(sp.FallingFactorial, 9, 3), lambda: mpmath.mpf(504)),
    "polylog": (_unevaluated(sp.polylog, 2, HALF), lambda: mpmath.polylog(2, 0.5)),
    "polygamma": (_unevaluated(sp.polygamma, 1, sp.Rational(3, 4)), lambda: mpmath.psi(1, 0.75)),
    "zeta": (_unevaluated(sp.zeta, 3), lambda: mpmath.zeta(3)),
    "M": (LargestNormalMoment(3, 2), lambda: 1 + mpmath.sqrt(3) / (2 * mpmath.pi)),
    "L": (LargestChi2Moment(2, 1), lambda: 1 + 2 / mpmath.pi),
    "S": (SmallestChi2Moment(2, 1), lambda: 1 - 2 / mpmath.pi),
}
ONE_ARGUMENT = {
    "exp": 1.25, "log": 1.25, "sin": 1.25, "cos": 1.25, "tan": 1.25, "asin": 0.25, "acos": 0.25,
    "atan": 1.25, "sinh": 1.25, "cosh": 1.25, "tanh": 1.25, "erf": 0.75, "erfc": 0.75,
    "gamma": 2.75, "loggamma": 2.75, "digamma": 2.75, "ceiling": 2.75, "floor": 2.75,
}  # fmt: skip


@pytest.mark.parametrize("name", NODES)
def test_nodes(name: str) -> None:
    expr, value = NODES[name]
    found = enclose(expr, digits=30)
    assert found.certified
    with mpmath.workdps(50):
        known = value()
        assert abs(mpmath.mpf(found.midpoint) - known) <= mpmath.mpf(10) ** -29 * (1 + abs(known))


@pytest.mark.parametrize("name", ONE_ARGUMENT)
def test_functions_of_one_argument(name: str) -> None:
    at = Fraction(ONE_ARGUMENT[name])
    found = enclose(getattr(sp, name)(x), {x: at}, digits=30)
    mp_name = {"ceiling": "ceil"}.get(name, name)
    with mpmath.workdps(50):
        known = getattr(mpmath, mp_name)(mpmath.mpf(at.numerator) / at.denominator)
        assert abs(mpmath.mpf(found.midpoint) - known) <= mpmath.mpf(10) ** -28 * (1 + abs(known))


@pytest.mark.parametrize("m", range(6))
@pytest.mark.parametrize("rho", [sp.Rational(1, 4), sp.Rational(-1, 7), sp.Rational(9, 10)])
def test_probabilities_against_the_theory(m: int, rho: sp.Rational) -> None:
    """The balls integrate; the theory has closed forms up to m = 5."""
    functions = {OrthantProbability: orthant_balls.orthant_ball}
    if rho > 0:
        functions[HalfNormalProbability] = orthant_balls.half_normal_ball
        functions[HalfNormalSurvival] = orthant_balls.half_normal_survival_ball
    for function, enclosing in functions.items():
        exact = function(m, rho)
        with ctx.workprec(150):
            found = enclosing(m, arb(int(rho.p)) / int(rho.q))
        known = sp.N(exact, 35)
        with mpmath.workdps(35):
            middle = mpmath.mpf(found.mid().str(35, radius=False))
            assert abs(middle - known._to_mpmath(120)) < mpmath.mpf(10) ** -30
        assert found.rad() < arb(10) ** -35


def test_sums_and_products_over_layers() -> None:
    widths = (3, 5, 7, 2)
    total = sp.Sum(1 / n[i], (i, 1, L - 1))
    assert Fraction(1, 5) + Fraction(1, 7) in enclose(total, {n: widths, L: 3})
    assert 105 in enclose(sp.Product(n[i], (i, 0, L - 2)), {n: widths, L: 4})
    nested = sp.Sum(sp.Product(n[j], (j, 0, i - 1)), (i, 0, 3))  # 1 + 3 + 15 + 105
    assert 124 in enclose(nested, {n: widths})
    double = sp.Sum(i * j, (j, 1, i), (i, 1, 4))
    assert sum(a * b for a in range(1, 5) for b in range(1, a + 1)) in enclose(double)
    shadow = sp.Sum(x + sp.Sum(x, (x, 1, 2)), (x, 1, 3))
    assert 15 in enclose(shadow, {x: 100})
    assert 0 in enclose(sp.Sum(x, (x, 1, L)), {L: 0})
    assert 1 in enclose(sp.Product(x, (x, 1, L)), {L: 0})


@pytest.mark.parametrize(
    ("expr", "env", "error", "message"),
    [
        (x, {}, LookupError, "no value is given for x"),
        (x, {x: 0.1}, TypeError, "must be an int, Fraction, SymPy expression or arb; got float"),
        (n[0], {}, LookupError, "no values are given for n"),
        (n[4], {n: (1, 2)}, LookupError, r"its indices are 0..1"),
        (sp.sqrt(x), {x: -2}, ArithmeticError, "is complex"),
        (sp.Sum(x, (x, 1, L)), {L: -3}, ArithmeticError, "runs backwards"),
        (sp.Sum(x, (x, 1, L)), {L: sp.pi}, ArithmeticError, "an integer is expected"),
        (sp.Sum(x, (x, 1, L)), {L: 10 * MAX_TERMS}, MaxoutError, "at most"),
        (sp.besselj(0, x), {x: 1}, TypeError, "no ball is known for besselj"),
        (sp.Integral(x), {}, TypeError, "an integral over one range"),
        (sp.Integral(x * n[0], (x, 0, 1), (n[0], 0, 1)), {}, TypeError, "over one range"),
        (
            LargestNormalMoment(L, 2),
            {L: sp.Rational(5, 2)},
            ArithmeticError,
            "an integer is expected",
        ),
        (LargestNormalMoment(L, 2), {L: 0}, ArithmeticError, "rank >= 1"),
        (sp.RisingFactorial(x, L), {x: 1, L: 10**7}, MaxoutError, "rising factorial has"),
        (sp.factorial2(L), {L: -4}, MaxoutError, "double factorial is taken"),
        (OrthantProbability(L, x), {L: 3, x: 2}, ArithmeticError, "P_m needs"),
        (HalfNormalProbability(L, x), {L: 3, x: -1}, ArithmeticError, "A_m needs"),
        (HalfNormalSurvival(L, x), {L: 3, x: 2}, ArithmeticError, "B_m needs"),
    ],
)
def test_bad_trees(expr: sp.Expr, env: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        enclose(expr, env)


def test_text_is_not_read() -> None:
    with pytest.raises(sp.SympifyError):
        enclose("__import__('os')")
    with pytest.raises(sp.SympifyError):
        ball("1 + 1")


@pytest.mark.parametrize("exponent", [2, 3, 7])
def test_integer_powers_of_a_ball_about_zero(exponent: int) -> None:
    """sqrt(x) - sqrt(1-x) at x = 1/2 is a ball about 0, and so are its powers: no NaN."""
    zero = sp.sqrt(x) - sp.sqrt(1 - x)
    found = enclose(1 + zero**exponent + zero ** (2 * exponent), {x: HALF}, digits=20)
    assert abs(float(found) - 1) < 1e-20
    assert float(found.radius) < 1e-20
