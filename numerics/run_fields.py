"""What every run of draws takes besides its subject: the root of its streams, a rate of error."""

from __future__ import annotations

from typing import Any

import sympy as sp

from maxout.theory.field import Field, integer


def _rate(value: Any) -> float:
    """A number in (0, 1/2]; the one-sided bands of decisions need the latter."""
    if isinstance(value, (bool, str, bytes)) or not 0 < value <= 0.5:
        raise ValueError(value)
    return float(value)


SEED = Field(
    "seed",
    sp.Symbol("seed"),
    "an integer from 0 to 2^128 - 1",
    (0, 1, 2**64),
    "root of every stream of draws",
    integer(0, 2**128 - 1),
)
ALPHA = Field(
    "alpha",
    sp.Symbol("alpha"),
    "a number above 0 and at most 0.5",
    (1e-3, 0.01),
    "chance of any false alarm",
    _rate,
)
