"""Integers and widths as people type them; nothing typed reaches an evaluator."""

from __future__ import annotations

import re

from maxout.theory.errors import DomainError

# ASCII alone: the digits of other scripts, which int reads too, are a slip.
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_POWER = re.compile(r"(\d{1,3})\^(\d{1,3})", re.ASCII)
MAX_LAYERS = 10_000


def integer_of(text: str) -> int | None:
    """An integer such as 12 or 10^6; None for anything else, and for absurd lengths."""
    power = _POWER.fullmatch(text)
    if power:
        return int(power[1]) ** int(power[2])
    return int(text) if _INTEGER.fullmatch(text) and len(text) <= 400 else None


def widths_of(text: str, name: str = "widths") -> tuple[int, ...]:
    """Hidden widths from ``64x20,32``: 64 units twenty times, then 32; not yet held to any range.

    Raises:
      DomainError: for unreadable widths.
    """
    found: list[int] = []
    for part in text.split(","):
        width, times, count = part.strip().partition("x")
        units, repeat = integer_of(width), integer_of(count) if times else 1
        if units is None or repeat is None or repeat < 1:
            raise DomainError(f"{name} must look like 64x20,32; got {text[:60]!r}")
        if repeat + len(found) > MAX_LAYERS:
            raise DomainError(f"at most {MAX_LAYERS:,} hidden layers; got {text[:60]!r}")
        found.extend([units] * repeat)
    return tuple(found)
