"""Linear regions: the 2021 bounds, their gradient constant, and exact expectations along curves.

Sources: Tseran and Montúfar (NeurIPS 2021) for the bounds, (ICML 2023) for the constant through the
moments of the Jacobian; this project for the sharper constant and the expected breakpoints
(docs/linear-regions.md).
"""

from __future__ import annotations

import sympy as sp

from maxout.theory.moments import LargestNormalMoment
from maxout.theory.norm import InverseNormMean, SquaredNormMoment
from maxout.theory.symbols import K, L, c, l, n, n_0

vol = sp.Symbol("vol", positive=True)
"""Volume of the cube in which regions are counted."""

sigma_b = sp.Symbol("sigma_b", positive=True)
"""Smallest standard deviation of a bias."""

sweep = sp.Symbol("Theta", nonnegative=True)
"""Angle (radians) that a curve in the input space sweeps about the origin."""

GRADIENT_SOURCES = ("paper", "exact")

_i = sp.Symbol("i", integer=True, positive=True)


def units() -> sp.Expr:
    """Return N = n_1 + ... + n_{L-1}, the number of maxout units."""
    return sp.Sum(n[l], (l, 1, L - 1))


def bias_constant(deviation: sp.Expr = sigma_b) -> sp.Expr:
    """Return C_bias = 1/(sqrt(2 pi) sigma_b), the largest density of a gaussian bias.

    In the gaussian setting sigma_b^2 = c / max n_{l-1} over the hidden layers.
    """
    return 1 / (sp.sqrt(2 * sp.pi) * deviation)


def gradient_moment_upper(order: sp.Expr | int, source: str = "paper") -> sp.Expr:
    """Return a bound on sup_x E||grad zeta(x)||^order, zeta a pre-activation feature of layer l.

    With s = ceil(order/2), E||grad zeta||^{2s} is bounded and the power order/(2s) taken.

    Args:
      order: t >= 1; an integer for source "exact".
      source: "paper", from the bound on E||J u||^{2s} that holds for any biases, or "exact", from
        the largest value that E||J u||^{2s} takes over inputs and directions (biases gaussian or
        zero; attained for n_0 = 1 and zero biases at even orders).

    Raises:
      ValueError: for an unknown source, or an order that is not an integer >= 1 where one is
        needed.
    """
    order = sp.Integer(order) if isinstance(order, int) else order
    s = _half(order, source)
    before = l - 1
    if source == "paper":
        spread = sp.exp(s**2 * (sp.Sum(1 / (n[_i] * K), (_i, 1, before)) + 1))
        even = c**s * (c * K) ** (s * before) * spread
    else:
        factor = SquaredNormMoment(K, n[_i], s) * (c / n[_i]) ** s
        even = sp.factorial2(2 * s - 1) * c**s * sp.Product(factor, (_i, 1, before))
    return even ** (order / (2 * s))


def gradient_constant(order: sp.Expr | int = n_0, source: str = "paper") -> sp.Expr:
    """Return a C_grad with C_grad^t >= sup_x E||grad zeta(x)||^t for t <= order, all features.

    Means of order t are increasing in t, so the bound at the largest order serves all; and the
    layers enter as factors, of which those below 1 are left out to cover the earlier layers.

    Args:
      order: the largest t needed, n_0 in the bounds on regions.
      source: as in ``gradient_moment_upper``.

    Raises:
      ValueError: as ``gradient_moment_upper``.
    """
    order = sp.Integer(order) if isinstance(order, int) else order
    s = _half(order, source)
    if source == "paper":
        spread = sp.exp(s / 2 * (sp.Sum(1 / (n[_i] * K), (_i, 1, L - 2)) + 1))
        return sp.sqrt(c) * sp.Max(1, c * K) ** ((L - 2) / sp.Integer(2)) * spread
    factor = SquaredNormMoment(K, n[_i], s) * (c / n[_i]) ** s
    product = sp.Product(sp.Max(1, factor), (_i, 1, L - 2))
    return sp.sqrt(c) * (sp.factorial2(2 * s - 1) * product) ** (1 / (2 * s))


def _half(order: sp.Expr, source: str) -> sp.Expr:
    if source not in GRADIENT_SOURCES:
        raise ValueError(f"source must be one of {', '.join(GRADIENT_SOURCES)}; got {source!r}")
    if (order.is_number or source == "exact") and not (order.is_Integer and order >= 1):
        raise ValueError(f"the order of a gradient's moment must be an integer >= 1; got {order}")
    return sp.ceiling(order / 2)


def regions_upper(
    c_bias: sp.Expr | None = None,
    c_grad: sp.Expr | None = None,
    number: sp.Expr | None = None,
    inputs: sp.Expr = n_0,
) -> sp.Expr:
    """Return the 2021 bound on the expected number of linear regions in a cube of volume vol.

    K^N where N <= n_0, and (T K N)^{n_0} C(K n_0, 2 n_0) vol / n_0! otherwise, T = 2^5 C_bias
    C_grad. Holds for K >= 2 and cubes that are large enough (from a side
    on that depends on C_bias C_grad alone).

    Args:
      c_bias, c_grad: default ``bias_constant()`` and ``gradient_constant()``.
      number: N, default ``units()``.
      inputs: n_0.
    """
    c_bias, c_grad, number = _defaults(c_bias, c_grad, number, inputs)
    scale = 2**5 * c_bias * c_grad * K * number
    many = scale**inputs * sp.binomial(K * inputs, 2 * inputs) * vol / sp.factorial(inputs)
    return sp.Piecewise((K**number, number <= inputs), (many, True))


def decision_boundary_upper(
    c_bias: sp.Expr | None = None,
    c_grad: sp.Expr | None = None,
    number: sp.Expr | None = None,
    inputs: sp.Expr = n_0,
) -> sp.Expr:
    """Return the 2021 bound on the expected number of linear pieces of the decision boundary.

    T^{n_0} (2 K N)^{n_0-1} C(K (n_0-1), 2 (n_0-1)) vol / (n_0-1)!, T = 2^4 C_bias C_grad, for
    N >= n_0, K >= 2. Arguments as in ``regions_upper``.
    """
    c_bias, c_grad, number = _defaults(c_bias, c_grad, number, inputs)
    less = inputs - 1
    return (
        (2**4 * c_bias * c_grad) ** inputs
        * (2 * K * number) ** less
        * sp.binomial(K * less, 2 * less)
        * vol
        / sp.factorial(less)
    )


def _defaults(
    c_bias: sp.Expr | None, c_grad: sp.Expr | None, number: sp.Expr | None, inputs: sp.Expr
) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    return (
        bias_constant() if c_bias is None else c_bias,
        gradient_constant(inputs) if c_grad is None else c_grad,
        units() if number is None else number,
    )


def kink_rate(rank: sp.Expr = K) -> sp.Expr:
    """Return E Xi_K / sqrt(pi): expected changes of a unit's winner per radian of its input."""
    return LargestNormalMoment(rank, 1) / sp.sqrt(sp.pi)


def chi_mean(freedom: sp.Expr) -> sp.Expr:
    """Return E chi_freedom = sqrt(2) Gamma((freedom+1)/2) / Gamma(freedom/2)."""
    return sp.sqrt(2) * sp.gamma((freedom + 1) / 2) / sp.gamma(freedom / 2)


def layer_breakpoints_mean(angle: sp.Expr = sweep) -> sp.Expr:
    """Return the expected number of breakpoints that the units of layer l add along a curve.

    Zero biases; the curve sweeps ``angle`` about the origin and does not meet it. Every layer
    before l must have at least two units (with one unit the expectation of 1/r is infinite).
    """
    carried = sp.Product(chi_mean(n[_i] - 1) * InverseNormMean(K, n[_i]), (_i, 1, l - 1))
    return angle * n[l] * kink_rate() * carried


def breakpoints_mean(angle: sp.Expr = sweep) -> sp.Expr:
    """Return the expected number of breakpoints of the network along a curve; see the layers'."""
    return sp.Sum(layer_breakpoints_mean(angle), (l, 1, L - 1))


def plane_regions_mean() -> sp.Expr:
    """Return the expected number of linear regions of the plane at n_0 = 2 and zero biases, K >= 2.

    The regions are sectors, as many as a circle about the origin has breakpoints.
    """
    return breakpoints_mean(2 * sp.pi)
