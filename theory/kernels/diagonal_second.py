"""The second moment of the tangent kernel on its diagonal: exact at zero bias, and bounds.

Put G_l for what the layers l..L add to the trace of K(x, x) over the outputs, in units of
||x^(l-1)||^2. With F_l the squared norm of all outputs' gradients by x^(l),
G_l = F_l + s_l^2 r_l^2 G_{l+1}: one pass from the outputs down carries all that E G_1^2 needs.
Exact values: this project; bounds: from the moment bounds of Tseran and Montúfar (ICML 2023), and
this project's sharper ones. docs/kernels.md.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from maxout.theory.activation.activation_length import length_moment
from maxout.theory.errors import DomainError
from maxout.theory.kernels import tangent_diagonal
from maxout.theory.layer_product import LayerProduct
from maxout.theory.order.norm import SquaredNormMoment
from maxout.theory.symbols import K, L, c, n, n_L, x_norm

_i = sp.Symbol("i", integer=True, positive=True)
_j = sp.Symbol("j", integer=True, positive=True)
_k = sp.Symbol("k", integer=True, positive=True)


def trace_mean() -> sp.Expr:
    """Return E tr K(x, x) over all outputs at zero bias: one output's mean, n_L times."""
    return n_L * tangent_diagonal.diagonal_mean()


@cache
def trace_second(outputs: sp.Expr = n_L) -> sp.Expr:
    """Return E (tr K(x, x))^2 at zero bias, weights alone; one output's E K^2 for outputs = 1.

    By the backward frame. C holds the outputs' gradients by x^(l), a = C x^(l)/||x^(l)|| the parts
    along it and S = C C^T - a a^T those across. One layer back a' = s r a and S' is a Wishart
    matrix of n_{l-1} - 1 degrees of freedom about s^2 (a a^T + S), independent of r. Carried are
    E of ||a||^4, ||a||^2 tr S, a^T S a, (tr S)^2, tr S^2, of ||a||^2 G_{l+1} and tr S G_{l+1}, and
    of G_{l+1}^2; the matrix takes them from layer l to layer l-1, l = L - k. Of one output six
    are enough.

    Args:
      outputs: how many outputs are added up.
    """
    layer = L - _k
    below = n[layer - 1]
    d, scale = below - 1, c / below
    two, four = (SquaredNormMoment(K, n[layer], sp.Integer(order)) for order in (1, 2))
    # Rows over (v1, ..., v5): (tr M)^2 and tr M^2 of M = a a^T + S.
    trace, square = [1, 2, 0, 1, 0], [1, 0, 2, 0, 1]

    def across(whole: sp.Expr, cross: sp.Expr) -> list[sp.Expr]:
        return [whole * t + cross * q for t, q in zip(trace, square, strict=True)]

    rows = [
        [scale**2 * four, 0, 0, 0, 0, 0, 0, 0],
        [*(scale**2 * two * d * w for w in (1, 1, 0, 0, 0)), 0, 0, 0],
        [*(scale**2 * two * d * w for w in (1, 0, 1, 0, 0)), 0, 0, 0],
        [*(scale**2 * w for w in across(d**2, 2 * d)), 0, 0, 0],
        [*(scale**2 * w for w in across(d, d * (d + 1))), 0, 0, 0],
        [*(scale * two * w for w in (1, 1, 0, 0, 0)), scale**2 * four, 0, 0],
        [*(scale * d * w for w in trace), scale**2 * d * two, scale**2 * d * two, 0],
        [*trace, 2 * scale * two, 2 * scale * two, scale**2 * four],
    ]
    last, d = n[L - 1], n[L - 1] - 1
    start = [
        outputs * (outputs + 2) / last**2,
        outputs**2 * d / last**2,
        outputs * d / last**2,
        (d**2 * outputs**2 + 2 * d * outputs) / last**2,
        (d * (d + 1) * outputs + d * outputs**2) / last**2,
        outputs**2 / last,
        outputs**2 * d / last,
        outputs**2,
    ]
    if outputs == 1:
        # a and S are numbers: a^T S a is the second of the eight, tr S^2 the fourth.
        rows = [_without(row, {2: 1, 4: 3}) for i, row in enumerate(rows) if i not in (2, 4)]
        start = [value for i, value in enumerate(start) if i not in (2, 4)]
    found = LayerProduct(
        [[0] * (len(start) - 1) + [1]],
        rows,
        [[sp.factor(value)] for value in start],
        (_k, 1, L - 1),
    )
    return x_norm**4 * found


def _without(row: list[sp.Expr], same: dict[int, int]) -> list[sp.Expr]:
    """A row without the columns that stand for the same as others, to which they are added."""
    merged = list(row)
    for column, other in same.items():
        merged[other] += merged[column]
    return [sp.factor(value) for i, value in enumerate(merged) if i not in same]


def trace_variance() -> sp.Expr:
    """Return Var tr K(x, x) over all outputs at zero bias."""
    return trace_second() - trace_mean() ** 2


def diagonal_second() -> sp.Expr:
    """Return E K(x, x)^2 of one output at zero bias."""
    return trace_second(sp.Integer(1))


def diagonal_variance() -> sp.Expr:
    """Return Var K(x, x) of one output at zero bias."""
    return diagonal_second() - tangent_diagonal.diagonal_mean() ** 2


def _gradient_root_bound(layer: sp.Expr, sharp: bool) -> sp.Expr:
    """A bound of (E F_layer^2)^{1/2} of one output, whatever the layers up to this one are.

    Sharp: E F^2 = (n (n+2)/3) E (g . u)^4 over all directions u, each at most the largest moment.
    Else: the paper's moment bound of order 2 of each of the n unit directions, by Minkowski.
    """
    if sharp:
        four = SquaredNormMoment(K, n[_j], sp.Integer(2))
        largest = sp.Product((c / n[_j]) ** 2 * four, (_j, layer + 1, L - 1))
        return sp.sqrt((1 + 2 / n[layer]) * largest)
    spread = sp.Sum(1 / (n[_j] * K), (_j, layer + 1, L - 1)) + 1
    return (c * K) ** (L - 1 - layer) * sp.exp(2 * spread)


def diagonal_second_bound(side: str, bias: str = "zero", sharp: bool = False) -> sp.Expr:
    """Return the bound of E K(x, x)^2 of one output that bounds the layers one by one.

    Above, by Minkowski's inequality: (sum_l (E||x^(l-1)||^4 B_l)^{1/2})^2, B_l a bound of
    E F_l^2 given the layers up to l. Below, the square of the mean's bound.

    Args:
      side: "lower" or "upper".
      bias: "zero" or "gaussian", the law of the biases.
      sharp: this project's bounds of the layers instead of the paper's.
    """
    if side == "lower":
        return tangent_diagonal.diagonal_bound("lower", bias=bias, sharp=sharp) ** 2
    if side != "upper":
        raise DomainError(f"side must be 'lower' or 'upper'; got {side!r}")

    def length(layer: sp.Expr) -> sp.Expr:
        """(E||x^(layer)||^4)^{1/2}, layer = 1..L-1."""
        return n[layer] * sp.sqrt(length_moment(2, layer, bias))

    first = x_norm**2 * _gradient_root_bound(sp.Integer(1), sharp)
    between = length(_i - 1) * _gradient_root_bound(_i, sharp)
    return (first + sp.Sum(between, (_i, 2, L - 1)) + length(L - 1)) ** 2
