"""Typical sizes: means and variances of logarithms of activations and Jacobians at finite depth.

Along the input at zero bias ||J(x)u||^2 is a product of independent factors, and at rank 1 and 2 it
is a product of chi-squares in every direction, whatever the biases: the logarithm is a sum. Source:
this project, docs/typical-size.md.
"""

from __future__ import annotations

import sympy as sp

from maxout.theory.order.norm import LogNormMean, LogNormVariance
from maxout.theory.symbols import K, L, c, l, n, n_0, n_L, x_norm


def log_chi2_mean(freedom: sp.Expr) -> sp.Expr:
    """Return E ln chi^2_freedom."""
    return sp.log(2) + sp.digamma(freedom / 2)


def log_gain_mean() -> sp.Expr:
    """Return E ln ||J(x)u||^2 at zero bias, u along x."""
    layer = sp.log(c / n[l]) + 2 * LogNormMean(K, n[l])
    return sp.Sum(layer, (l, 1, L - 1)) + log_chi2_mean(n_L) - sp.log(n_0)


def log_gain_variance() -> sp.Expr:
    """Return Var ln ||J(x)u||^2 at zero bias, u along x."""
    layers = sp.Sum(4 * LogNormVariance(K, n[l]), (l, 1, L - 1))
    return layers + sp.polygamma(1, n_L / 2)


def log_gain_mean_rank2() -> sp.Expr:
    """Return E ln ||J(x)u||^2 at rank 1 and 2, any direction and any biases."""
    layer = sp.log(c / n[l]) + log_chi2_mean(n[l])
    return sp.Sum(layer, (l, 1, L - 1)) + log_chi2_mean(n_L) - sp.log(n_0)


def log_length_mean() -> sp.Expr:
    """Return E ln (||x^(L-1)||^2 / n_{L-1}) at zero bias."""
    layer = sp.log(c / n[l]) + 2 * LogNormMean(K, n[l])
    return sp.log(x_norm**2 / n_0) + sp.Sum(layer, (l, 1, L - 1))


def typical_constant(width: sp.Expr) -> sp.Expr:
    """Return the c that keeps E ln of the normalized length at one width, n exp(-2 E ln r)."""
    return width * sp.exp(-2 * LogNormMean(K, width))
