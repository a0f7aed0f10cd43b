"""Curves through a network: how long their images are, and how often they break.

Sources: Tseran and Montúfar (ICML 2023) for the length distortion through the moments of the
Jacobian; this project for the sharper constants and for the expected breakpoints (docs/curves.md).
"""

from __future__ import annotations

import sympy as sp

from maxout.theory.errors import DomainError
from maxout.theory.jacobian.gaussian_frame import moment_gaussian
from maxout.theory.jacobian.moving_frame import mean_exact
from maxout.theory.network_function import NetworkFunction
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment
from maxout.theory.order.norm import InverseNormMean, SquaredNormMoment, chi2_moment
from maxout.theory.symbols import K, L, c, cos_0, l, length, n, n_0, n_L, sweep, x_norm

_i = sp.Symbol("i", integer=True, positive=True)


def spread(first: sp.Expr | int = 1, last: sp.Expr = L - 1) -> sp.Expr:
    """Return the sum of 1/(n_l K) over layers first..last."""
    return sp.Sum(1 / (n[l] * K), (l, first, last))


def length_mean_upper(gain: sp.Expr | None = None) -> sp.Expr:
    """Return sqrt(n_L/n_0) (c gain)^{(L-1)/2} len, a bound on E len(N(curve)).

    Args:
      gain: L_K (the default, the paper's) or M_K.
    """
    gain = LargestChi2Moment(K, 1) if gain is None else gain
    return sp.sqrt(n_L / n_0) * (c * gain) ** ((L - 1) / sp.Integer(2)) * length


def length_second_upper(gain: sp.Expr | None = None) -> sp.Expr:
    """Return (n_L/n_0) (c gain)^{L-1} len^2, a bound on E len^2; see ``length_mean_upper``."""
    gain = LargestChi2Moment(K, 1) if gain is None else gain
    return n_L / n_0 * (c * gain) ** (L - 1) * length**2


def length_moment_upper(order: sp.Expr | int) -> sp.Expr:
    """Return the paper's bound on E len^t: the root of that on E||Ju||^{2t}, times len^t."""
    half = sp.sympify(order) / 2
    exponent = sp.sympify(order) ** 2 / 2 * (spread() + 1 / n_L)
    return length**order * (n_L / n_0) ** half * (c * K) ** (half * (L - 1)) * sp.exp(exponent)


def aligned_moment(s: int) -> sp.Expr:
    """Return the largest value of E||J(x)u||^{2s}: that of u along x at zero bias, s >= 0."""
    factor = (c / n[l]) ** s * SquaredNormMoment(K, n[l], s)
    return chi2_moment(n_L, s) / n_0**s * sp.Product(factor, (l, 1, L - 1))


def length_moment_upper_sharp(order: int) -> sp.Expr:
    """Return a bound on E len^t for gaussian or zero biases.

    E||Ju||^t is at most its value for u along x; at odd t the geometric mean of the orders beside
    it (Cauchy-Schwarz), so that only even powers of r are needed.

    Args:
      order: t, an integer >= 1.

    Raises:
      MaxoutError: for another order.
    """
    order = _positive_integer(order)
    if order % 2 == 0:
        return length**order * aligned_moment(order // 2)
    return length**order * sp.sqrt(aligned_moment(order // 2) * aligned_moment(order // 2 + 1))


def length_mean_at_angle() -> sp.Expr:
    """Return sqrt(E||Ju||^2) len for a curve at one angle to its position; zero biases.

    The cosine rho_0 is 1 on rays from the origin, 0 on circles about it, and between them on
    logarithmic spirals. On any other curve the root is integrated along it.
    """
    return sp.sqrt(mean_exact()) * length


def length_mean_on_sphere() -> sp.Expr:
    """Return sqrt(E||Ju||^2) len for a curve on a sphere about the origin; gaussian biases.

    Its tangent is across its position everywhere, whose norm is ``x_norm``.
    """
    return sp.sqrt(moment_gaussian(1).subs(cos_0, 0)) * length


def _positive_integer(order: sp.Expr | int) -> int:
    if int(order) != order or order < 1:
        raise DomainError(f"the order of a length's moment must be an integer >= 1; got {order}")
    return int(order)


def kink_rate(rank: sp.Expr = K) -> sp.Expr:
    """Return E Xi_K / sqrt(pi): expected changes of a unit's winner per radian of its input."""
    return LargestNormalMoment(rank, 1) / sp.sqrt(sp.pi)


def chi_mean(freedom: sp.Expr) -> sp.Expr:
    """Return E chi_freedom = sqrt(2) Gamma((freedom+1)/2) / Gamma(freedom/2)."""
    return sp.sqrt(2) * sp.gamma((freedom + 1) / 2) / sp.gamma(freedom / 2)


def layer_breakpoints_mean(angle: sp.Expr = sweep, layer: sp.Expr = l) -> sp.Expr:
    """Return the expected number of breakpoints that the units of one layer add along a curve.

    Zero biases; the curve sweeps ``angle`` about the origin and does not meet it. Every layer
    before must have at least two units (with one unit the expectation of 1/r is infinite).
    """
    carried = sp.Product(chi_mean(n[_i] - 1) * InverseNormMean(K, n[_i]), (_i, 1, layer - 1))
    return angle * n[layer] * kink_rate() * carried


def breakpoints_mean(angle: sp.Expr = sweep) -> sp.Expr:
    """Return the expected number of breakpoints of the network along a curve; see the layers'."""
    return sp.Sum(layer_breakpoints_mean(angle), (l, 1, L - 1))


def first_layer_breakpoints_mean(angle: sp.Expr = sweep) -> sp.Expr:
    """Return n_1 (E Xi_K/sqrt(pi)) times the angle that (x, 1) sweeps, for gaussian biases.

    At zero bias the angle is that of x itself.
    """
    return angle * n[1] * kink_rate()


class AngularSpeed(NetworkFunction):
    """W(l, X): mean angular speed of (x^(l), 1) a unit of arc length of a curve with u across x.

    Gaussian biases, X = ||x||^2 at the input, W(0, X) = 1/sqrt(X+1). It stays unevaluated for
    l >= 1, where its values are means over draws.
    """

    letter = "W"
    own = 2

    @classmethod
    def eval(cls, *arguments: sp.Expr) -> sp.Expr | None:
        layer, square, *_ = arguments
        return 1 / sp.sqrt(square + 1) if layer == 0 else super().eval(*arguments)


def sphere_breakpoints_mean() -> sp.Expr:
    """Return the expected number of breakpoints along a curve on a sphere about the origin.

    Gaussian biases; the curve sweeps ``sweep`` about the origin at the distance ``x_norm``.
    """
    speeds = sp.Sum(n[l] * AngularSpeed(l - 1, x_norm**2), (l, 1, L - 1))
    return kink_rate() * x_norm * sweep * speeds


def plane_regions_mean() -> sp.Expr:
    """Return the expected number of linear regions of the plane at n_0 = 2 and zero biases, K >= 2.

    The regions are sectors, as many as a circle about the origin has breakpoints.
    """
    return breakpoints_mean(2 * sp.pi)


def locus_density() -> sp.Expr:
    """Return the expected (n_0-1)-volume of the bending locus per unit volume at ||x||; zero bias.

    By Cauchy-Crofton: the mean rate of breakpoints over directions, divided by the mean of |cos|
    of the angle between a direction and a normal.
    """
    half = n_0 / sp.Integer(2)
    factor = sp.sqrt(sp.pi) * sp.gamma(half) / sp.gamma(half - sp.Rational(1, 2))
    return factor * breakpoints_mean(sp.S.One) / x_norm
