"""Who gives numbers to functions that have no closed form: set by ``maxout``, above this floor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

EvalfRule = Callable[[Any, int], Any]
"""(function of numbers, bits) -> its value as an mpf of at least so many bits."""

_finders: list[Callable[[type], EvalfRule | None]] = []


def provide(find: Callable[[type], EvalfRule | None]) -> None:
    """Let ``evalf`` ask for the rule of a class of functions; None where there is none."""
    _finders.append(find)


def rule_of(kind: type) -> EvalfRule | None:
    """Return the rule of a class of functions; None where nobody has one."""
    return next((rule for find in _finders if (rule := find(kind)) is not None), None)
