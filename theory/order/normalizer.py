"""What a normalization divides by: r^2 = sum Xi_i^2 and rho^2 = sum (Xi_i - mean)^2 over m units.

One function for both: ``lost`` is 0 for r^2 (RMS normalization) and 1 for rho^2 (layer
normalization), the directions that the normalization projects away before it divides. Source: this
project, docs/normalization.md.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.printing.latex import LatexPrinter

from maxout.theory.errors import DomainError


def _freedom(rank: sp.Expr, units: sp.Expr, lost: sp.Expr) -> sp.Expr | None:
    """Degrees of freedom where it is a chi-square: at rank 1, and r^2 at rank 2."""
    if lost not in (0, 1):
        raise DomainError(f"a normalization loses 0 or 1 directions; got {lost}")
    return units - lost if rank == 1 or (rank == 2 and lost == 0) else None


class _OfSquare(sp.Function):
    """Shared: a number of r^2 or rho^2, unevaluated but where that is a chi-square."""

    text = ""

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        rank, units, lost, *more = self.args
        letter = r"\rho" if lost == 1 else "r"
        variable = rf"{letter}_{{{printer._print(rank)},{printer._print(units)}}}"
        power = str(-2 * more[0]) if more else "2"
        text = self.text % rf"{variable}^{{{power}}}"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"


class InverseSquareMoment(_OfSquare):
    """E (r^2)^-t, or E (rho^2)^-t, of rank K and m units: infinite unless m - lost > 2t.

    Args: rank, units, lost, order t.
    """

    is_positive = True
    text = r"\mathbb{E}[%s]"

    @classmethod
    def eval(cls, rank: sp.Expr, units: sp.Expr, lost: sp.Expr, order: sp.Expr) -> Any:
        if not (order.is_Integer and order >= 1):
            raise DomainError(f"an inverse square has an integer order >= 1; got {order}")
        freedom = _freedom(rank, units, lost)
        if freedom is None:
            return None
        return 1 / sp.Mul(*(freedom - 2 * i for i in range(1, int(order) + 1)))


class LogSquareMean(_OfSquare):
    """E ln r^2, or E ln rho^2; args: rank, units, lost."""

    is_real = True
    text = r"\mathbb{E}\ln %s"

    @classmethod
    def eval(cls, rank: sp.Expr, units: sp.Expr, lost: sp.Expr) -> Any:
        freedom = _freedom(rank, units, lost)
        if freedom is None:
            return None
        # SymPy would add up as many fractions as there are units.
        return sp.log(2) + sp.digamma(freedom / 2, evaluate=not freedom.is_Integer)


class LogSquareVariance(_OfSquare):
    """Var ln r^2, or Var ln rho^2; args: rank, units, lost."""

    is_positive = True
    text = r"\mathrm{Var}\ln %s"

    @classmethod
    def eval(cls, rank: sp.Expr, units: sp.Expr, lost: sp.Expr) -> Any:
        freedom = _freedom(rank, units, lost)
        if freedom is None:
            return None
        return sp.polygamma(1, freedom / 2, evaluate=not freedom.is_Integer)
