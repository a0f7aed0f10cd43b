"""Ask for digits, not for working precision: scoped, escalated, and refused where not reached.

A precision is set by one thread at a time (``theory.precision_lock``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil, log2

import mpmath
import sympy as sp
from flint import arb, ctx

from maxout.theory.errors import OutOfReachError
from maxout.theory.field import Field, integer
from maxout.theory.precision_lock import LOCK

MAX_DIGITS = 100_000

DIGITS = Field(
    "digits",
    sp.Symbol("digits"),
    f"an integer from 1 to {MAX_DIGITS:,}",
    (15, 20, 50, 1000),
    "correct decimal digits asked for",
    integer(1, MAX_DIGITS),
)

INTEGER_BITS = 72  # at least, so that ranks and widths, their sums and products are exact
GUARD_DIGITS = 3  # computed beyond those delivered, so that the printed midpoint rounds well


class PrecisionError(OutOfReachError):
    """The digits asked for were not reached; no value is given rather than a doubtful one."""


@contextmanager
def working_precision(bits: int) -> Iterator[None]:
    """Work at so many bits of flint's precision, alone."""
    with LOCK, ctx.workprec(bits):
        yield


@contextmanager
def workdps(digits: int) -> Iterator[None]:
    """Work at so many digits of mpmath's precision, alone."""
    with LOCK, mpmath.workdps(digits):
        yield


def bits_of(digits: int) -> int:
    """Binary accuracy at which ``digits`` decimal digits can be delivered."""
    return ceil((digits + GUARD_DIGITS) * log2(10))


def at_digits(
    f: Callable[[], arb],
    digits: int,
    max_bits: int | None = None,
    settled: Callable[[], bool] = lambda: False,
) -> arb:
    """Call ``f`` at growing working precision until its ball carries ``digits`` digits.

    Args:
      f: returns a ball at the precision it finds in ``flint.ctx.prec``.
      digits: significant decimal digits, 1 to 100,000.
      max_bits: working precision at which to give up; the default allows a cancellation of
        fifteen times the digits asked for.
      settled: asked after each call whether more bits would not make the ball smaller; it is then
        returned with the digits it has.

    Returns:
      A ball of relative radius below 10^-digits. A ball that still contains zero when the working
      precision is four times what is needed is returned if its radius is below 10^-digits: digits
      are then absolute.

    Raises:
      MaxoutError: for digits outside the domain.
      PrecisionError: where the digits are not reached.
    """
    goal = bits_of(DIGITS(digits))
    bits = max(goal + 12, INTEGER_BITS)
    last = max(max_bits or 16 * goal + 1000, bits)
    while True:
        with working_precision(bits):
            ball = f()
        accuracy = ball.rel_accuracy_bits() if ball.is_finite() else -1
        if accuracy >= goal or (settled() and ball.is_finite()):
            return ball
        if settled():
            raise PrecisionError(
                "the error of the estimate leaves nothing known of the value; ask at other numbers"
            )
        if ball.is_finite() and ball.contains(0) and bits >= 4 * goal:
            with working_precision(64):
                small = bool(ball.abs_upper() < arb(2) ** -goal)
            if small:
                return ball
        if bits >= last:
            raise PrecisionError(
                f"{digits} digits were not reached at {bits} bits of working precision; "
                "ask for fewer digits"
            )
        # A ball that has lost some bits says how many to add; one that has lost all does not.
        grown = bits + (goal - accuracy) + 20 if accuracy > 0 else 2 * bits
        bits = min(grown, last)
