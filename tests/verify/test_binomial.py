"""Quantiles of decisions against exact sums of rational numbers and certified integrals."""

from fractions import Fraction
from math import comb

import flint
import pytest
from scipy import stats

from maxout.verify.decisions.binomial import (
    binomial_quantile,
    clopper_pearson,
    student_quantile,
)


def distribution(count: int, size: int, probability: Fraction) -> Fraction:
    terms = (
        comb(size, k) * probability**k * (1 - probability) ** (size - k) for k in range(count + 1)
    )
    return sum(terms, Fraction(0))


@pytest.mark.parametrize("size", [1, 2, 7, 40, 111])
@pytest.mark.parametrize("probability", [0.5, 0.03125, 0.984375])
@pytest.mark.parametrize("level", [1e-6, 0.025, 0.4375, 0.9, 1 - 1e-5])
def test_least_count_that_reaches_a_level(size: int, probability: float, level: float) -> None:
    found = binomial_quantile(level, size, probability)
    p = Fraction(probability)
    assert distribution(found, size, p) >= Fraction(level)
    assert found == 0 or distribution(found - 1, size, p) < Fraction(level)


@pytest.mark.parametrize(
    ("size", "probability", "level"),
    # Cases in which SciPy's ``special.bdtr`` says one less.
    [(8230735, 0.5, 0.5132147117688344), (4898919, 0.5395835020609405, 0.5027543456965691)],
)
def test_millions_of_trials(size: int, probability: float, level: float) -> None:
    found = binomial_quantile(level, size, probability)

    def certified(count: int) -> flint.arb:
        loss = 1 - flint.arb(probability)
        return loss.beta_lower(size - count, count + 1, regularized=True)

    assert certified(found) > level
    assert certified(found - 1) < level


def test_certain_events() -> None:
    assert binomial_quantile(0.3, 12, 0.0) == 0
    assert binomial_quantile(0.3, 12, 1.0) == 12


@pytest.mark.parametrize("count", [0, 1, 8, 29, 30])
def test_an_end_of_the_interval_makes_the_count_just_unlikely(count: int) -> None:
    low, high = clopper_pearson(count, 30, 0.02)
    if count:
        assert 1 - distribution(count - 1, 30, Fraction(low)) == pytest.approx(0.01, rel=1e-10)
    else:
        assert low == 0
    if count < 30:
        assert distribution(count, 30, Fraction(high)) == pytest.approx(0.01, rel=1e-10)
    else:
        assert high == 1


@pytest.mark.parametrize("freedom", [1, 2, 30, 10**6])
@pytest.mark.parametrize("chance", [1e-9, 1e-4, 0.3])
def test_student_is_scipy_s(freedom: int, chance: float) -> None:
    assert student_quantile(chance, freedom) == pytest.approx(
        stats.t.isf(chance, freedom), rel=1e-9
    )
