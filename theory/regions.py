"""Linear regions: the 2021 bounds and the constants they rest on.

Sources: Tseran and Montúfar (NeurIPS 2021) for the bounds, (ICML 2023) for the gradient constant
through the moments of the Jacobian; this project for the sharper constant and the exact moments
(docs/linear-regions.md).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp
from sympy.printing.latex import LatexPrinter

from maxout.theory.frame import transfer_matrix
from maxout.theory.layer_product import LayerProduct
from maxout.theory.norm import SquaredNormMoment
from maxout.theory.symbols import K, L, c, l, n, n_0, n_L, volume

GRADIENT_SOURCES = ("paper", "sharp")

_i = sp.Symbol("i", integer=True, positive=True)


def units() -> sp.Expr:
    """Return N = n_1 + ... + n_{L-1}, the number of maxout units."""
    return sp.Sum(n[l], (l, 1, L - 1))


def _directions(s: int) -> sp.Expr:
    """Return n_0 (n_0+2) ... (n_0+2s-2) / n_0^s = E (chi^2_{n_0}/n_0)^s."""
    return sp.Mul(*(1 + sp.Integer(2 * i) / n_0 for i in range(s)))


def _even_upper(s: int, before: sp.Expr) -> sp.Expr:
    """Return the sharp bound on E||grad zeta||^{2s}, ``before`` layers below the feature."""
    factor = SquaredNormMoment(K, n[_i], s) * (c / n[_i]) ** s
    return c**s * _directions(s) * sp.Product(factor, (_i, 1, before))


def gradient_moment_upper(
    order: sp.Expr | int, source: str = "paper", layer: sp.Expr = L - 1
) -> sp.Expr:
    """Return a bound on E||grad zeta(x)||^order, zeta a pre-activation feature of ``layer``.

    "paper": from the bound on E||J u||^{2s}, s = ceil(order/2), that holds for any biases, by
    Jensen's inequality over the n_0 coordinates and over the order. "sharp": from the largest
    value of E||J u||^{2s} over inputs and directions (biases gaussian or zero), by an average over
    directions that loses nothing; at an odd order the geometric mean of the orders beside it.

    Args:
      order: an integer >= 1; symbolic too for "paper".

    Raises:
      ValueError: for an unknown source or another order.
    """
    checked = _order(order, source)
    if source == "paper":
        s = sp.ceiling(checked / 2)
        spread = sp.exp(s**2 * (sp.Sum(1 / (n[_i] * K), (_i, 1, layer - 1)) + 1))
        return (c**s * (c * K) ** (s * (layer - 1)) * spread) ** (checked / (2 * s))
    half, odd = divmod(int(checked), 2)
    if not odd:
        return _even_upper(half, layer - 1)
    return sp.sqrt(_even_upper(half, layer - 1) * _even_upper(half + 1, layer - 1))


def gradient_moment_exact(s: int, layer: sp.Expr = L - 1) -> sp.Expr:
    """Return E||grad zeta(x)||^{2s} at zero biases, zeta a pre-activation feature of ``layer``.

    The moving frame's exact E||J u||^{2s}, averaged over all directions u.

    Raises:
      ValueError: unless s is an integer >= 1.
    """
    if int(s) != s or s < 1:
        raise ValueError(f"the order of a gradient's moment must be an integer >= 1; got {s}")
    matrix = transfer_matrix(s, n[l], 1 / n[l])
    row = sp.ImmutableDenseMatrix(1, s + 1, lambda _, a: sp.binomial(s, a))
    # cos^2 of the angle to a uniform direction is Beta(1/2, (n_0-1)/2).
    column = sp.ImmutableDenseMatrix(
        s + 1,
        1,
        lambda a, _: sp.Mul(
            *(sp.Rational(1, 2) + i for i in range(a)),
            *((n_0 - 1) / 2 + i for i in range(s - a)),
            *(1 / (n_0 / 2 + i) for i in range(s)),
        ),
    )
    carried = LayerProduct(row, matrix, column, (l, 1, layer - 1))
    return c ** (s * layer) * _directions(s) * carried


def gradient_constant(order: int, source: str = "paper", outputs: bool = False) -> sp.Expr:
    """Return a C_grad with C_grad^t >= sup_x E||grad zeta(x)||^t for all t <= order, all features.

    (E||grad zeta||^t)^{1/t} increases with t, so the bound at the largest order serves all; and the
    layers enter as factors, of which those below 1 are left out to cover the earlier layers.

    Args:
      order: the largest t needed, n_0 in the bounds on regions.
      source: "paper" or "sharp", as in ``gradient_moment_upper``.
      outputs: whether the network's outputs count among the features.

    Raises:
      ValueError: as ``gradient_moment_upper``.
    """
    t = _order(order, source)
    last = L - 1 if outputs else L - 2
    first = sp.Max(1, c) if outputs else c
    if source == "paper":
        s = sp.ceiling(t / 2)
        spread = sp.exp(s / 2 * (sp.Sum(1 / (n[_i] * K), (_i, 1, last)) + 1))
        return sp.sqrt(first) * sp.Max(1, c * K) ** (last / sp.Integer(2)) * spread

    def even(s: int) -> sp.Expr:
        factor = sp.Max(1, SquaredNormMoment(K, n[_i], s) * (c / n[_i]) ** s)
        return first**s * _directions(s) * sp.Product(factor, (_i, 1, last))

    half, odd = divmod(int(t), 2)
    if not odd:
        return even(half) ** (1 / t)
    # With one input every product over directions is 1, and order 1 is sqrt(even(1)).
    return (even(half) * even(half + 1)) ** (1 / (2 * t))


def _order(order: sp.Expr | int, source: str) -> sp.Expr:
    if source not in GRADIENT_SOURCES:
        raise ValueError(f"source must be one of {', '.join(GRADIENT_SOURCES)}; got {source!r}")
    checked = sp.sympify(order, strict=True)
    if (checked.is_number or source == "sharp") and not (checked.is_Integer and checked >= 1):
        raise ValueError(f"the order of a gradient's moment must be an integer >= 1; got {order}")
    return checked


class _AtNetwork(sp.Function):
    """A function of (n_0, L), evaluated where both are numbers; the widths are looked up there."""

    is_positive = True
    name_latex = ""
    largest_inputs = 1000  # a moment of order n_0 has as many factors

    def expanded(self, inputs: int, depth: int) -> sp.Expr:
        """Return the expression at numbers n_0 and L."""
        raise NotImplementedError

    def _ball_(self, evaluate: Callable[[sp.Expr], Any]) -> Any:
        inputs, depth = (evaluate.integer(argument) for argument in self.args)  # type: ignore[attr-defined]
        if inputs > self.largest_inputs:
            raise ValueError(
                f"the constants of the bounds on regions are computed for up to "
                f"{self.largest_inputs} inputs; got {inputs}"
            )
        return evaluate(self.expanded(inputs, depth))

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        return self.name_latex if exp is None else rf"{self.name_latex}^{{{exp}}}"


class BiasConstant(_AtNetwork):
    """C_bias, the largest density of a bias: N(0, c/n_{l-1}), so max_l sqrt(n_{l-1}/(2 pi c))."""

    name_latex = r"C_{\mathrm{bias}}"

    def expanded(self, inputs: int, depth: int) -> sp.Expr:
        widths = [n_0, *(n[i] for i in range(1, depth - 1))]
        return sp.sqrt(sp.Max(*widths) / (2 * sp.pi * c))


class BiasConstantWithOutputs(_AtNetwork):
    """C_bias where the outputs' biases N(0, 1/n_{L-1}) count as well."""

    name_latex = r"C_{\mathrm{bias}}"

    def expanded(self, inputs: int, depth: int) -> sp.Expr:
        hidden = [width / c for width in (n_0, *(n[i] for i in range(1, depth - 1)))]
        return sp.sqrt(sp.Max(*hidden, n[depth - 1]) / (2 * sp.pi))


class SharpGradientConstant(_AtNetwork):
    """C_grad at order n_0, from the largest moments of the Jacobian; ``gradient_constant``."""

    name_latex = r"C_{\mathrm{grad}}"
    outputs = False

    def expanded(self, inputs: int, depth: int) -> sp.Expr:
        return gradient_constant(inputs, "sharp", self.outputs)


class SharpGradientConstantWithOutputs(SharpGradientConstant):
    """The same where the network's outputs count as features."""

    outputs = True


class FewOrMany(sp.Function):
    """``few`` where N <= n_0 and ``many`` otherwise: arguments (few, many, N, n_0)."""

    is_nonnegative = True

    def _ball_(self, evaluate: Callable[[sp.Expr], Any]) -> Any:
        few, many, number, inputs = self.args
        enough = evaluate.integer(number) <= evaluate.integer(inputs)  # type: ignore[attr-defined]
        return evaluate(few if enough else many)

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        few, many, number, inputs = (printer._print(argument) for argument in self.args)
        text = (
            rf"\begin{{cases}} {few} & {number} \leq {inputs} \\ {many} & \text{{otherwise}} "
            r"\end{cases}"
        )
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"


def constants(source: str, outputs: bool = False) -> tuple[sp.Expr, sp.Expr]:
    """Return (C_bias, C_grad) for gaussian biases N(0, c/fan_in); see ``gradient_constant``."""
    if source == "paper":
        grad = gradient_constant(n_0, "paper", outputs)
    elif outputs:
        grad = SharpGradientConstantWithOutputs(n_0, L)
    else:
        grad = SharpGradientConstant(n_0, L)
    bias = BiasConstantWithOutputs(n_0, L) if outputs else BiasConstant(n_0, L)
    return bias, grad


def patterns_upper() -> sp.Expr:
    """Return K^N: every unit has one of K winners, and a pattern of winners one region."""
    return K ** units()


def regions_upper(source: str = "paper") -> sp.Expr:
    """Return the 2021 bound on the expected number of linear regions in a cube.

    K^N where N <= n_0, and (T K N)^{n_0} C(K n_0, 2 n_0) vol / n_0! otherwise, T = 2^5 C_bias
    C_grad, for cubes of a side above 1/(2 C_bias C_grad). K >= 2.

    Args:
      source: of C_grad, "paper" or "sharp".
    """
    c_bias, c_grad = constants(source)
    number = units()
    scale = 2**5 * c_bias * c_grad * K * number
    many = scale**n_0 * sp.binomial(K * n_0, 2 * n_0) * volume / sp.factorial(n_0)
    return FewOrMany(patterns_upper(), many, number, n_0)


def decision_boundary_upper(source: str = "paper") -> sp.Expr:
    """Return the 2021 bound on the expected number of linear pieces of the decision boundary.

    C(n_L, 2) pairs of classes, each T^{n_0} (2 K N)^{n_0-1} C(K (n_0-1), 2 (n_0-1)) vol/(n_0-1)!,
    T = 2^4 C_bias C_grad, the outputs among the features; where N <= n_0 at most K^N a pair.
    """
    c_bias, c_grad = constants(source, outputs=True)
    number, less = units(), n_0 - 1
    many = (
        (2**4 * c_bias * c_grad) ** n_0
        * (2 * K * number) ** less
        * sp.binomial(K * less, 2 * less)
        * volume
        / sp.factorial(less)
    )
    return sp.binomial(n_L, 2) * FewOrMany(patterns_upper(), many, number, n_0)


def smallest_side(source: str = "paper") -> sp.Expr:
    """Return 1/(2 C_bias C_grad): the bounds hold for cubes whose side is larger."""
    c_bias, c_grad = constants(source)
    return 1 / (2 * c_bias * c_grad)
