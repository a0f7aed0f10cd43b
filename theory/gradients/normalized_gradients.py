"""Gradients of one output by the weights of normalized blocks, and the tangent kernel's diagonal.

||dN/dW^(l)||^2 = (n_{l-1}/c) F_l ... F_{L-1} in law: the length of what a layer is fed cancels
against that of what the block divides by. Source: this project, docs/normalization.md.
"""

from __future__ import annotations

import sympy as sp

from maxout.theory.jacobian.normalized_jacobian import block_law, block_moment
from maxout.theory.symbols import L, c, l, n

_a = sp.Symbol("a", integer=True, positive=True)


def weight_gradient_law(norm: str, layer: sp.Expr = l) -> sp.Expr:
    """Return ||dN/dW^(layer)||^2 in random symbols, layer = 1..L-1."""
    return n[layer - 1] / c * sp.Product(block_law(norm, _a), (_a, layer, L - 1))


def weight_gradient_mean(norm: str, layer: sp.Expr = l) -> sp.Expr:
    """Return its mean."""
    return n[layer - 1] / c * sp.Product(block_moment(norm, 1, _a), (_a, layer, L - 1))


def diagonal_mean(norm: str) -> sp.Expr:
    """Return E K(x, x), the sum over all layers; that of the output is n_{L-1} in every network."""
    return n[L - 1] + sp.Sum(weight_gradient_mean(norm), (l, 1, L - 1))
