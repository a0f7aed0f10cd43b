"""What a run of a suite is told, in one record; and the words that it knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from maxout.numerics.run_fields import ALPHA as RATE
from maxout.numerics.run_fields import SEED
from maxout.theory.errors import DomainError
from maxout.theory.field import Field, real
from maxout.theory.network import Network

SUITES = ("quick", "standard")
DEVICES = ("auto", "cpu", "cuda")
DTYPES = ("float64", "float32")

BUDGET = Field(
    "budget",
    sp.Symbol("budget"),
    "a time from 1 s to 100 days",
    (10, 60, 3600),
    "seconds that the samples at one network may take",
    real(lambda seconds: bool(seconds >= 1) and bool(seconds <= 8_640_000)),
)

ALPHA = 1e-3
"""Family-wise false-alarm rate of a whole suite, unless another is asked for."""


@dataclass(frozen=True)
class RunSetting:
    """What to check, and how to draw.

    Attributes:
      suite: one of ``SUITES``.
      keys: statements or prefixes of their keys; all where empty.
      seed: root of all streams; a verdict depends on it and on ``dtype`` alone, not on the
        memory, the number of cores or which other statements there are.
      device: one of ``DEVICES``.
      dtype: one of ``DTYPES``, the precision of the networks.
      memory: bytes that draws may occupy at one time; 1 GiB where None.
      alpha: family-wise false-alarm rate of the whole suite.
      workers: threads; the cores this process may use where None.
      network: a person's own, looked at instead of the suite's.
      budget: seconds that its samples may take, which choose the margins; one minute, and no
        margins below the quick suite's, where None.

    Raises:
      DomainError: for a bad seed, alpha or budget, or a suite other than the quick one beside a
        network. What the machine lacks shows when the run begins.
    """

    suite: str = SUITES[0]
    keys: Sequence[str] = ()
    seed: int = 0
    device: str = DEVICES[0]
    dtype: str = DTYPES[0]
    memory: int | None = None
    alpha: float = ALPHA
    workers: int | None = None
    network: Network | None = None
    budget: float | None = None

    def __post_init__(self) -> None:
        SEED(self.seed)
        RATE(self.alpha)
        if self.budget is not None:
            BUDGET(self.budget)
            if self.network is None:
                raise DomainError(
                    "a budget chooses the margins at a network of your own, which needs --rank, "
                    "--inputs and --widths; those of a suite are fixed"
                )
        if self.network is not None and self.suite != SUITES[0]:
            raise DomainError(
                f"a network takes the place of a suite: leave out --suite {self.suite}"
            )

    @property
    def drawing(self) -> dict[str, Any]:
        """The arguments of ``sampling.collector.Collector``."""
        names = ("seed", "device", "dtype", "memory", "workers")
        return {name: getattr(self, name) for name in names}
