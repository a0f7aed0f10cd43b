"""Moments of the gradients of pre-activation features, and the constant C_grad over them.

Sources: Tseran and Montúfar (ICML 2023) through the moments of the Jacobian; this project for the
sharper bound and the exact moments (docs/linear-regions.md).
"""

from __future__ import annotations

import sympy as sp

from maxout.theory.errors import DomainError
from maxout.theory.jacobian.moving_frame import transfer_matrix
from maxout.theory.layer_product import LayerProduct
from maxout.theory.order.norm import SquaredNormMoment
from maxout.theory.symbols import K, L, c, l, n, n_0

GRADIENT_SOURCES = ("paper", "sharp")

_i = sp.Symbol("i", integer=True, positive=True)


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
      MaxoutError: for an unknown source or another order.
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
      DomainError: unless s is an integer >= 1.
    """
    if int(s) != s or s < 1:
        raise DomainError(f"the order of a gradient's moment must be an integer >= 1; got {s}")
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
      MaxoutError: as ``gradient_moment_upper``.
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
        raise DomainError(f"source must be one of {', '.join(GRADIENT_SOURCES)}; got {source!r}")
    wrong = DomainError(f"the order of a gradient's moment must be an integer >= 1; got {order}")
    try:
        checked = sp.sympify(order, strict=True)
    except sp.SympifyError:
        raise wrong from None
    if (checked.is_number or source == "sharp") and not (checked.is_Integer and checked >= 1):
        raise wrong
    return checked
