"""The tangent kernel of one output on its diagonal: exact mean and bounds at finite width.

K(x, x) = sum over layers of ||dN/dW^(l)||^2, plus ||dN/db^(l)||^2 where the biases are parameters.
Bounds: Tseran and Montúfar (ICML 2023); exact mean and limit: this project, docs/kernels.md.
"""

from __future__ import annotations

import sympy as sp

from maxout.theory.gradients import parameter_gradients
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.symbols import K, L, c, l, n, n_0, x_norm


def diagonal_mean(bias_parameters: bool = False) -> sp.Expr:
    """Return E K(x, x) at zero bias, for symbolic widths and depth.

    Args:
      bias_parameters: whether the biases, all zero at initialization, are parameters too.
    """
    layers = parameter_gradients.weight_gradient(l)
    if bias_parameters:
        layers += parameter_gradients.bias_gradient(l)
    output = parameter_gradients.output_weight_gradient() + int(bias_parameters)
    return sp.Sum(layers, (l, 1, L - 1)) + output


def gaussian_diagonal_mean() -> sp.Expr:
    """Return E K(x, x) with gaussian biases, which are no parameters here."""
    layers = parameter_gradients.GaussianWeightGradient(l, x_norm**2)
    return sp.Sum(layers, (l, 1, L - 1)) + parameter_gradients.output_weight_gradient("gaussian")


def diagonal_bound(
    side: str, bias_parameters: bool = False, bias: str = "zero", sharp: bool = False
) -> sp.Expr:
    """Return the bound of E K(x, x) that bounds the layers one by one.

    Args:
      side: "lower" or "upper".
      bias_parameters: whether the biases are parameters too.
      bias: "zero" or "gaussian", the law of the biases.
      sharp: this project's bound instead of the paper's.
    """
    layers = parameter_gradients.weight_gradient_bound(side, l, bias, sharp)
    if bias_parameters:
        layers += parameter_gradients.bias_gradient_bound(side, l, sharp)
    output = parameter_gradients.output_weight_gradient(bias) + int(bias_parameters)
    return sp.Sum(layers, (l, 1, L - 1)) + output


def scaled_diagonal_mean() -> sp.Expr:
    """Return E Theta(x, x) at zero bias in the NTK parametrization, for widths that are finite.

    Layer l of ``diagonal_mean`` times its weight variance: c/n_{l-1}, and 1/n_{L-1} at the output.
    """
    return (
        sp.Sum(c / n[l - 1] * parameter_gradients.weight_gradient(l), (l, 1, L - 1))
        + parameter_gradients.output_weight_gradient() / n[L - 1]
    )


def scaled_diagonal_limit() -> sp.Expr:
    """Return the limit of ``scaled_diagonal_mean`` as every width grows: Theta(x, x) of ``ntk``."""
    second = LargestNormalMoment(K, 2)
    return x_norm**2 / n_0 * c ** (L - 1) * sp.Sum(second**l, (l, 0, L - 1))


def scaled_diagonal_remainder() -> sp.Expr:
    """Return a bound of |``scaled_diagonal_mean`` - ``scaled_diagonal_limit``|, of order 1/n.

    Layer l multiplies a part of the gradient by (M_K c)^{L-1-l}, but for what it loses across the
    input: sum_{k=l}^{L-1} (M_K^{L-1-k} - 1)/n_k prod_{i=l}^{k-1} (1 - 1/n_i), the products at most
    1. All terms are non-negative, so the mean is above its limit.
    """
    second, k = LargestNormalMoment(K, 2), sp.Symbol("k", integer=True, positive=True)
    lost = sp.Sum((second ** (L - 1 - k) - 1) / n[k], (k, l, L - 1))
    return x_norm**2 / n_0 * c ** (L - 1) * sp.Sum(second ** (l - 1) * lost, (l, 1, L - 1))
