"""The constants against independent high-precision quadrature, rank by rank."""

from fractions import Fraction

import pytest
from flint import ctx

from maxout.numerics.balls.enclosure import Enclosure
from maxout.numerics.order.moment_balls import STATISTICS
from maxout.numerics.order.order_moments import constant, moment

from .oracle import oracle

DIGITS = 40


def _contains(found: Enclosure, truth: object) -> None:
    """The certified enclosure overlaps the oracle's ball, and both are narrow."""
    other = Enclosure.from_ball(truth, DIGITS, "oracle")
    assert found.certified
    assert found.overlaps(other), (found, other)
    for enclosure in (found, other):
        assert enclosure.upper - enclosure.lower < abs(enclosure.upper) / 10 ** (DIGITS - 1)


@pytest.mark.parametrize("rank", [*range(1, 101), 10**6, 10**9, 10**12])
def test_second_moment_and_constant(rank: int) -> None:
    truth = oracle(rank, 2, "largest", DIGITS)
    _contains(moment(rank, 2, "largest", DIGITS), truth)
    with ctx.workprec(200):
        _contains(constant(rank, DIGITS), 1 / truth)


@pytest.mark.parametrize("statistic", STATISTICS[1:])
@pytest.mark.parametrize("rank", [1, 2, 3, 4, 5, 8, 13, 40, 41, 100, 1000, 10**6, 10**9, 10**12])
def test_chi_squares(rank: int, statistic: str) -> None:
    _contains(moment(rank, 1, statistic, DIGITS), oracle(rank, 1, statistic, DIGITS))


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("order", [1, 3, 4, 7])
@pytest.mark.parametrize("rank", [2, 3, 10, 77, 10**6, 10**12])
def test_other_orders(rank: int, order: int, statistic: str) -> None:
    found, truth = moment(rank, order, statistic, DIGITS), oracle(rank, order, statistic, DIGITS)
    _contains(found, truth)


def test_the_published_list_is_wrong_at_rank_8() -> None:
    """Five decimals of M_8 are 2.39953, not the 2.39954 in print: the digits are 2.399534974..."""
    found = moment(8, digits=30)
    assert found.lower > 0
    low, high = Fraction(str(found.lower)), Fraction(str(found.upper))
    assert Fraction("2.3995349746") < low
    assert high < Fraction("2.3995349747")
    assert round(float(found), 5) == 2.39953
