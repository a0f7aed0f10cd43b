"""||J(x)u||^2 of networks whose blocks are normalized: laws, moments, logarithms.

A normalization forgets the length of what it is given, so the part of u along x is lost and only
the angle across x is carried on: one block multiplies its square by F = chi^2_{m-1}/r^2 (RMS) or
chi^2_{m-2}/rho^2 (layer), m the units of the block, r^2 = sum Xi_i^2 and rho^2 the same of the
Xi_i less their mean, all independent. Source: this project, docs/normalization.md.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from maxout.theory.jacobian.layer_laws import largest_normal, squared_radius
from maxout.theory.normalized_blocks import LOST
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.order.norm import chi2_moment
from maxout.theory.order.normalizer import InverseSquareMoment, LogSquareMean, LogSquareVariance
from maxout.theory.random_symbols import ChiSquared
from maxout.theory.symbols import K, L, cos_0, inner, l, n, n_0, n_L, x_norm

_i, _j = sp.symbols("i j", integer=True, positive=True)


def squared_spread(layer: sp.Expr, units: sp.Expr) -> sp.Expr:
    """Return rho^2 = sum_i (Xi_i - mean)^2 over the units of a layer."""
    mean = sp.Sum(largest_normal(layer, _j), (_j, 1, units)) / units
    return sp.Sum((largest_normal(layer, _i) - mean) ** 2, (_i, 1, units))


def divisor(norm: str, layer: sp.Expr, units: sp.Expr) -> sp.Expr:
    """Return r^2 or rho^2 in random symbols."""
    return (squared_spread if LOST[norm] else squared_radius)(layer, units)


def freedom(norm: str, units: sp.Expr) -> sp.Expr:
    """Directions across the activations that a normalization keeps."""
    return units - 1 - LOST[norm]


def block_law(norm: str, layer: sp.Expr = l) -> sp.Expr:
    """Return F of a block in random symbols."""
    return ChiSquared(freedom(norm, n[layer]), layer) / divisor(norm, layer, n[layer])


def block_moment(norm: str, order: int, layer: sp.Expr = l) -> sp.Expr:
    """Return E F^order."""
    units = n[layer]
    return chi2_moment(freedom(norm, units), order) * InverseSquareMoment(
        K, units, LOST[norm], order
    )


def linear_block_law(norm: str) -> sp.Expr:
    """Return F where a linear layer stands between the maximum and the normalization.

    The maximum of m[l] units gives the square of a tangent, chi^2_{m[l]-1}/r^2, and the linear
    layer that of another one: a Gaussian vector across and one along.
    """
    across = ChiSquared(freedom(norm, n[l]), l, 1) / ChiSquared(n[l] - LOST[norm], l, 2)
    return ChiSquared(inner[l] - 1, l) / squared_radius(l, inner[l]) * across


def linear_block_mean(norm: str) -> sp.Expr:
    """Return its mean."""
    return inner_mean() * freedom(norm, n[l]) / (n[l] - LOST[norm] - 2)


def inner_mean() -> sp.Expr:
    """Return what the maximum inside such a block has of it."""
    return (inner[l] - 1) * InverseSquareMoment(K, inner[l], 0, 1)


Ratio = Callable[[sp.Expr], sp.Expr]
"""Layer -> variance of its biases over c."""

RATIOS: dict[str, Ratio | None] = {"zero": None, "gaussian": lambda layer: 1 / n[layer - 1]}
"""Of the biases' laws; None where there are none."""


def start(ratio: Ratio | None = None) -> sp.Expr:
    """Return the squared tangent of what J(x)u starts from: across the input, over its length.

    With biases N(0, sigma^2) the input is (x, sigma sqrt(n_0/c)) and the direction (u, 0).
    """
    if ratio is None:
        return (1 - cos_0**2) / x_norm**2
    added = n_0 * ratio(sp.S.One).xreplace({n[0]: n_0})
    return (added + x_norm**2 * (1 - cos_0**2)) / (x_norm**2 + added) ** 2


def _damping(ratio: Ratio | None) -> sp.Expr:
    """Return what biases leave of the square, over all blocks but the first.

    The features of a normalized input have variance c + sigma^2, of which c moves with it.
    """
    return sp.S.One if ratio is None else sp.Product(sp.cancel(1 / (1 + ratio(l))), (l, 2, L - 1))


def _through(
    block: sp.Expr, output: sp.Expr, ratio: Ratio | None = None, order: int = 1
) -> sp.Expr:
    first = (start(ratio) * _damping(ratio)) ** order
    return first * output * sp.Product(block, (l, 1, L - 1))


def gain_law(norm: str, ratio: Ratio | None = None) -> sp.Expr:
    """Return ||J(x)u||^2 in random symbols."""
    return _through(block_law(norm), ChiSquared(n_L), ratio)


def gain_moment(norm: str, order: int, ratio: Ratio | None = None) -> sp.Expr:
    """Return E ||J(x)u||^{2 order}."""
    return _through(block_moment(norm, order), chi2_moment(n_L, order), ratio, order)


def gain_variance(norm: str) -> sp.Expr:
    """Return Var ||J(x)u||^2."""
    return gain_moment(norm, 2) - gain_moment(norm, 1) ** 2


def gain_limit(norm: str) -> sp.Expr:
    """Return what the mean tends to as every width grows."""
    return start() * n_L / spread(norm) ** (L - 1)


def spread(norm: str) -> sp.Expr:
    """Return M_K, or Var Xi_K: the reciprocal of a wide block's mean F."""
    second = LargestNormalMoment(K, 2)
    return second - LargestNormalMoment(K, 1) ** 2 if LOST[norm] else second


def linear_gain_law(norm: str) -> sp.Expr:
    """Return ||J(x)u||^2 with a linear layer inside every block."""
    return _through(linear_block_law(norm), ChiSquared(n_L))


def linear_gain_mean(norm: str) -> sp.Expr:
    """Return its mean."""
    return _through(linear_block_mean(norm), n_L)


def log_gain_mean(norm: str, ratio: Ratio | None = None) -> sp.Expr:
    """Return E ln ||J(x)u||^2."""
    block = _log_chi2(freedom(norm, n[l])) - LogSquareMean(K, n[l], LOST[norm])
    damped = sp.log(start(ratio)) + sp.log(_damping(ratio))
    return damped + _log_chi2(n_L) + sp.Sum(block, (l, 1, L - 1))


def log_gain_variance(norm: str) -> sp.Expr:
    """Return Var ln ||J(x)u||^2."""
    block = sp.polygamma(1, freedom(norm, n[l]) / 2) + LogSquareVariance(K, n[l], LOST[norm])
    return sp.polygamma(1, n_L / 2) + sp.Sum(block, (l, 1, L - 1))


def _log_chi2(freedom: sp.Expr) -> sp.Expr:
    return sp.log(2) + sp.digamma(freedom / 2)
