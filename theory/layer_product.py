"""A product of layer matrices over symbolic depth, kept as one expression."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import sympy as sp
from sympy.printing.latex import LatexPrinter


class LayerProduct(sp.Expr):
    """row · T(last) ··· T(first) · column, the matrix T a function of the layer index.

    The product applies the first layer first. ``doit`` multiplies out at concrete depth;
    ``expand_sums`` writes a lower triangular product as nested sums and products, valid at
    symbolic depth.

    Args:
      row: 1 x d matrix.
      matrix: d x d matrix in the index.
      column: d x 1 matrix.
      limits: (index, first, last), as in ``sympy.Product``.

    Raises:
      TypeError: for shapes that do not fit, or an index that is not a symbol.
    """

    is_commutative = True

    def __new__(cls, row: Any, matrix: Any, column: Any, limits: Any) -> LayerProduct:
        row, matrix, column = (sp.ImmutableDenseMatrix(part) for part in (row, matrix, column))
        limits = sp.Tuple(*limits)
        size = matrix.rows
        if (row.shape, matrix.shape, column.shape) != ((1, size), (size, size), (size, 1)):
            raise TypeError(
                "a layer product needs shapes 1 x d, d x d, d x 1; "
                f"got {row.shape}, {matrix.shape}, {column.shape}"
            )
        if len(limits) != 3 or not isinstance(limits[0], sp.Symbol):
            raise TypeError(f"limits must be (symbol, first, last); got {limits}")
        if limits[2].is_Integer and limits[1].is_Integer and limits[2] < limits[1]:
            return (row * column)[0, 0]
        return super().__new__(cls, row, matrix, column, limits)

    @property
    def row(self) -> sp.ImmutableDenseMatrix:
        return self.args[0]

    @property
    def matrix(self) -> sp.ImmutableDenseMatrix:
        return self.args[1]

    @property
    def column(self) -> sp.ImmutableDenseMatrix:
        return self.args[2]

    @property
    def limits(self) -> sp.Tuple:
        return self.args[3]

    @property
    def bound_symbols(self) -> list[sp.Symbol]:
        return [self.limits[0]]

    @property
    def free_symbols(self) -> set[sp.Basic]:
        index, first, last = self.limits
        outside = self.row.free_symbols | self.column.free_symbols
        inside = self.matrix.free_symbols - {index}
        return outside | inside | first.free_symbols | last.free_symbols

    def _eval_subs(self, old: sp.Basic, new: sp.Basic) -> sp.Expr | None:
        index, first, last = self.limits
        if old != index:
            return None  # the default substitutes in every argument
        # The index is bound in the matrix; only the other arguments may see the outer symbol.
        return LayerProduct(
            self.row._subs(old, new),
            self.matrix,
            self.column._subs(old, new),
            (index, first._subs(old, new), last._subs(old, new)),
        )

    def _layers(self) -> range | None:
        _, first, last = self.limits
        return range(int(first), int(last) + 1) if first.is_Integer and last.is_Integer else None

    def doit(self, **hints: Any) -> sp.Expr:
        """Multiply out at concrete depth; with ``deep`` (default) evaluate the entries too."""
        parts = self.args
        if hints.get("deep", True):
            parts = tuple(part.doit(**hints) for part in parts)
        product = self.func(*parts)
        layers = product._layers() if isinstance(product, LayerProduct) else None
        if layers is None:
            return product
        vector = product.column
        for layer in layers:
            vector = product.matrix.xreplace({product.limits[0]: sp.Integer(layer)}) * vector
        return (product.row * vector)[0, 0]

    def expand_sums(self) -> sp.Expr:
        """Solve the recursion of a lower triangular matrix: nested Sum and Product over layers.

        v_a(k) = prod_{1..k} T_aa v_a(0) + sum_{i <= k} prod_{i+1..k} T_aa sum_{b<a} T_ab(i)
        v_b(i-1).

        Raises:
          RuntimeError: where the matrix is not lower triangular.
        """
        if not self.matrix.is_lower:
            raise RuntimeError("only a lower triangular layer product can be written as sums")
        index, first, last = self.limits

        def solve(a: int, end: sp.Expr, depth: int) -> sp.Expr:
            here, then = sp.symbols(f"l_{depth + 1} j_{depth + 1}", integer=True, positive=True)
            diagonal = self.matrix[a, a].xreplace({index: then})
            total = self.column[a] * sp.Product(diagonal, (then, first, end))
            fed = sp.Add(
                *(
                    self.matrix[a, b].xreplace({index: here}) * solve(b, here - 1, depth + 1)
                    for b in range(a)
                    if self.matrix[a, b] != 0
                )
            )
            if fed == 0:
                return total
            carried = sp.Product(diagonal, (then, here + 1, end))
            return total + sp.Sum(carried * fed, (here, first, end))

        return sp.Add(*(self.row[a] * solve(a, last, 0) for a in range(self.matrix.rows)))

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        product = self.doit(deep=False)
        return None if isinstance(product, LayerProduct) else product._eval_evalf(prec)

    def _ball_(self, evaluate: Callable[[sp.Expr], Any]) -> Any:
        """Multiply out in the arithmetic of ``evaluate``'s results, one vector a layer."""
        index, first, last = self.limits
        inside = _subexpressions_with(self.matrix, index)
        size = self.matrix.rows
        fixed: dict[sp.Expr, Any] = {}  # what does not depend on the layer, such as moments
        vector = [evaluate(entry) for entry in self.column]
        zero = 0 * vector[0]
        for layer in range(int(float(evaluate(first))), int(float(evaluate(last))) + 1):
            value = _Fold(evaluate, {index: sp.Integer(layer)}, inside, fixed)
            vector = [
                sum((value(self.matrix[a, b]) * vector[b] for b in self._support(a)), start=zero)
                for a in range(size)
            ]
        return sum((evaluate(self.row[a]) * vector[a] for a in range(size)), start=zero)

    def _support(self, a: int) -> list[int]:
        return [b for b in range(self.matrix.cols) if self.matrix[a, b] != 0]

    def _latex(self, printer: LatexPrinter) -> str:
        index, first, last = (printer._print(part) for part in self.limits)
        row, matrix, column = (printer._print(part) for part in self.args[:3])
        # The arrow says which way the factors run: the last layer stands leftmost.
        product = rf"\overset{{\curvearrowleft}}{{\prod_{{{index}={first}}}^{{{last}}}}}"
        return f"{row} {product} {matrix} {column}"


def _subexpressions_with(matrix: sp.ImmutableDenseMatrix, index: sp.Symbol) -> set[sp.Basic]:
    found: set[sp.Basic] = set()

    def visit(node: sp.Basic) -> bool:
        below = [visit(argument) for argument in node.args]  # all of them: any() alone would stop
        if node == index or any(below):
            found.add(node)
        return node in found

    for entry in matrix:
        visit(entry)
    return found


class _Fold:
    """Evaluate sums, products and integer powers here, each distinct leaf once."""

    def __init__(
        self,
        evaluate: Callable[[sp.Expr], Any],
        layer: dict[sp.Symbol, sp.Integer],
        inside: set[sp.Basic],
        fixed: dict[sp.Expr, Any],
    ) -> None:
        self.evaluate, self.layer, self.inside, self.fixed = evaluate, layer, inside, fixed
        self.local: dict[sp.Expr, Any] = {}

    def __call__(self, expr: sp.Expr) -> Any:
        known = self.local if expr in self.inside else self.fixed
        if expr not in known:
            known[expr] = self._compute(expr)
        return known[expr]

    def _compute(self, expr: sp.Expr) -> Any:
        if expr.is_Add:
            return reduce(operator.add, map(self, expr.args))
        if expr.is_Mul:
            return reduce(operator.mul, map(self, expr.args))
        if expr.is_Pow and expr.exp.is_Integer:
            return self(expr.base) ** int(expr.exp)
        if hasattr(expr, "_ball_"):
            return expr._ball_(self)
        return self.evaluate(expr.xreplace(self.layer))
