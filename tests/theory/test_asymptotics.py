"""Large-rank expansions against certified moments, and what they say they neglect."""

import math

import mpmath as mp
import pytest
import sympy as sp

from maxout.numerics.balls.evaluator import enclose
from maxout.theory.errors import MaxoutError
from maxout.theory.order import asymptotics
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.symbols import K

RANKS = (10, 30, 100, 10**3, 10**6, 10**9, 10**12, 10**15)


def gap(moment: sp.Expr, form: sp.Expr, rank: int) -> float:
    """moment - form at a rank; certified, so that a small gap is no rounding."""
    value = enclose(moment - form, {K: rank}, 12)
    assert value.certified
    return float(value)


@pytest.mark.parametrize("rank", RANKS)
def test_what_is_neglected_is_within_what_is_stated(rank) -> None:
    second = LargestNormalMoment(K, 2)
    for form, remainder in (
        (asymptotics.second_moment(K), asymptotics.second_moment_remainder(K)),
        (
            asymptotics.second_moment_elementary(K),
            asymptotics.second_moment_elementary_remainder(K),
        ),
    ):
        stated = float(enclose(remainder, {K: rank}, 12))
        assert abs(gap(second, form, rank)) < stated
    largest = gap(LargestChi2Moment(K, 1), LargestNormalMoment(2 * K, 2), rank)
    assert abs(largest) <= float(enclose(asymptotics.chi2_largest_gap(K), {K: rank}, 12))
    if rank == 10**15:
        return  # S_K and its series agree there to 87 digits, more than the balls are asked for
    smallest = gap(SmallestChi2Moment(K, 1), asymptotics.chi2_smallest_mean(K), rank)
    stated = float(enclose(asymptotics.chi2_smallest_remainder(K), {K: rank}, 12))
    assert 0 < smallest <= stated * (1 + 1e-9)  # equal at the rank that it was taken from


@pytest.mark.parametrize("rank", [2, 3, 10, 1000, 10**9])
def test_the_quantile_alone_is_a_lower_bound(rank) -> None:
    assert gap(LargestNormalMoment(K, 2), asymptotics.second_moment(K, 0), rank) > 0


def test_each_term_is_of_its_order() -> None:
    """The remainder after n terms falls like (ln K)^-(n+1): in ratio over a doubling of ln K."""
    for terms in (0, 2, 3, 4):
        first, second = (
            gap(LargestNormalMoment(K, 2), asymptotics.second_moment(K, terms), rank)
            for rank in (10**7, 10**14)
        )
        order = math.log2(abs(first / second))
        # mu_1 = 0: without a second term the remainder is that of two
        assert abs(order - (max(terms, 1) + 1)) < 0.5, terms


def test_the_leading_terms_are_those_known() -> None:
    y0 = sp.log(K) + sp.EulerGamma
    ell, e = sp.log(4 * sp.pi * y0), 1 / (2 * y0)
    known = 2 * y0 - ell + e * (ell - 2)
    assert sp.simplify(asymptotics.second_moment_elementary(K, 1) - known) == 0
    assert asymptotics.smallest_coefficients(3) == (sp.pi, 2 * sp.pi**2, 13 * sp.pi**3)


def test_gumbel_moments_against_their_integral() -> None:
    with mp.workdps(20):
        for n in range(7):
            centred = lambda y, n=n: (-mp.log(y) - mp.euler) ** n * mp.exp(-y)  # noqa: E731
            expected = mp.quad(centred, [0, 0.01, 0.1, 1, 5, 20, 60])
            value = mp.mpf(str(sp.N(asymptotics.gumbel_moment(n), 20)))
            assert abs(value - expected) < 1e-9 * max(1, abs(expected)), n
    with pytest.raises(MaxoutError, match="central moment"):
        asymptotics.gumbel_moment(-1)


def test_derivatives_of_the_squared_quantile_against_differences() -> None:
    with mp.workdps(60):
        g = lambda y: asymptotics.upper_quantile(mp.exp(-y)) ** 2  # noqa: E731
        y = mp.mpf(3)
        x0 = asymptotics.upper_quantile(mp.exp(-y))
        mills = mp.exp(-y) * mp.sqrt(2 * mp.pi) * mp.exp(x0**2 / 2)
        for n in range(1, 5):
            derivative, x, m = asymptotics.squared_quantile_derivative(n)
            value = mp.mpf(sp.N(derivative, 50, subs={x: sp.Float(x0, 55), m: sp.Float(mills, 55)}))
            assert abs(value - mp.diff(g, y, n)) < 1e-12, n


def test_the_smallest_series_is_that_of_the_inverse_error_function() -> None:
    u = sp.Symbol("u")
    x = sp.sqrt(2) * sum(
        sp.Rational(*c) * (sp.sqrt(sp.pi) / 2 * u) ** k
        for k, c in ((1, (1, 1)), (3, (1, 3)), (5, (7, 30)), (7, (127, 630)))
    )  # erfinv, as tabulated
    square = sp.expand(x**2)
    for n, value in enumerate(asymptotics.smallest_coefficients(4), start=1):
        assert sp.simplify(square.coeff(u, 2 * n) * sp.factorial(2 * n) - value) == 0


def test_the_smallest_series_converges_at_small_rank() -> None:
    """Partial sums rise towards S_2 = 1 - 2/pi."""
    sums = [float(sp.N(asymptotics.chi2_smallest_mean(sp.Integer(2), n))) for n in (1, 5, 15, 30)]
    exact = 1 - 2 / math.pi
    assert sums == sorted(sums)
    assert 0 < exact - sums[-1] < 0.02


@pytest.mark.parametrize("digits", [15, 50])
def test_upper_quantile(digits) -> None:
    for q in (sp.Rational(1, 10**30), sp.Rational(1, 1000), sp.Rational(9, 10), sp.exp(-2) / 3):
        x = asymptotics.UpperQuantile(q)
        back = sp.erfc(x / sp.sqrt(2)) / 2
        assert abs(sp.N(back / q - 1, digits)) < 10 ** sp.Integer(3 - digits)
        value = enclose(x, {}, digits)
        assert value.certified
        assert abs(sp.Float(value.midpoint, digits) - x.evalf(digits)) < 10 ** sp.Integer(
            2 - digits
        )
    assert asymptotics.UpperQuantile(sp.Rational(1, 2)) == 0
    q = sp.Symbol("q", positive=True)
    slope = asymptotics.UpperQuantile(q).diff(q).subs(q, sp.Rational(1, 5))
    h = sp.Rational(1, 10**15)
    ends = [asymptotics.UpperQuantile(sp.Rational(1, 5) + d).evalf(50) for d in (h, -h)]
    assert abs((ends[0] - ends[1]) / (2 * h) - slope.evalf(30)) < 1e-25
    for bad in (0, 1, -1, 2):
        with pytest.raises(MaxoutError, match="tail probability"):
            asymptotics.UpperQuantile(bad)
