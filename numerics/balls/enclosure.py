"""A value with its error: decimal midpoint and radius, how it was found, certified or not.

An estimated error is good to a factor, not to a digit, and differs a little between processors. So
the radius of an estimate is 1, 2 or 5 times a power of ten, and its midpoint ends where the radius
begins: what is shown is the same wherever value and error agree to a few percent of the error,
unless they stand at the very edge of a step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from flint import arb, fmpq, fmpz

from maxout.numerics.balls.precision import PrecisionError, bits_of, working_precision

_FLOAT_DIGITS = 17  # no float's value is known beyond them, however small its error is said to be
_EXP_BITS = 64  # for the exponential of a float
_MAX_EXPONENT = 10**8  # bits; a number beyond 10^(3e7) is not written out


class RangeError(ArithmeticError):
    """A value outside the range it must lie in, which ``value`` keeps: a broken invariant."""

    def __init__(self, message: str, value: Enclosure) -> None:
        super().__init__(message)
        self.value = value


@dataclass(frozen=True)
class Enclosure:
    """|value - midpoint| <= radius, and least <= value <= most where those are known.

    Attributes:
      midpoint: decimal string of ``digits`` significant digits ("0" where only zero is known).
      radius: decimal string, rounded up, that covers the rounding of the midpoint as well: to two
        digits where it is proved; 1, 2 or 5 times a power of ten where it is estimated.
      digits: significant digits delivered (absolute ones for a value that is zero).
      route: the way the value was found: closed, arb, quadrature, float64, estimate.
      certified: True where the radius is proved; False where it is an estimate.
      least, most: ends of the range that the value is known to lie in; the midpoint lies there too.
    """

    midpoint: str
    radius: str
    digits: int
    route: str
    certified: bool = True
    least: int | None = None
    most: int | None = None

    @classmethod
    def from_ball(cls, ball: arb, digits: int, route: str, certified: bool = True) -> Enclosure:
        """Round a finite ball's midpoint to ``digits`` digits and widen the radius by as much.

        One that is not certified keeps no more digits than its radius leaves.

        Raises:
          PrecisionError: for a ball that is not finite, or is too far from 1 to be written out.
        """
        if not ball.is_finite():
            raise PrecisionError(
                "the ball is not finite: nothing is known of the value; ask at other numbers"
            )
        middle, rest = _dyadic(ball.mid()), _dyadic(ball.rad())
        if not certified:
            return cls._estimated(middle, rest, digits, route)
        if abs(middle) <= rest:
            return cls("0", _round_up(abs(middle) + rest), digits, route)
        number, exponent = _round(middle, digits)
        radius = abs(middle - number * _ten(exponent)) + rest
        return cls(_decimal(number, exponent), _round_up(radius), digits, route)

    @classmethod
    def estimate(cls, value: float, error: float, route: str) -> Enclosure:
        """Enclose a float whose error is estimated, not proved.

        Args:
          value: a finite float.
          error: estimate of its absolute error, finite and not negative.
        """
        return cls.from_ball(arb(value, error), _FLOAT_DIGITS, route, certified=False)

    @classmethod
    def estimate_exp(cls, log: float, error: float, route: str) -> Enclosure:
        """Enclose exp(log), also where float64 cannot hold it.

        Args:
          log: natural logarithm of the value.
          error: estimate of the relative error of the value, finite and not negative.
        """
        with working_precision(_EXP_BITS):
            value = arb(log).exp()
            ball = value + arb(0, (value * error).abs_upper())
        return cls.from_ball(ball, _FLOAT_DIGITS, route, certified=False)

    @classmethod
    def _estimated(cls, middle: fmpq, error: fmpq, digits: int, route: str) -> Enclosure:
        if middle == 0 and error == 0:
            return cls("0", "0", digits, route, certified=False)
        least = _floor_log10(abs(middle)) + 1 - digits if middle else None
        step, exponent = _step_above(error, least)
        number = _nearest(middle * _ten(-exponent))
        if number == 0:
            step, exponent = _step_above(abs(middle) + error, least)
            return cls("0", _power(step, exponent), digits, route, certified=False)
        shown = _decimal(number, exponent)
        found = len(str(abs(int(number))))
        return cls(shown, _power(step, exponent), found, route, certified=False)

    @property
    def ball(self) -> arb:
        """The enclosure as an Arb ball, at a precision that keeps its digits."""
        with working_precision(bits_of(self.digits) + 20):
            return arb(f"{self.midpoint} +/- {self.radius}")

    @property
    def lower(self) -> fmpq:
        """Exact lower end."""
        end = _parse(self.midpoint) - _parse(self.radius)
        return end if self.least is None else max(end, fmpq(self.least))

    @property
    def upper(self) -> fmpq:
        """Exact upper end."""
        end = _parse(self.midpoint) + _parse(self.radius)
        return end if self.most is None else min(end, fmpq(self.most))

    def within(self, least: int | None, most: int | None) -> Enclosure:
        """Intersect with a range that the value is known to lie in; ``None`` is no bound.

        An estimated enclosure that misses the range by less than ten radii had its error
        estimated too small: it becomes the nearest end, with the distance as its radius.

        Raises:
          RangeError: for an enclosure that does not meet the range.
        """
        middle, radius = _parse(self.midpoint), _parse(self.radius)
        nearest = middle if least is None else max(middle, fmpq(least))
        nearest = nearest if most is None else min(nearest, fmpq(most))
        off = abs(nearest - middle)
        if off > (radius if self.certified else 10 * radius):
            raise RangeError(f"{self} lies outside its range, {_range_text(least, most)}", self)
        if off == 0:
            return replace(self, least=least, most=most)
        if self.certified:
            shown = _round_up(radius - off)
        else:
            shown = self.radius if off <= radius else _power(*_step_above(off, None))
        return replace(self, midpoint=str(nearest), radius=shown, least=least, most=most)

    def overlaps(self, other: Enclosure) -> bool:
        """Whether some number lies in both; two certified values of one quantity must overlap."""
        return bool(self.lower <= other.upper and other.lower <= self.upper)

    def __contains__(self, value: Any) -> bool:
        """Whether a number (int, float, Fraction, Decimal, mpf) or a whole ball lies inside."""
        if isinstance(value, Enclosure):
            return bool(self.lower <= value.lower and value.upper <= self.upper)
        if isinstance(value, arb):
            middle, rest = _dyadic(value.mid()), _dyadic(value.rad())
            low, high = middle - rest, middle + rest
        else:
            low = high = _rational(value)
        return bool(self.lower <= low and high <= self.upper)

    def __float__(self) -> float:
        return float(self.midpoint)

    def __str__(self) -> str:
        how = "certified" if self.certified else "estimated"
        return f"{self.midpoint} +/- {self.radius} ({how}, {self.route})"


def _range_text(least: int | None, most: int | None) -> str:
    if most is None:
        return f"at least {least}"
    return f"at most {most}" if least is None else f"{least} to {most}"


def _ten(exponent: int) -> fmpq:
    power = fmpz(10) ** abs(exponent)
    return fmpq(power) if exponent >= 0 else fmpq(1, power)


def _dyadic(x: arb) -> fmpq:
    mantissa, exponent = (int(part) for part in x.man_exp())
    if abs(exponent) > _MAX_EXPONENT:
        raise PrecisionError(
            "the value is too large or too small to be written in decimals; ask at other numbers"
        )
    power = fmpz(2) ** abs(exponent)
    return fmpq(mantissa * power) if exponent >= 0 else fmpq(mantissa, power)


def _floor_log10(x: fmpq) -> int:
    """floor(log10 x) of a positive rational."""
    bits = int(x.p).bit_length() - int(x.q).bit_length()
    guess = bits * 30103 // 100000 - 1
    while x >= _ten(guess + 1):
        guess += 1
    return guess


def _round(x: fmpq, digits: int) -> tuple[fmpz, int]:
    """(n, e) with n of ``digits`` decimal digits and n 10^e nearest to x."""
    exponent = _floor_log10(abs(x)) + 1 - digits
    number = _nearest(x * _ten(-exponent))
    if abs(number) == fmpz(10) ** digits:
        return number // 10, exponent + 1
    return number, exponent


def _nearest(x: fmpq) -> fmpz:
    return (x + fmpq(1, 2)).floor()


def _decimal(number: fmpz, exponent: int) -> str:
    """Write n 10^e: positional where no digit has to be invented, else scientific."""
    sign, digits = ("-", str(-number)) if number < 0 else ("", str(number))
    point = len(digits) + exponent  # digits before the decimal point
    if 0 < point < len(digits):
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if point == len(digits):
        return sign + digits
    if -5 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{point - 1:+03d}"


def _round_up(radius: fmpq) -> str:
    """Two significant digits, never less than the radius."""
    if radius == 0:
        return "0"
    exponent = _floor_log10(radius) - 1
    number = (radius * _ten(-exponent)).ceil()
    if number == 100:
        number, exponent = fmpz(10), exponent + 1
    tens, ones = divmod(int(number), 10)
    return f"{tens}.{ones}e{exponent + 1:+03d}"


def _step_above(error: fmpq, least: int | None) -> tuple[int, int]:
    """(1, 2 or 5; e): the least of these times 10^e that covers the error and a rounding to 10^e.

    ``least`` bounds e from below.
    """
    exponent = _floor_log10(error) if error else least
    assert exponent is not None  # an error of zero belongs to a value, which bounds it
    exponent = exponent if least is None else max(exponent, least)
    while True:
        for step in (1, 2, 5):
            if error + _ten(exponent) / 2 <= step * _ten(exponent):
                return step, exponent
        exponent += 1


def _power(step: int, exponent: int) -> str:
    return f"{step}e{exponent:+03d}"


def _parse(text: str) -> fmpq:
    mantissa, _, exponent = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    return fmpq(fmpz(whole + fraction)) * _ten(int(exponent or 0) - len(fraction))


def _rational(value: Any) -> fmpq:
    if hasattr(value, "_mpf_"):  # mpmath, without importing it
        sign, mantissa, exponent, _ = value._mpf_
        power = fmpz(2) ** abs(exponent)
        signed = -int(mantissa) if sign else int(mantissa)
        return fmpq(signed * power) if exponent >= 0 else fmpq(signed, power)
    if isinstance(value, Decimal | float | int | str):
        value = Fraction(value)
    return fmpq(int(value.numerator), int(value.denominator))
