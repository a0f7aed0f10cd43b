"""Linear regions of maxout layers in the whole input space.

The regions of one layer of n units and d inputs are the upper vertices of a Minkowski sum of n
Gaussian polytopes, a Gaussian projection of a product of n simplices to R^{d+1}; without biases
they are all vertices of the projection to R^d. By Affentranger and Schneider's theorem, and since
the angles of a product multiply, the expectations are sums of coefficients of A_K(y)^n,

  A_K(y) = sum_g K C(K-1, g) P_g(-1/g) P_{K-1-g}(1/(g+2)) y^g,

over the faces of dimension g at a vertex of a simplex: the internal angle of the face at the vertex
and the external angle at the face are orthant probabilities. Source: this project,
docs/linear-regions.md#the-whole-space.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from maxout.theory.order.orthant import OrthantProbability
from maxout.theory.symbols import K, L, l, n, n_0


def face_coefficient(rank: sp.Expr, g: int) -> sp.Expr:
    """Return A_g, the coefficient of y^g in A_K(y), for 0 <= g <= K - 1."""
    internal = OrthantProbability(g, -1 / sp.Integer(g)) if g else sp.Integer(1)
    external = OrthantProbability(rank - 1 - g, 1 / sp.Integer(g + 2))
    return rank * sp.binomial(rank - 1, g) * internal * external


class _LayerRegions(sp.Function):
    """Expected regions, of arguments (K, n, d): rank, units, dimension of the input."""

    is_positive = True
    nargs = 3
    letter: str

    @staticmethod
    def degrees(dimension: int) -> range:
        """The powers of y whose coefficients are added."""
        raise NotImplementedError

    factor = 1

    def doit(self, **hints: Any) -> sp.Expr:
        """The sum at integers, in closed form where the orthant probabilities have one."""
        if not all(argument.is_Integer for argument in self.args):
            return self
        rank, units, dimension = (int(argument) for argument in self.args)
        if units * (rank - 1) < dimension:
            return sp.Integer(rank) ** units
        y = sp.Dummy("y")
        faces = [face_coefficient(sp.Integer(rank), g) * y**g for g in range(rank)]
        power = sp.Poly(sp.Add(*faces) ** units, y)
        return self.factor * sp.Add(*(power.coeff_monomial(y**j) for j in self.degrees(dimension)))

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        value = self.doit()
        return None if value is self else value._eval_evalf(prec)

    def _sympystr(self, printer: StrPrinter) -> str:
        rank, units, dimension = (printer._print(argument) for argument in self.args)
        return f"{self.letter}_{rank}({units}, {dimension})"

    _pretty_name = _sympystr

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        rank, units, dimension = (printer._print(argument) for argument in self.args)
        text = rf"{self.letter}_{{{rank}}}({units}, {dimension})"
        return text if exp is None else rf"{text}^{{{exp}}}"


class AffineLayerRegions(_LayerRegions):
    """R_K(n, d) = sum over j <= d of [y^j] A_K(y)^n: Gaussian biases of any variance above 0."""

    letter = "R"

    @staticmethod
    def degrees(dimension: int) -> range:
        return range(dimension + 1)


class LinearLayerRegions(_LayerRegions):
    """Z_K(n, d) = 2 sum over s >= 0 of [y^{d-1-2s}] A_K(y)^n, K^n where n (K-1) < d: no biases."""

    letter = "Z"
    factor = 2

    @staticmethod
    def degrees(dimension: int) -> range:
        return range(dimension - 1, -1, -2)


class Bottleneck(sp.Function):
    """d_l = min(n_0, ..., n_{l-1}), of arguments (l, n): the dimension that layer l can see."""

    is_integer = True
    is_positive = True
    nargs = 2

    def _sympystr(self, printer: StrPrinter) -> str:
        return f"d_{printer._print(self.args[0])}"

    _pretty_name = _sympystr

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        text = f"d_{{{printer._print(self.args[0])}}}"
        return text if exp is None else rf"{text}^{{{exp}}}"


def layer_mean(function: type[sp.Function]) -> sp.Expr:
    """Return the expected regions of R^{n_0} of a network with one hidden layer."""
    return function(K, n[1], n_0)


def network_mean_upper(function: type[sp.Function]) -> sp.Expr:
    """Return the product of the layers' expectations, each in the dimension that it can see."""
    return sp.Product(function(K, n[l], Bottleneck(l, n)), (l, 1, L - 1))


def network_maximum() -> sp.Expr:
    """Return the product of the layers' sharp maxima, sum over i <= d of C(n, i) (K-1)^i."""
    i = sp.Symbol("i", integer=True, nonnegative=True)
    layer = sp.Sum(sp.binomial(n[l], i) * (K - 1) ** i, (i, 0, Bottleneck(l, n)))
    return sp.Product(layer, (l, 1, L - 1))
