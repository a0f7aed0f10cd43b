"""Laws as populations: draws of a statement's right side, by what stands in the catalogue."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from maxout.theory.catalogue import CATALOGUE
from maxout.theory.network import Network
from maxout.theory.parameters import environment
from maxout.theory.statement import Statement
from maxout.verify.sampling.law_program import Program
from maxout.verify.sampling.populations import Arrays, Setting, shard_size
from maxout.verify.sampling.streams import Stream


@dataclass(frozen=True)
class Law:
    """Draws of the right side of a statement about a law, ``value``; in float64 everywhere.

    Attributes:
      key: of the statement.
      right: its right side, which holds random symbols.
      network: at which it is drawn.
      values: of the symbols that it depends on beside the network's.

    Raises:
      RuntimeError, NotImplementedError: at the first use, for a right side that is not random, or
        that ``verify.sampling.law_program`` cannot draw.
    """

    key: str
    right: sp.Expr
    network: Network
    values: tuple[tuple[sp.Symbol, Any], ...]

    @classmethod
    def of(
        cls, statement: Statement, network: Network, parameters: Mapping[str, Any] | None = None
    ) -> Law:
        """The law that a statement speaks of, at a network.

        Args:
          parameters: values by field name (``cosine``, ``norm``, ``layer``), as for ``predict``;
            those that the statement does not depend on are ignored.

        Raises:
          DomainError: for a parameter outside its domain.
        """
        known = environment(statement, network, **(parameters or {}))
        values = tuple((symbol, known[symbol]) for symbol in statement.parameters)
        return cls(statement.key, statement.right(), network, values)

    @property
    def arrays(self) -> tuple[str, ...]:
        return ("value",)

    @property
    def name(self) -> str:
        at = "".join(f"/{symbol}={value}" for symbol, value in self.values)
        return f"law/{self.key}/{self.network}{at}{self._changed}"

    @cached_property
    def _changed(self) -> str:
        """Tells another right side under the key of a statement from that of the catalogue."""
        if self.key in CATALOGUE and self.right == CATALOGUE[self.key].right():
            return ""
        return "/" + hashlib.sha256(sp.srepr(self.right).encode()).hexdigest()[:16]

    @cached_property
    def _program(self) -> Program:
        return Program(self.right, {**self.network.environment(), **dict(self.values)})

    @property
    def shard_size(self) -> int:
        return shard_size(self._program.draws)

    def memory(self, setting: Setting) -> tuple[int, str]:
        # One array more for what an operation makes before its operands are let go.
        held = self._program.values + max(self.network.widths)
        return 8 * held * self.shard_size, f"a shard of the law of {self.network}"

    def sample(self, stream: Stream, count: int) -> np.ndarray:
        """Return so many independent draws, (count,)."""
        return self._program.run(stream, count)

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        return {"value": self.sample(stream, self.shard_size)}
