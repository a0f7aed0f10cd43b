"""What a person types, read into numbers: no eval, no sympify, one clear line on error."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import click
from click.shell_completion import CompletionItem

from maxout.numerics.run_fields import ALPHA, SEED
from maxout.theory.errors import DomainError
from maxout.theory.field import Field
from maxout.theory.network import RANK, WIDTHS
from maxout.theory.parameters import WINDOW
from maxout.theory.typed import integer_of, widths_of

# ASCII alone: the digits of other scripts, which float reads too, are a slip.
_DECIMAL = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?", re.ASCII)
_RATIO = re.compile(r"([+-]?\d{1,40})/(\d{1,40})", re.ASCII)
_MEMORY = re.compile(r"(\d{1,15})\s*([kKmMgG]?)([iI]?[bB])?", re.ASCII)
MAX_RANKS = 10_000  # at a time
Read = Callable[[str, str], Any]
"""(what was typed, the option's name) -> its value, or DomainError."""
_LARGEST = Fraction(sys.float_info.max)


def ranks(words: tuple[str, ...]) -> list[int]:
    """Ranks from words such as ``5``, ``2..10`` and ``10^6``, in the order given.

    Raises:
      click.UsageError: for an option-like word. DomainError: for anything that is not a rank.
    """
    found: list[int] = []
    for word in words:
        if word.startswith("-") and integer_of(word) is None:
            raise click.NoSuchOption(word)
        low, dots, high = word.partition("..")
        first = RANK(low if (value := integer_of(low)) is None else value)
        last = first
        if dots:
            last = RANK(high if (value := integer_of(high)) is None else value)
            if last < first:
                raise DomainError(f"a range of ranks must go upwards; got {word}")
        if last - first + len(found) >= MAX_RANKS:
            raise DomainError(f"at most {MAX_RANKS:,} ranks at a time; got {word}")
        found.extend(range(first, last + 1))
    return found


def integer(text: str, name: str) -> int:
    """One integer, also as 10^6."""
    value = integer_of(text)
    if value is None:
        raise DomainError(f"{name} must be an integer; got {text[:60]!r}")
    return value


def option(field: Field, text: str) -> int:
    """The value of a field of integers, typed as the option of its name.

    Raises:
      DomainError: naming the option and what it must be.
    """
    value = integer_of(text)
    try:
        return int(field(text if value is None else value))
    except DomainError as error:
        raise DomainError(f"--{error}") from None


def widths(text: str, name: str = "widths") -> tuple[int, ...]:
    """Hidden widths, or channels, from ``64x20,32``: 64 units twenty times, then 32.

    Raises:
      DomainError: for empty, zero or unreadable widths.
    """
    checked = WIDTHS(widths_of(text, name))
    assert isinstance(checked, tuple)
    return checked


def shape(text: str, name: str) -> tuple[int, ...]:
    """One to three integers: 4, 2x2 or 3x3x3."""
    sides = [integer_of(side) for side in text.split("x")]
    found = tuple(side for side in sides if side is not None)
    if not 1 <= len(sides) <= 3 or len(found) < len(sides):
        raise DomainError(f"{name} must look like 4 or 2x2; got {text[:60]!r}")
    return found


def cells(text: str, name: str) -> int:
    """Cells of a pooling window: 4, or a shape such as 2x2 or 3x3x3."""
    return math.prod(WINDOW(side) for side in shape(text, name))


def number(text: str, name: str) -> Fraction:
    """A finite decimal or a ratio such as 1/3, kept exact.

    Raises:
      DomainError: for anything else (nan, inf and expressions among them).
    """
    ratio = _RATIO.fullmatch(text.strip())
    if ratio and int(ratio[2]):
        return Fraction(int(ratio[1]), int(ratio[2]))
    if _DECIMAL.fullmatch(text.strip()):
        return Fraction(text.strip())
    raise DomainError(f"{name} must be a finite number such as 0.5 or 1/3; got {text[:60]!r}")


def variance(text: str | None) -> Fraction | None:
    """The weight variance c; None for the 1/M_K that help texts name, and where none is given."""
    return None if text is None or text.strip() == "1/M_K" else number(text, "c")


def real(text: str, name: str) -> float:
    """The float64 nearest to a decimal or a ratio.

    Raises:
      DomainError: for anything else, and beyond the range of float64.
    """
    value = number(text, name)
    if abs(value) > _LARGEST:
        raise DomainError(f"{name} must be at most {sys.float_info.max:.1e}; got {text[:60]}")
    return float(value)


def memory(text: str) -> int:
    """Bytes from ``512M``, ``2G`` or a plain number of bytes."""
    match = _MEMORY.fullmatch(text.strip())
    if not match or not int(match[1]):
        raise DomainError(f"memory must look like 512M or 2G; got {text[:60]!r}")
    return int(match[1]) * {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}[match[2].lower()]


_TIME = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*(s|min|m|h|d|)", re.ASCII)


def seconds(text: str) -> float:
    """Seconds from ``60s``, ``5m`` (or min), ``2h``, ``1d`` or a plain number of them."""
    match = _TIME.fullmatch(text.strip())
    if not match:
        raise DomainError(f"a time must look like 60s, 5m, 2h or 1d; got {text[:60]!r}")
    units = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}
    return float(match[1]) * units[match[2]]


def within(low: int, high: int) -> Read:
    """Return the function that reads an integer from ``low`` to ``high``."""

    def read(text: str, name: str) -> int:
        value = integer(text, name)
        if not low <= value <= high:
            raise DomainError(
                f"{name} must be an integer from {low:,} to {high:,}; got {text[:60]}"
            )
        return value

    return read


class Typed(click.ParamType):
    """A type of option read by one of the functions here; it gets the option's own name."""

    def __init__(self, name: str, read: Read) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        name = "value" if param is None or param.name is None else param.name
        return self._read(value, name.removeprefix("network_").replace("_", "-"))


CELLS = Typed("cells", cells)
INTEGER = Typed("integer", integer)
NUMBER = Typed("number", number)
REAL = Typed("number", real)
WIDTHS_TYPE = Typed("widths", lambda text, name: widths(text))
TIME = Typed("time", lambda text, name: seconds(text))
MEMORY = Typed("size", lambda text, name: memory(text))
SEED_TYPE = Typed("seed", lambda text, name: SEED(integer(text, name)))
RATE = Typed("rate", lambda text, name: ALPHA(real(text, name)))


class Key(click.ParamType):
    """A statement's key, or the beginning of some: completed by the shell."""

    name = "key"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from maxout.theory.catalogue import CATALOGUE  # here: a command's start does without

        return [CompletionItem(key) for key in CATALOGUE if key.startswith(incomplete)]


KEY = Key()
