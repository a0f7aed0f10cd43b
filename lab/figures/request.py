"""What a figure is asked for, and which of it each figure takes."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable
from dataclasses import dataclass, fields
from fractions import Fraction

from maxout.theory.errors import DomainError
from maxout.theory.order.moments import LargestNormalMoment
from maxout.verify.sampling.scales import moment

BY_RANK = "1/M_K"
"""The value of c that each rank has for itself."""

MOST = {"networks": 10**5, "widths": 1000, "ranks": 100, "depths": 200}


@dataclass(frozen=True)
class Request:
    """What a figure is made from; None is what the figure has by itself.

    Attributes:
      networks: sampled networks.
      widths, ranks, depths: units of a layer, K, and numbers of layers, each one or several.
      variances: values of c, fractions or ``BY_RANK``.
      seed: root of every stream.
      data: folder of a training, for the figure that shows one.
      progress: called with the share done, from 0 to 1.
    """

    networks: int | None = None
    widths: tuple[int, ...] | None = None
    ranks: tuple[int, ...] | None = None
    depths: tuple[int, ...] | None = None
    variances: tuple[Fraction | float | str, ...] | None = None
    seed: int = 0
    data: str | None = None
    progress: Callable[[float], None] = lambda share: None

    def check(self, name: str, takes: dict[str, int]) -> None:
        """Check what was asked for against what a figure takes.

        Args:
          takes: name of an attribute -> how many values of it the figure shows at most.

        Raises:
          DomainError: for what it does not take, too many or too few of it, numbers out of range.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None or field.name in ("seed", "progress"):
                continue
            if field.name not in takes:
                known = ", ".join(takes) or "nothing but a seed"
                raise DomainError(f"{name} takes no {field.name}; it takes {known}")
            if field.name == "data":
                continue
            values = value if isinstance(value, tuple) else (value,)
            if not 1 <= len(values) <= takes[field.name]:
                raise DomainError(
                    f"{name} shows 1 to {takes[field.name]} {field.name}; got {len(values)}"
                )
            for one in values:
                _check(field.name, one)

    def command(self, name: str) -> str:
        """The command line that makes a figure of it."""
        words = ["maxout", "figure", name]
        options = {"widths": self.widths, "rank": self.ranks, "depth": self.depths,
                   "c": self.variances}  # fmt: skip
        for option, values in options.items():
            if values is not None:
                words += [f"--{option}", ",".join(map(str, values))]
        for option, value in (("networks", self.networks), ("data", self.data)):
            if value is not None:
                words += [f"--{option}", str(value)]
        return shlex.join([*words, "--seed", str(self.seed)])


def _check(name: str, value: int | Fraction | float | str) -> None:
    if name == "variances":
        number = not isinstance(value, str) and 0 < value < math.inf
        if not (number or value == BY_RANK):
            raise DomainError(f"c must be a positive number or {BY_RANK}; got {value}")
        return
    least = 1 if name in ("widths", "depths") else 2
    if not (isinstance(value, int) and least <= value <= MOST[name]):
        raise DomainError(f"{name} must be from {least} to {MOST[name]:,}; got {value}")


def variance(c: Fraction | float | str, rank: int) -> float:
    """The value of c at a rank."""
    return 1 / moment(LargestNormalMoment, rank, 2) if isinstance(c, str) else float(c)


def name_of(c: Fraction | float | str) -> str:
    """How c is written in labels."""
    return c if isinstance(c, str) else f"{float(c):g}"
