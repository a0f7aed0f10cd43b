"""Linear regions: the 2021 bounds on their numbers, and the constants they rest on.

Sources: Tseran and Montúfar (NeurIPS 2021) for the bounds; ``feature_gradients`` for the
constant of the gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp
from sympy.printing.latex import LatexPrinter

from maxout.theory.errors import DomainError
from maxout.theory.regions.feature_gradients import gradient_constant
from maxout.theory.symbols import K, L, c, l, n, n_0, n_L, volume


def units() -> sp.Expr:
    """Return N = n_1 + ... + n_{L-1}, the number of maxout units."""
    return sp.Sum(n[l], (l, 1, L - 1))


class _AtNetwork(sp.Function):
    """A function of (n_0, L), evaluated where both are numbers; the widths are looked up there."""

    is_positive = True
    name_latex = ""
    largest_inputs = 1000

    def expanded(self, inputs: int, depth: int) -> sp.Expr:
        """Return the expression at numbers n_0 and L."""
        raise NotImplementedError

    def _ball_(self, evaluate: Callable[[sp.Expr], Any]) -> Any:
        inputs, depth = (evaluate.integer(argument) for argument in self.args)  # type: ignore[attr-defined]
        if inputs > self.largest_inputs:
            raise DomainError(
                f"the constants of the bounds on regions are computed for up to "
                f"{self.largest_inputs} inputs; got {inputs}"
            )
        return evaluate(self.expanded(inputs, depth))

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        return self.name_latex if exp is None else rf"{self.name_latex}^{{{exp}}}"


def _largest(*widths: sp.Expr) -> sp.Expr:
    # SymPy would compare every symbol with every other, which takes minutes for hundreds.
    return sp.Max(*widths, evaluate=False)


class BiasConstant(_AtNetwork):
    """C_bias, the largest density of a bias: N(0, c/n_{l-1}), so max_l sqrt(n_{l-1}/(2 pi c))."""

    name_latex = r"C_{\mathrm{bias}}"

    def expanded(self, inputs: int, depth: int) -> sp.Expr:
        widths = [n_0, *(n[i] for i in range(1, depth - 1))]
        return sp.sqrt(_largest(*widths) / (2 * sp.pi * c))


class BiasConstantWithOutputs(_AtNetwork):
    """C_bias where the outputs' biases N(0, 1/n_{L-1}) count as well."""

    name_latex = r"C_{\mathrm{bias}}"

    def expanded(self, inputs: int, depth: int) -> sp.Expr:
        hidden = [width / c for width in (n_0, *(n[i] for i in range(1, depth - 1)))]
        return sp.sqrt(_largest(*hidden, n[depth - 1]) / (2 * sp.pi))


class SharpGradientConstant(_AtNetwork):
    """C_grad at order n_0, from the largest moments of the Jacobian; ``gradient_constant``."""

    name_latex = r"C_{\mathrm{grad}}"
    outputs = False
    largest_inputs = 250  # moments of order n_0 are polynomials of as many terms

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


def smallest_side(source: str = "paper", outputs: bool = False) -> sp.Expr:
    """Return 1/(2 C_bias C_grad): the bounds hold for cubes whose side is larger."""
    c_bias, c_grad = constants(source, outputs)
    return 1 / (2 * c_bias * c_grad)
