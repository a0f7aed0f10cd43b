"""One lock for the working precisions, which mpmath and flint keep once for the whole process.

A thread that set a precision while another had set its own would compute with the other's, and
restore the wrong one at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import RLock
from typing import ParamSpec, TypeVar

import mpmath

P = ParamSpec("P")
R = TypeVar("R")

LOCK = RLock()
"""Held wherever a precision is set, until it is set back; a thread may take it again."""


@contextmanager
def workprec(bits: int) -> Iterator[None]:
    """Work at so many bits of mpmath's precision, alone."""
    with LOCK, mpmath.workprec(bits):
        yield


def alone(function: Callable[P, R]) -> Callable[P, R]:
    """Let one thread at a time into a function, and none while it is in: SymPy sets precisions too.

    SymPy takes no lock of its own. Where other threads call its ``evalf`` or ``N`` at the same
    time, hold ``LOCK`` around those calls.
    """

    @wraps(function)
    def held(*args: P.args, **kwargs: P.kwargs) -> R:
        with LOCK:
            return function(*args, **kwargs)

    return held
