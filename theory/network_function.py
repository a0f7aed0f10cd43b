"""Numbers of one network that no formula gives: functions of its layers, written with a letter."""

from __future__ import annotations

from typing import Any, ClassVar

import sympy as sp
from sympy.printing.printer import Printer

from maxout.theory.symbols import K, L, c, n


class NetworkFunction(sp.Function):
    """A number of a network of rank K, constant c and depth L with widths n, gaussian biases.

    Its own arguments come first; rank, constant, depth and widths follow, K, c, L and n where they
    are left out, and are not printed. It stays unevaluated: ``numerics.routes`` knows its values.
    """

    is_positive = True

    letter: ClassVar[str]
    own: ClassVar[int]

    @classmethod
    def eval(cls, *arguments: sp.Expr) -> sp.Expr | None:
        if len(arguments) == cls.own:
            return cls(*arguments, K, c, L, n)
        if len(arguments) != cls.own + 4:
            raise TypeError(f"{cls.__name__} takes {cls.own} arguments; got {len(arguments)}")
        return None

    def _plain(self, printer: Printer) -> Any:
        return printer._print(sp.Function(self.letter)(*self.args[: self.own]))

    _sympystr = _pretty = _plain

    def _latex(self, printer: Printer, exp: str | None = None) -> str:
        text = self._letters(*(printer._print(argument) for argument in self.args[: self.own]))
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    def _letters(self, *arguments: str) -> str:
        layer, length = arguments
        return rf"{self.letter}_{{{layer}}}\left({length}\right)"
