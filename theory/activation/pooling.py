"""Max pooling behind maxout when the cells of a window are correlated.

A window has p cells, a cell K features. Features of one piece k in the cells have a common
correlation rho >= 0, since all cells share the weights; those of different pieces are independent.
So the window's value is the largest over k of sqrt(rho) Z_k + sqrt(1 - rho) max_a Y_{k,a}. Source:
this project, docs/pooling.md.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from maxout.theory.order.moments import LargestNormalMoment


class _Pooled(sp.Function):
    """A mean over windows, of arguments (K, p, rho)."""

    nargs = 3
    is_real = True
    is_finite = True
    is_nonnegative = True
    letter: str

    def _sympystr(self, printer: StrPrinter) -> str:
        K, p, rho = (printer._print(argument) for argument in self.args)
        return f"{self.letter}_{{{K},{p}}}({rho})"

    _pretty_name = _sympystr

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        K, p, rho = (printer._print(argument) for argument in self.args)
        text = rf"{self.letter}_{{{K},{p}}}\left({rho}\right)"
        return text if exp is None else f"{text}^{{{exp}}}"


class PooledMoment(_Pooled):
    """M_{K,p}(rho), the second moment of a window's value: M_{Kp} at rho = 0, M_K at 1."""

    letter = "M"

    @classmethod
    def eval(cls, K: sp.Expr, p: sp.Expr, rho: sp.Expr) -> sp.Expr | None:
        if rho == 0:
            return LargestNormalMoment(K * p, 2)
        if rho == 1 or p == 1:
            return LargestNormalMoment(K, 2)
        return None


class PooledProduct(_Pooled):
    """N_{K,p}(rho), the mean product of the values of two windows.

    All 2p cells have the common correlation rho.
    """

    letter = "N"

    @classmethod
    def eval(cls, K: sp.Expr, p: sp.Expr, rho: sp.Expr) -> sp.Expr | None:
        if rho == 0:
            return LargestNormalMoment(K * p, 1) ** 2
        if rho == 1:
            return LargestNormalMoment(K, 2)
        return None

    def doit(self, **hints: Any) -> sp.Expr:
        return self
