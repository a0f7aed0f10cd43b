"""Oracles of laws: means of functions of the right side, whose draws must agree with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from maxout.theory.statement import Statement
from maxout.verify.sampling.law_population import Law
from maxout.verify.sampling.streams import Stream

from .registry import ORACLES, At

Array = np.ndarray[Any, Any]

DRAWS = 1 << 19
DEVIATIONS = 5.0
"""Standard errors that a mean may be off; the draws are always the same, and 1 % is above it."""

STATISTICS: dict[str, Callable[[Array], Array]] = {
    "x": lambda x: x,
    "x^2": np.square,
    "ln x": np.log,
    "(ln x)^2": lambda x: np.log(x) ** 2,
}


@dataclass(frozen=True)
class LawOracle:
    """Means that a law must have.

    Attributes:
      means: point -> statistic -> its mean.
      points: where draws are compared. Wide networks, whose draws vary little, but no two widths
        alike.
    """

    means: Callable[[At], Mapping[str, float]]
    points: tuple[At, ...]

    @cached_property
    def expected(self) -> tuple[Mapping[str, float], ...]:
        return tuple(self.means(at) for at in self.points)

    def disagreements(self, statement: Statement) -> Iterator[str]:
        """Where the draws' means are not the oracle's."""
        for at, means in zip(self.points, self.expected, strict=True):
            drawn = Law.of(statement, at.network, at.parameters)
            values = drawn.sample(Stream(0, f"oracle/{at}", shard=0), DRAWS)
            for name, mean in means.items():
                seen = STATISTICS[name](values)
                error = float(seen.std()) / math.sqrt(DRAWS)
                if not abs(float(seen.mean()) - mean) <= DEVIATIONS * error:
                    found = f"{float(seen.mean())!r} +- {error:.1e}"
                    yield f"{statement.key} at {at}: mean of {name} {found}, by the oracle {mean!r}"


def law(*keys: str, at: tuple[At, ...]) -> Callable[[Any], Any]:
    """Enter a function as the oracle of laws."""

    def enter(means: Callable[[At], Mapping[str, float]]) -> Any:
        for key in keys:
            ORACLES.setdefault(key, []).append(LawOracle(means, at))
        return means

    return enter
