"""One declared parameter: the record that messages, docs and property tests share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from typing import Any

import sympy as sp

from maxout.theory.errors import DomainError


@dataclass(frozen=True)
class Field:
    """One parameter: ``typical`` lists values a user would try first; tests draw near them."""

    name: str
    symbol: sp.Basic
    domain: str
    typical: tuple[Any, ...]
    meaning: str
    check: Callable[[Any], Any]

    def __call__(self, value: Any) -> Any:
        """Return ``value`` in canonical form, or raise ``DomainError`` saying what is expected."""
        try:
            return self.check(value)
        except (TypeError, ValueError, OverflowError, ZeroDivisionError):
            shown = str(value) if len(str(value)) <= 60 else str(value)[:57] + "..."
            raise DomainError(f"{self.name} must be {self.domain}; got {shown}") from None

    def up_to(self, most: int, reason: str = "") -> Field:
        """The same field of integers from 1, up to another limit and for a reason it tells."""
        return replace(
            self,
            domain=f"an integer from 1 to {most:,} {reason}".rstrip(),
            typical=tuple(value for value in self.typical if value <= most),
            check=integer(1, most),
        )


_SHORT = 24


def short(value: sp.Expr) -> str:
    """Write a number for a person: exact where that is short, else to 17 digits."""
    text = str(value)
    if len(text) <= _SHORT or not value.is_Rational:
        return text
    with localcontext(prec=17):
        rounded = (Decimal(int(value.p)) / Decimal(int(value.q))).normalize()
    return f"{rounded:g}"


def integer(low: int, high: int) -> Callable[[Any], int]:
    """Accept integers (also integral floats and NumPy integers) from ``low`` to ``high``."""

    def check(value: Any) -> int:
        if isinstance(value, (bool, str, bytes)) or int(value) != value:
            raise ValueError(value)
        if not low <= int(value) <= high:
            raise ValueError(value)
        return int(value)

    return check


def one_of(words: tuple[str, ...]) -> Callable[[Any], str]:
    """Accept the words given."""

    def check(value: Any) -> str:
        if value not in words:
            raise ValueError(value)
        return str(value)

    return check


def real(accept: Callable[[sp.Expr], bool]) -> Callable[[Any], sp.Expr]:
    """Accept finite real numbers that satisfy ``accept``, kept exact.

    A float is read as the decimal it prints as: 0.1 typed by a person means one tenth. Strings
    are not read here; a command line makes ``Fraction`` or ``Decimal`` of what was typed.
    """

    def check(value: Any) -> sp.Expr:
        if isinstance(value, (bool, str, bytes)):
            raise TypeError(value)
        if isinstance(value, sp.Expr):
            number = value
        elif isinstance(value, int):
            number = sp.Integer(value)
        else:
            if not math.isfinite(value):
                raise ValueError(value)
            number = sp.Rational(str(value))
        if number.free_symbols or not number.is_real or not accept(number):
            raise ValueError(value)
        return number

    return check
