"""Enclosures and precision: no rounding loses the value, no doubt is returned as digits."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import mpmath
import pytest
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

from maxout.numerics.balls.enclosure import Enclosure, RangeError
from maxout.numerics.balls.precision import PrecisionError, at_digits, bits_of
from maxout.theory.errors import MaxoutError

MANTISSAS = st.integers(-(10**30), 10**30)
EXPONENTS = st.one_of(st.integers(-120, 60), st.integers(-5000, 5000))


def _power(exponent: int) -> Fraction:
    return Fraction(2) ** exponent


def _fraction(x: fmpq) -> Fraction:
    return Fraction(int(x.p), int(x.q))


@given(MANTISSAS, EXPONENTS, st.integers(0, 10**6), EXPONENTS, st.integers(1, 60))
def test_rounding_never_loses_the_ball(m: int, e: int, r: int, re: int, digits: int) -> None:
    with ctx.workprec(300):
        ball = arb(m) * arb(2) ** e + arb(0, arb(r) * arb(2) ** re)
    middle, radius = m * _power(e), r * _power(re)
    found = Enclosure.from_ball(ball, digits, "arb")
    assert _fraction(found.lower) <= middle - radius
    assert middle + radius <= _fraction(found.upper)
    assert found.lower == found.upper or Fraction(found.radius) > 0
    assert Fraction(found.midpoint) - Fraction(found.radius) == _fraction(found.lower)
    if radius == 0 and middle:
        shown = Fraction(found.midpoint)
        assert abs(shown - middle) <= abs(middle) * Fraction(1, 2 * 10 ** (digits - 1))
        assert sum(c.isdigit() for c in found.midpoint.split("e")[0].lstrip("-0.")) == digits
    with ctx.workprec(300):
        assert found.ball.contains(arb(m) * arb(2) ** e)


def test_contains_and_overlaps() -> None:
    a = Enclosure("1.5", "0.5", 2, "arb")
    for inside in (1, 2, 1.5, Fraction(3, 2), Decimal("1.1"), mpmath.mpf(2), arb(2)):
        assert inside in a
    for outside in (0.999, 3, Fraction(201, 100), arb(2, 0.1), mpmath.mpf("2.001")):
        assert outside not in a
    assert a.overlaps(Enclosure("2.5", "0.5", 2, "arb"))  # they touch
    assert not a.overlaps(Enclosure("2.6", "0.5", 2, "arb"))
    assert Enclosure("1.4", "0.1", 2, "arb") in a
    assert a not in Enclosure("1.4", "0.1", 2, "arb")
    assert str(a) == "1.5 +/- 0.5 (certified, arb)"


def test_estimates() -> None:
    found = Enclosure.estimate(2.5, 1e-6, "float64")
    assert not found.certified
    assert (found.midpoint, found.radius) == ("2.500000", "2e-06")
    assert Enclosure.estimate(0.0, 1e-3, "float64").midpoint == "0"
    big = Enclosure.estimate_exp(5000.0, 1e-9, "float64")  # e^5000 is beyond float64
    assert "e+2171" in big.midpoint
    with mpmath.workdps(30):
        assert mpmath.exp(5000) in big
        assert mpmath.exp(5000) * (1 + mpmath.mpf("8e-9")) not in big
        assert mpmath.exp(-5000) in Enclosure.estimate_exp(-5000.0, 1e-9, "float64")
    for value, error in ((math.nan, 1e-3), (1.0, math.inf), (math.inf, 1e-3)):
        with pytest.raises(PrecisionError, match="not finite"):
            Enclosure.estimate(value, error, "float64")


@given(st.floats(1e-300, 1e300), st.floats(1e-22, 10))
def test_an_estimate_covers_its_error_and_its_rounding(value: float, relative: float) -> None:
    error = value * relative
    found = Enclosure.estimate(-value, error, "float64")
    middle, radius = Fraction(found.midpoint), Fraction(found.radius)
    assert abs(middle + Fraction(value)) + Fraction(error) <= radius
    # One digit, and no more than the error, the rounding to a step and the next step up.
    assert found.radius[0] in "125"
    assert found.radius[1] == "e"
    assert radius <= max(10 * Fraction(error), Fraction(value) / 10**16, 5 * Fraction(value))
    if middle:  # it ends where the radius begins
        assert found.digits <= 18
        assert middle % Fraction(10) ** int(found.radius[2:]) == 0


@pytest.mark.parametrize("value", [11.150452193106, 0.69124337533773, -0.67650094385197, 1.0])
@pytest.mark.parametrize("error", [5.7e-13, 2.6e-13, 9.9e-14, 1.0e-13, 1.01e-13])
def test_the_last_bits_of_a_value_and_of_its_error_change_nothing_shown(
    value: float, error: float
) -> None:
    found = Enclosure.estimate(value, error, "float64")
    for ulps in (-4, -1, 1, 4):
        for percent in (-4, 4):
            moved = value * (1 + ulps * 2.0**-53)
            assert Enclosure.estimate(moved, error * (1 + percent / 100), "float64") == found


def test_extreme_balls() -> None:
    for exponent in (-(10**6), 10**6):
        found = Enclosure.from_ball(arb(3) * arb(2) ** exponent, 5, "arb")
        assert found.lower <= fmpq(3) * fmpq(2) ** exponent <= found.upper
    with pytest.raises(PrecisionError, match="too large or too small"):
        Enclosure.from_ball(arb(2) ** (10**9), 5, "arb")
    with pytest.raises(PrecisionError, match="not finite"):
        Enclosure.from_ball(arb("nan"), 5, "arb")
    with pytest.raises(PrecisionError, match="not finite"):
        Enclosure.from_ball(arb("inf"), 5, "arb")
    zero = Enclosure.from_ball(arb(1e-9, 1e-8), 5, "arb")
    assert zero.midpoint == "0"
    assert 1e-9 in zero


def test_precision_is_scoped_and_escalated() -> None:
    seen = []
    before = ctx.prec

    def cancelling() -> arb:
        seen.append(ctx.prec)
        big = arb(10) ** 40
        return (big + arb.pi()) - big

    ball = at_digits(cancelling, 20)
    assert ctx.prec == before
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert ball.rel_accuracy_bits() >= bits_of(20)
    with ctx.workprec(400):
        assert ball.contains(arb.pi())


def test_digits_not_reached_raise() -> None:
    with pytest.raises(PrecisionError, match="20 digits were not reached"):
        at_digits(lambda: arb(1, 1e-9), 20)
    with pytest.raises(PrecisionError, match="not reached"):
        at_digits(lambda: arb("nan"), 5)
    with pytest.raises(PrecisionError, match="not reached"):  # zero, but too wide a ball of it
        at_digits(lambda: arb(0, 1e-3), 5)
    for digits in (0, -3, 2.5, 10**6, math.nan):
        with pytest.raises(MaxoutError, match="digits must be"):
            at_digits(lambda: arb(1), digits)  # type: ignore[arg-type]


def test_zero_is_given_absolutely() -> None:
    def zero() -> arb:
        return arb(0, arb(2) ** (20 - ctx.prec))

    assert at_digits(zero, 10).contains(0)


@pytest.mark.parametrize("certified", [True, False])
def test_within_a_range(certified) -> None:
    above = Enclosure("1.0000000000000004", "1.0e-15", 17, "float64", certified).within(0, 1)
    assert float(above) == 1
    end = fmpq(10**16 - 6, 10**16)  # the intersection's own; an estimate's radius has one digit
    assert above.lower == end if certified else above.lower <= end
    assert above.upper == 1
    below = Enclosure("-1.0e-20", "3.0e-20", 2, "arb", certified).within(0, None)
    assert (below.midpoint, below.lower) == ("0", 0)
    assert below.upper == fmpq(2 if certified else 3, 10**20)
    inside = Enclosure("0.5", "1.0e-9", 9, "arb", certified)
    assert (inside.within(0, 1).midpoint, inside.within(0, 1).radius) == ("0.5", "1.0e-9")
    with pytest.raises(RangeError, match="outside its range"):
        Enclosure("1.1", "1.0e-3", 4, "arb", certified).within(0, 1)


def test_an_estimate_just_outside_a_range_is_brought_in() -> None:
    near = Enclosure("1.00000000000003", "1.0e-14", 15, "float64", False).within(0, 1)
    assert (near.midpoint, near.upper) == ("1", 1)
    assert near.lower <= 1 - fmpq(3, 10**14)
    with pytest.raises(RangeError):
        Enclosure("1.00000000000003", "1.0e-14", 15, "arb", True).within(0, 1)


def test_a_range_is_told_without_what_it_has_not() -> None:
    below, above = Enclosure("-3", "0.5", 3, "arb"), Enclosure("3", "0.5", 3, "arb")
    for value, least, most, told in (
        (below, 0, None, "at least 0"),
        (above, None, 1, "at most 1"),
        (above, 0, 1, "0 to 1"),
    ):
        with pytest.raises(RangeError, match=f"outside its range, {told}$"):
            value.within(least, most)
