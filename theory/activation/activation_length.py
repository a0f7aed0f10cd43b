"""Normalized activation length A^(l) = ||x^(l)||^2 / n_l: law, mean, variance and every moment.

A^(j) = c (A^(j-1) + 1/n_{j-1}) rho_j with gaussian biases, without the 1/n_{j-1} at zero bias;
rho_j = (1/n_j) sum_i Xi_{j,i}^2 is independent of the past. The law, the mean and how the gains are
bounded are the paper's (Tseran and Montúfar, ICML 2023); variance and moments are this project's,
docs/activations.md.
"""

from __future__ import annotations

import sympy as sp

from maxout.theory.errors import DoesNotApplyError, DomainError
from maxout.theory.jacobian.layer_laws import squared_radius
from maxout.theory.layer_product import LayerProduct
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.order.norm import SquaredNormMoment
from maxout.theory.symbols import K, L, c, l, n, n_0, x_norm

_j = sp.Symbol("j", integer=True, positive=True)


def _checked(bias: str) -> bool:
    if bias not in ("gaussian", "zero"):
        raise DoesNotApplyError(
            f"the activation length is known for bias 'gaussian' or 'zero'; got {bias!r}"
        )
    return bias == "gaussian"


def length_law(layer: sp.Expr = L - 1, bias: str = "gaussian") -> sp.Expr:
    """Return the random variable that A^(layer) equals in distribution, in random symbols."""

    def gains(first: sp.Expr) -> sp.Expr:
        return sp.Product(c / n[l] * squared_radius(l, n[l]), (l, first, layer))

    if not _checked(bias):
        return x_norm**2 / n_0 * gains(sp.Integer(1))
    return (x_norm**2 + 1) / n_0 * gains(sp.Integer(1)) + sp.Sum(
        gains(_j) / n[_j - 1], (_j, 2, layer)
    )


def length_mean(layer: sp.Expr = L - 1, bias: str = "gaussian") -> sp.Expr:
    """Return E A^(layer), for a layer from 0 (the input) to L-1.

    What the biases of layer j add is a sum of its own here; the paper counts that of layer 1 with
    the input, as ||x||^2 + 1.
    """
    gain = c * LargestNormalMoment(K, 2)
    passed = x_norm**2 / n_0 * gain**layer
    if not _checked(bias):
        return passed
    return passed + sp.Sum(gain ** (layer - _j + 1) / n[_j - 1], (_j, 1, layer))


def length_moment(order: int, layer: sp.Expr = L - 1, bias: str = "gaussian") -> sp.Expr:
    """Return E (A^(layer))^order, for a layer from 1 to L-1.

    With B_j = A^(j) + 1/n_j (B_0 = (||x||^2+1)/n_0) the powers of B_j map linearly:
    E B_j^k = sum_i C(k, i) n_j^{i-k} c^i E[rho_j^i] E B_{j-1}^i.
    """
    if int(order) != order or order < 1:
        raise DomainError(f"order must be an integer >= 1; got {order}")

    def gain(power: int, index: sp.Expr) -> sp.Expr:
        return SquaredNormMoment(K, n[index], power) / n[index] ** power

    if not _checked(bias):
        start = (x_norm**2 / n_0) ** order
        return start * c ** (order * layer) * sp.Product(gain(order, l), (l, 1, layer))
    matrix = sp.ImmutableDenseMatrix(
        order + 1,
        order + 1,
        lambda k, i: sp.binomial(k, i) * n[l] ** (i - k) * c**i * gain(i, l) if i <= k else 0,
    )
    row = sp.ImmutableDenseMatrix(1, order + 1, lambda _, i: int(i == order))
    column = sp.ImmutableDenseMatrix(order + 1, 1, lambda i, _: ((x_norm**2 + 1) / n_0) ** i)
    return c**order * gain(order, layer) * LayerProduct(row, matrix, column, (l, 1, layer - 1))


def length_moment_bound(
    side: str, order: sp.Expr | int, layer: sp.Expr = L - 1, bias: str = "gaussian"
) -> sp.Expr:
    """Return the bound of E (A^(layer))^order that bounds the terms of the law one by one.

    Above: a layer's gain is c chi^2_{nK}/n at most in stochastic order, whose moment of order t is
    at most (c K)^t exp(t^2/(n K)); terms add up by Minkowski's inequality. Below: the power of the
    mean, by Jensen's.

    Args:
      side: "lower" or "upper".
      order: t, an integer >= 1 or a symbol for one.
    """
    if side == "lower":
        return length_mean(layer, bias) ** order
    if side != "upper":
        raise DomainError(f"side must be 'lower' or 'upper'; got {side!r}")

    def gains(first: sp.Expr) -> sp.Expr:
        """(E of the gains of the layers from ``first`` on)^order, to the 1/order, from above."""
        spread = sp.Sum(1 / (n[l] * K), (l, first, layer))
        return (c * K) ** (layer - first + 1) * sp.exp(order * spread)

    passed = gains(sp.Integer(1)) / n_0
    if not _checked(bias):
        return (x_norm**2 * passed) ** order
    added = sp.Sum(gains(_j) / n[_j - 1], (_j, 2, layer))
    return ((x_norm**2 + 1) * passed + added) ** order


def length_variance(layer: sp.Expr = L - 1, bias: str = "gaussian") -> sp.Expr:
    """Return Var A^(layer), for a layer from 1 to L-1."""
    return length_moment(2, layer, bias) - length_mean(layer, bias) ** 2
