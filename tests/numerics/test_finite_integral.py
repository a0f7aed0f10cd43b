"""Integrals over finite ranges: the stated error holds where the halvings do not settle."""

from typing import Any

import pytest
import sympy as sp
from flint import arb

from maxout.numerics.balls.finite_integral import integral

X = sp.Symbol("x", real=True)
ROOTS = 2 * (1 + arb(8).sqrt()) / (9 * arb(3).sqrt())  # of |x - 1/3|


class Plain:
    """What ``integral`` asks of an evaluator, for the functions below."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def precisely(self, expr: sp.Expr, bits: int) -> arb:
        return arb(int(expr))

    def __call__(self, expr: sp.Expr, extra: dict[sp.Symbol, arb]) -> arb:
        return self.function(extra[X])

    def estimate(self, value: arb, route: str) -> arb:
        return value


@pytest.mark.parametrize(
    ("function", "true", "digits"),
    [
        (lambda x: x.sqrt(), arb(2) / 3, 15),
        (lambda x: abs(x - arb(1) / 3), arb(5) / 18, 3),  # a corner: five halvings do not settle
        (
            lambda x: abs(x - arb(1) / 3).sqrt(),
            2 * (arb(1) + arb(8).sqrt()) / (9 * arb(3).sqrt()),
            1,
        ),
        # What lies beyond the last point, 2^-124 from the end, is 2e-3 here.
        (lambda x: (x.log() * arb("-0.9")).exp(), arb(10), 1),
    ],
    ids=["root at an end", "corner", "root inside", "pole at an end"],
)
def test_the_truth_lies_within_the_stated_error(function: Any, true: arb, digits: int) -> None:
    found = integral(Plain(function), sp.Integral(sp.Function("f")(X), (X, 0, 1)))
    assert found.overlaps(true)
    assert float(found.rad()) < 10.0**-digits  # and it says something
    assert not found.contains(true + 10.0**-digits)
