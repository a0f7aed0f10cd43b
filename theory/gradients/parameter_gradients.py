"""Second moments of the gradients of one output with respect to the parameters of a layer.

dN/dW^(l)_{i,k,j} = x^(l-1)_j J_{l->L}(x^(l))_i 1[piece k of unit i wins], and the bias gradient is
the same without x_j, so that ||dN/dW^(l)||^2 = ||x^(l-1)||^2 ||J_{l->L}||_F^2 for one output.
Bounds: Tseran and Montúfar (ICML 2023); exact and sharper values: this project,
docs/gradients.md.
"""

from __future__ import annotations

import sympy as sp

from maxout.theory.activation.activation_length import length_mean
from maxout.theory.errors import DomainError
from maxout.theory.layer_product import LayerProduct
from maxout.theory.network_function import NetworkFunction
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.order.norm import SquaredNormMoment, chi2_moment
from maxout.theory.symbols import K, L, c, l, n, x_norm

_j = sp.Symbol("j", integer=True, positive=True)
_k = sp.Symbol("k", integer=True, positive=True)


def squared_length_mean(layer: sp.Expr, bias: str = "zero") -> sp.Expr:
    """Return E||x^(layer)||^2, for a layer from 0 (the input) to L-1."""
    return x_norm**2 if layer == 0 else n[layer] * length_mean(layer, bias)


def bias_gradient(layer: sp.Expr = l) -> sp.Expr:
    """Return F_l = E||J_{l->L}||_F^2 = E||dN/db^(l)||^2 of one output at zero bias, l = 1..L-1.

    The rows of J_{l->L} are the images of the unit directions of layer l, whose squared cosines
    with x^(l) add up to one, so the mean depends on no angle. At l = L it is 1.
    """
    second = LargestNormalMoment(K, 2)

    def across(last: sp.Expr) -> sp.Expr:
        return sp.Product(1 - 1 / n[_j], (_j, layer, last))

    return c ** (L - 1 - layer) * (
        sp.Sum(second ** (L - 1 - _k) / n[_k] * across(_k - 1), (_k, layer, L - 1)) + across(L - 1)
    )


def weight_gradient(layer: sp.Expr = l) -> sp.Expr:
    """Return E||dN/dW^(layer)||_F^2 of one output at zero bias, for a layer from 1 to L-1."""
    return squared_length_mean(layer - 1) * bias_gradient(layer)


class GaussianBiasGradient(NetworkFunction):
    """F(l, X) = E||dN/db^(l)||^2 of one output with gaussian biases, X = ||x||^2, l = 1..L-1.

    It is E over the law of Y = ||x^(l)||^2 of (n_l cos^2 V(1,1,l,Y) + (n_l - cos^2) V(1,0,l,Y)),
    cos^2 = Y/(Y+1), V the value functions of ``gaussian_frame``, divided by n_{L-1}.
    """

    letter = "F"
    own = 2


class GaussianWeightGradient(NetworkFunction):
    """G(l, X) = E||dN/dW^(l)||_F^2 of one output with gaussian biases, X = ||x||^2, l = 1..L-1.

    The mean of F's integrand times ||x^(l-1)||^2.
    """

    letter = "G"
    own = 2


def output_weight_gradient(bias: str = "zero") -> sp.Expr:
    """Return E||dN/dW^(L)||^2 = E||x^(L-1)||^2 of one output."""
    return squared_length_mean(L - 1, bias)


def bias_gradient_moment(order: int, layer: sp.Expr = l) -> sp.Expr:
    """Return E||dN/db^(layer)||^{2 order} of one output at zero bias, for a layer from 1 to L-1.

    By the backward frame: the gradient by x^(l) has a part p along x^(l) and q across it, and one
    layer back p'^2 = s^2 r^2 p^2, q'^2 = s^2 chi^2_{n_l - 1} (p^2 + q^2), with s^2 = c/n_l,
    r = ||(Xi_1..Xi_{n_{l+1}})||, all independent. At l = L-1, with n = n_{L-1},
    p^2 = chi^2_1 / n and q^2 = chi^2_{n-1} / n.
    """
    if int(order) != order or order < 1:
        raise DomainError(f"order must be an integer >= 1; got {order}")
    t = int(order)
    above, here = n[L - _k], n[L - 1 - _k]

    def entry(a: int, b: int) -> sp.Expr:
        """What E p^{2b} q^{2(t-b)} gives to E p'^{2a} q'^{2(t-a)}, without s^{2t}."""
        if b < a:
            return sp.Integer(0)
        along = SquaredNormMoment(K, above, sp.Integer(a))
        return sp.binomial(t - a, b - a) * along * chi2_moment(here - 1, t - a)

    def start(a: int) -> sp.Expr:
        return sp.factorial2(2 * a - 1) * chi2_moment(n[L - 1] - 1, t - a) / n[L - 1] ** t

    row = sp.ImmutableDenseMatrix(1, t + 1, lambda _, a: sp.binomial(t, a))
    matrix = sp.ImmutableDenseMatrix(t + 1, t + 1, lambda a, b: (c / here) ** t * entry(a, b))
    column = sp.ImmutableDenseMatrix(t + 1, 1, lambda a, _: start(a))
    return LayerProduct(row, matrix, column, (_k, 1, L - 1 - layer))


def weight_gradient_moment(order: int, layer: sp.Expr = l) -> sp.Expr:
    """Return E||dN/dW^(layer)||_F^{2 order} of one output at zero bias, for a layer from 1 to L-1.

    ||x^(l-1)|| is independent of the gradient by x^(l), which sees the direction of x^(l) alone.
    """
    length = (c / n[_j - 1]) ** order * SquaredNormMoment(K, n[_j], sp.Integer(order))
    forward = x_norm ** (2 * order) * sp.Product(length, (_j, 1, layer - 1))
    return forward * bias_gradient_moment(order, layer)


def bias_gradient_bound(side: str, layer: sp.Expr = l, sharp: bool = False) -> sp.Expr:
    """Return the bound of F_l for a layer from 1 to L-1.

    Args:
      side: "lower" or "upper".
      layer: l.
      sharp: the paper's bound, (c S_K)^(L-1-l) or (c L_K)^(L-1-l), holds for any biases; the sharp
        lower bound c^(L-1-l) too; the sharp upper bound (c M_K)^(L-1-l) for gaussian and zero ones.
    """
    if side not in ("lower", "upper"):
        raise DomainError(f"side must be 'lower' or 'upper'; got {side!r}")
    if sharp:
        gain = LargestNormalMoment(K, 2) if side == "upper" else sp.Integer(1)
    else:
        gain = (LargestChi2Moment if side == "upper" else SmallestChi2Moment)(K, 1)
    return (c * gain) ** (L - 1 - layer)


def weight_gradient_bound(
    side: str, layer: sp.Expr = l, bias: str = "zero", sharp: bool = False
) -> sp.Expr:
    """Return the bound of E||dN/dW^(layer)||^2 of one output: E||x^(l-1)||^2 times that of F_l."""
    return squared_length_mean(layer - 1, bias) * bias_gradient_bound(side, layer, sharp)
