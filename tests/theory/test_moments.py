"""Moments of every order and rank against naive quadrature, their examples and identities."""

import mpmath as mp
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from maxout.numerics.balls.evaluator import enclose
from maxout.theory import symbols
from maxout.theory.errors import MaxoutError
from maxout.theory.network import RANK
from maxout.theory.order.moments import (
    LargestChi2Moment,
    LargestNormalMoment,
    SmallestChi2Moment,
    chi2_largest_mean,
    chi2_smallest_mean,
    is_closed,
    reduction_coefficients,
    second_moment,
    weight_variance_constant,
)
from maxout.theory.order.orthant import (
    HalfNormalProbability,
    HalfNormalSurvival,
    OrthantProbability,
)
from maxout.theory.parameters import WINDOW

R, pi, sqrt = sp.Rational, sp.pi, sp.sqrt
STATISTICS = {
    "largest": LargestNormalMoment,
    "chi2-largest": LargestChi2Moment,
    "chi2-smallest": SmallestChi2Moment,
}
KINDS = pytest.mark.parametrize("function", STATISTICS.values(), ids=STATISTICS.keys())


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("rank", range(1, 13))
def test_every_order_and_rank_against_naive_quadrature(oracle, statistic, rank) -> None:
    """The derived expression, in balls, and the defining integral share nothing."""
    with mp.workdps(25):
        for order in range(1, 9):
            expected = oracle.moment(rank, order, statistic)
            exact = enclose(STATISTICS[statistic](rank, order).doit(), {}, 25)
            assert exact.certified
            value = mp.mpf(exact.midpoint)
            assert abs(value - expected) < mp.mpf(10) ** -17 * max(1, abs(expected)), order


@KINDS
@pytest.mark.parametrize("digits", [15, 50, pytest.param(200, marks=pytest.mark.slow)])
def test_evalf_of_the_moment_is_that_of_its_expression(function, digits) -> None:
    moment = function(5, 1)
    gap = abs(moment.evalf(digits) - moment.doit().evalf(digits + 5))
    assert gap < 10 ** sp.Integer(1 - digits)


def test_which_ranks_are_closed() -> None:
    for t in range(1, 9):
        last = 8 if t % 2 == 0 else 7
        closed = [k for k in range(1, 13) if is_closed(LargestNormalMoment(k, t).doit())]
        # the last term's P_{K-1-s} has the larger s at the larger t: at least these are closed
        assert closed == list(range(1, last + 1)), t
    for function in (LargestChi2Moment, SmallestChi2Moment):
        assert [k for k in range(1, 13) if is_closed(function(k, 1).doit())] == list(range(1, 8))
    elementary = [k for k in range(1, 9) if not LargestNormalMoment(k, 2).doit().has(sp.polylog)]
    assert elementary == list(range(1, 7))


EXAMPLES = {
    second_moment: {
        1: 1, 2: 1, 3: 1 + sqrt(3) / (2 * pi), 4: 1 + sqrt(3) / pi,
        5: 1 + 5 * sqrt(3) / (4 * pi) + 5 * sqrt(3) * sp.asin(R(1, 4)) / (2 * pi**2),
    },
    chi2_largest_mean: {
        1: 1, 2: 1 + 2 / pi, 3: 1 + 2 * sqrt(3) / pi, 4: 1 + 8 / (sqrt(3) * pi),
        5: 1 + 40 * sqrt(3) * sp.asin(R(1, 4)) / pi**2,
    },
    chi2_smallest_mean: {
        1: 1, 2: 1 - 2 / pi, 3: 1 - 6 / pi + 2 * sqrt(3) / pi,
        4: 1 - 12 / pi + 16 / (sqrt(3) * pi),
    },
}  # fmt: skip


@pytest.mark.parametrize("function", EXAMPLES, ids=lambda f: f.__name__)
def test_examples(function) -> None:
    for rank, expected in EXAMPLES[function].items():
        assert sp.simplify(function(rank).doit() - expected) == 0, rank


def test_first_moments() -> None:
    """Known for a century: 0, 1/sqrt(pi), 3/(2 sqrt(pi)), ..."""
    mean = lambda k: LargestNormalMoment(k, 1).doit()  # noqa: E731
    assert mean(1) == 0
    assert sp.simplify(mean(2) - 1 / sqrt(pi)) == 0
    assert sp.simplify(mean(3) - R(3, 2) / sqrt(pi)) == 0
    assert sp.simplify(mean(4) - 6 / sqrt(pi) * (R(1, 4) + sp.asin(R(1, 3)) / (2 * pi))) == 0


def test_one_variable_alone() -> None:
    for t in range(1, 8):
        normal = sp.factorial2(t - 1) if t % 2 == 0 else 0
        assert LargestNormalMoment(1, t) == normal
        assert LargestNormalMoment(1, t, evaluate=False).doit() == normal
        for function in (LargestChi2Moment, SmallestChi2Moment):
            assert function(1, t) == sp.factorial2(2 * t - 1)
            assert function(1, t, evaluate=False).doit() == sp.factorial2(2 * t - 1)
        if t % 2 == 0:  # of two, max^t + min^t has the mean of two single ones
            assert LargestNormalMoment(2, t).doit() == normal


def test_smallest_and_largest_of_two_share_what_two_have() -> None:
    for t in range(1, 6):
        total = LargestChi2Moment(2, t).doit() + SmallestChi2Moment(2, t).doit()
        assert sp.simplify(total - 2 * sp.factorial2(2 * t - 1)) == 0


@pytest.mark.parametrize("rank", range(1, 13))
def test_smallest_by_inclusion_and_exclusion(rank) -> None:
    for t in (1, 2):
        terms = ((-1) ** (k - 1) * sp.binomial(rank, k) * LargestChi2Moment(k, t)
                 for k in range(1, rank + 1))  # fmt: skip
        total = enclose(sp.Add(*terms), {}, 30)
        assert total.overlaps(enclose(SmallestChi2Moment(rank, t), {}, 30))


def test_coefficients_are_rationals_free_of_the_rank() -> None:
    assert reduction_coefficients(1) == {1: 1}
    assert reduction_coefficients(2) == {0: 1, 2: R(1, 2)}
    assert reduction_coefficients(3) == {1: R(5, 2), 3: R(1, 6)}
    assert reduction_coefficients(4) == {0: 3, 2: R(13, 6), 4: R(1, 24)}
    for t in range(1, 12):
        found = reduction_coefficients(t)
        assert list(found) == list(range(t % 2, t + 1, 2))
        assert found[t] == 1 / sp.factorial(t)
        assert all(value.is_Rational and value > 0 for value in found.values())
    for bad in (0, -1, R(1, 2)):
        with pytest.raises(MaxoutError, match="order of a moment"):
            reduction_coefficients(bad)


@pytest.mark.parametrize(
    ("function", "probability"),
    [
        (LargestNormalMoment, OrthantProbability),
        (LargestChi2Moment, HalfNormalProbability),
        (SmallestChi2Moment, HalfNormalSurvival),
    ],
)
def test_the_formula_at_symbolic_rank(function, probability) -> None:
    for t in (1, 2, 3):
        general = function(symbols.K, t).rewrite(probability)
        assert general.has(probability)
        for rank in (2 * t + 1, 15, 40):
            value = enclose(general, {symbols.K: rank}, 20)
            assert value.overlaps(enclose(function(rank, t), {}, 20)), (t, rank)


@KINDS
def test_symbolic_moments_print_and_wait(function) -> None:
    moment = function(symbols.K, symbols.t)
    assert moment.doit() == moment
    assert moment.free_symbols == {symbols.K, symbols.t}
    assert str(moment).startswith("E[")
    assert "mathbb" in sp.latex(moment)
    name, order = {
        "LargestNormalMoment": ("M", 2),
        "LargestChi2Moment": ("L", 1),
        "SmallestChi2Moment": ("S", 1),
    }[function.__name__]
    assert str(function(symbols.K, order)) == f"{name}_K"
    assert sp.pretty(function(symbols.K, order), use_unicode=False)


def test_the_constant_and_its_window() -> None:
    assert weight_variance_constant(5) == 1 / second_moment(5)
    assert weight_variance_constant(5, 4) == 1 / second_moment(20)
    assert weight_variance_constant(symbols.K, symbols.window) == 1 / second_moment(
        symbols.K * symbols.window
    )
    for rank in RANK.typical:
        for window in WINDOW.typical:
            pooled = enclose(weight_variance_constant(rank, window), {}, 20)
            assert pooled.overlaps(enclose(1 / second_moment(rank * window), {}, 20))


@given(st.sampled_from(RANK.typical), st.integers(1, 4), st.sampled_from(list(STATISTICS)))
@settings(derandomize=True, deadline=None, max_examples=25)
def test_one_more_piece_moves_the_extremes_apart(rank, order, statistic) -> None:
    """Even powers of the largest normal too: of more pieces, from rank 2 on."""
    if statistic == "largest" and order % 2 == 0 and rank == 1:
        return  # M_1 = M_2
    here, more = (sp.N(STATISTICS[statistic](k, order).doit(), 20) for k in (rank, rank + 1))
    assert (more < here) if statistic == "chi2-smallest" else (more > here)


@KINDS
def test_bad_input(function) -> None:
    for rank in (0, -1, R(5, 2), sp.oo, 2.5):
        with pytest.raises(MaxoutError, match="rank K >= 1"):
            function(rank, 2)
    for order in (-1, R(1, 2), 1.5):
        with pytest.raises(MaxoutError, match="order t >= 0"):
            function(3, order)
