"""P_m, A_m and B_m: closed forms, ends, derivatives and values against naive quadrature."""

import mpmath as mp
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from maxout.theory import symbols
from maxout.theory.errors import MaxoutError
from maxout.theory.order.orthant import (
    HalfNormalProbability,
    HalfNormalSurvival,
    OrthantProbability,
    is_closed,
)

R = sp.Rational
KINDS = (OrthantProbability, HalfNormalProbability, HalfNormalSurvival)
CORRELATIONS = [R(1, 1000), R(1, 4), R(1, 2), R(9, 10), sp.sqrt(2) / 2]


def number(expr: sp.Expr, digits: int = 30):
    return mp.mpf(sp.N(expr, digits)._mpf_)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("rho", CORRELATIONS, ids=str)
def test_closed_and_named_values_agree_with_naive_quadrature(oracle, kind, rho) -> None:
    reference = {
        OrthantProbability: oracle.orthant,
        HalfNormalProbability: oracle.half_normal,
        HalfNormalSurvival: lambda m, rho: oracle.half_normal(m, rho, survival=True),
    }[kind]
    with mp.workdps(30):
        for m in range(7):
            expected = reference(m, number(rho))
            value = kind(m, rho)
            assert is_closed(value) == (m <= kind.closed_up_to or rho == R(1, 2)), m
            # the naive rule reaches about 20 digits on its fixed intervals
            assert abs(number(value) - expected) < mp.mpf(10) ** -18, m


@pytest.mark.parametrize("m", [2, 3, 4, 5, 6, 7])
def test_negative_correlations_down_to_the_least(oracle, m) -> None:
    with mp.workdps(30):
        for share in (R(1, 100), R(1, 3), R(2, 3), R(4, 5)):
            rho = -share / (m - 1)
            expected = oracle.orthant(m, number(rho))
            assert abs(number(OrthantProbability(m, rho)) - expected) < mp.mpf(10) ** -15, share
    assert OrthantProbability(m, R(-1, m - 1)) == 0


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("digits", [15, 50, pytest.param(200, marks=pytest.mark.slow)])
def test_evalf_reaches_any_precision(kind, digits) -> None:
    """The closed form in dilogarithms and the quadrature share nothing."""
    m, rho = kind.closed_up_to, R(2, 7)
    held = kind(m, rho, evaluate=False)
    assert not is_closed(held)
    assert is_closed(kind(m, rho))
    gap = abs(held.evalf(digits) - kind(m, rho).evalf(digits + 5))
    assert gap < 10 ** sp.Integer(1 - digits)


def test_an_unevaluated_probability_prints_as_itself_and_has_a_value(oracle) -> None:
    named = OrthantProbability(6, R(1, 4))
    assert str(named) == "P_6(1/4)"
    assert sp.latex(named) == r"P_{6}\left(\frac{1}{4}\right)"
    assert sp.pretty(named, use_unicode=True).startswith("P₆")
    assert sp.srepr(named) == "OrthantProbability(Integer(6), Rational(1, 4))"
    names = {**vars(sp), "OrthantProbability": OrthantProbability}
    assert eval(sp.srepr(named), names) == named  # what srepr promises; our own string
    assert str(OrthantProbability(symbols.K - 3, R(1, 4))) == "P_{K - 3}(1/4)"
    assert sp.latex(named**2) == r"P_{6}^{2}\left(\frac{1}{4}\right)"
    with mp.workdps(30):
        assert abs(number(named) - oracle.orthant(6, mp.mpf(1) / 4)) < mp.mpf(10) ** -18


@pytest.mark.parametrize("m", [1, 3, 5, 7, 9, 13])
def test_odd_probabilities_reduce_to_even_ones(m) -> None:
    named = OrthantProbability(m, R(1, 5), evaluate=False)
    reduced = sp.expand_func(named)
    sizes = {p.args[0] for p in reduced.atoms(OrthantProbability)}
    assert all(k % 2 == 0 and k < m for k in sizes)
    # apart: SymPy would chase a difference that is zero through ever higher precision
    assert abs(sp.N(reduced, 20) - sp.N(named, 20)) < 1e-19


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("m", [1, 2, 3, 6])
def test_derivative_against_finite_differences(kind, m) -> None:
    """Central differences of the quadrature at 60 digits; the step's own error is h^2."""
    rho, h = R(3, 10), R(1, 10**20)
    high, low = (kind(m, rho + d, evaluate=False).evalf(60) for d in (h, -h))
    slope = kind(m, symbols.rho, evaluate=False).fdiff(2).subs(symbols.rho, rho)
    assert abs((high - low) / (2 * h) - slope.evalf(40)) < sp.Float(10) ** -30


def test_even_half_normals_are_orthant_probabilities() -> None:
    for m in (2, 4, 6):
        named = HalfNormalProbability(m, R(1, 4), evaluate=False)
        through = named.rewrite(OrthantProbability)
        assert through.has(OrthantProbability) == (m > 4)
        assert abs(sp.N(named, 20) - sp.N(through, 20)) < 1e-19
    odd = HalfNormalProbability(5, R(1, 4))
    assert odd.rewrite(OrthantProbability) == odd


def test_ends() -> None:
    m = symbols.m
    assert OrthantProbability(m, 0) == R(1, 2) ** m
    assert OrthantProbability(7, 1) == R(1, 2)
    for kind in KINDS:
        assert kind(m, R(1, 2)) == 1 / (m + 1)
        assert kind(0, symbols.rho) == 1
    assert (HalfNormalProbability(3, 0), HalfNormalProbability(3, 1)) == (0, 1)
    assert (HalfNormalSurvival(3, 0), HalfNormalSurvival(3, 1)) == (1, 0)


@given(st.integers(0, 8), st.fractions(0, 1, max_denominator=50))
@settings(derandomize=True, deadline=None, max_examples=12)
def test_inclusion_and_exclusion(m, fraction) -> None:
    """B_m = sum_k (-1)^k C(m, k) A_k at every correlation."""
    rho = R(fraction.numerator, fraction.denominator)
    terms = ((-1) ** k * sp.binomial(m, k) * HalfNormalProbability(k, rho) for k in range(m + 1))
    total = sp.N(sp.Add(*terms), 15)
    assert abs(sp.N(HalfNormalSurvival(m, rho), 15) - total) < 1e-13


@given(st.integers(2, 40), st.fractions(0, 1, max_denominator=50))
@settings(derandomize=True, deadline=None, max_examples=12)
def test_more_normals_are_less_likely_all_positive(m, fraction) -> None:
    rho = R(fraction.numerator, fraction.denominator)
    larger, smaller = (OrthantProbability(k, rho).evalf(15) for k in (m, m + 1))
    assert R(1, 2) ** m * (1 - R(1, 10**12)) <= larger
    assert smaller <= larger * (1 + R(1, 10**12))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_bad_input(kind) -> None:
    for m, rho in ((-1, R(1, 4)), (R(1, 2), R(1, 4)), (3, 2), (3, -1), (3, sp.I), (3, sp.nan)):
        with pytest.raises(MaxoutError, match="needs"):
            kind(m, rho)
    with pytest.raises(MaxoutError, match=r"-1/3 to 1"):
        OrthantProbability(4, R(-1, 2))
