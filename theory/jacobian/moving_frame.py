"""The moving frame at zero bias: exact moments of ||J(x)u||^2 and the Lyapunov spectrum.

Split the direction u = p e + w along and across the direction e of the input, q = ||w||. A layer of
m units maps p' = s (r p + g q), q' = s chi q with r = ||(Xi_1, ..., Xi_m)||, g ~ N(0, 1) and
chi ~ chi_{m-1}, all independent of each other and of the past. Even monomials of (p, q) of one
degree therefore map linearly among themselves. Source: this project, docs/jacobian.md.
"""

from __future__ import annotations

import sympy as sp

from maxout.theory.errors import DomainError
from maxout.theory.layer_product import LayerProduct
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.order.norm import InverseNormMean, LogNormMean, SquaredNormMoment, chi2_moment
from maxout.theory.symbols import K, L, c, cos_0, j, l, n, n_0, n_L

__all__ = [
    "InverseNormMean",
    "LayerProduct",
    "LogNormMean",
    "SquaredNormMoment",
    "alignment_remainder",
    "chi2_moment",
    "lyapunov_rest",
    "lyapunov_top",
    "mean_exact",
    "moment_exact",
    "transfer_matrix",
    "variance_exact",
]

_i = sp.Symbol("i", integer=True, positive=True)


def transfer_matrix(
    order: int, units: sp.Expr, scale: sp.Expr, rank: sp.Expr = K
) -> sp.ImmutableDenseMatrix:
    """Return the map of one layer on the means of the monomials p^{2a} q^{2b}, a + b = order.

    Row and column a = 0..order belong to p^{2a} q^{2(order-a)}:
    E p'^{2a} q'^{2b} = scale^order E chi_{units-1}^{2b} sum_i C(2a, 2i) E r^{2i} (2a-2i-1)!!
    E p^{2i} q^{2(order-i)}; odd powers of g vanish, so the matrix is lower triangular.

    Args:
      order: half the degree, an integer >= 1.
      units: units m of the layer.
      scale: s^2 = c/fan_in, or what remains of it when common factors are taken out.
      rank: K.
    """
    if int(order) != order or order < 1:
        raise DomainError(f"order must be an integer >= 1; got {order}")

    def entry(a: int, i: int) -> sp.Expr:
        if i > a:
            return sp.Integer(0)
        return (
            scale**order
            * chi2_moment(units - 1, order - a)
            * sp.binomial(2 * a, 2 * i)
            * sp.factorial2(2 * (a - i) - 1)
            * SquaredNormMoment(rank, units, i)
        )

    return sp.ImmutableDenseMatrix(order + 1, order + 1, entry)


def mean_exact() -> sp.Expr:
    """Return E||J(x)u||^2 at zero bias, for symbolic widths and depth."""
    second = LargestNormalMoment(K, 2)
    # B_l, the part across the input after l layers, over c^l sin^2.
    across = sp.Product(1 - 1 / n[_i], (_i, 1, l - 1))
    along = cos_0**2 * second ** (L - 1) + (1 - cos_0**2) * (
        sp.Sum(second ** (L - 1 - l) / n[l] * across, (l, 1, L - 1))
        + sp.Product(1 - 1 / n[_i], (_i, 1, L - 1))
    )
    return n_L / n_0 * c ** (L - 1) * along


def moment_exact(order: int) -> sp.Expr:
    """Return E||J(x)u||^{2 order} at zero bias, for symbolic widths and depth.

    ||u||^{2t} = sum_a C(t, a) p^{2a} q^{2(t-a)}, and the output layer multiplies by
    (chi^2_{n_L}/n_{L-1})^t, whose numerator has mean n_L (n_L+2) ... (n_L+2t-2).
    """
    matrix = transfer_matrix(order, n[l], 1 / n[l])
    row = sp.ImmutableDenseMatrix(1, order + 1, lambda _, a: sp.binomial(order, a))
    column = sp.ImmutableDenseMatrix(
        order + 1, 1, lambda a, _: cos_0 ** (2 * a) * (1 - cos_0**2) ** (order - a)
    )
    return (
        chi2_moment(n_L, order)
        / n_0**order
        * c ** (order * (L - 1))
        * LayerProduct(row, matrix, column, (l, 1, L - 1))
    )


def variance_exact() -> sp.Expr:
    """Return Var ||J(x)u||^2 at zero bias, for symbolic widths and depth."""
    return moment_exact(2) - mean_exact() ** 2


def alignment_remainder() -> sp.Expr:
    """Return a bound of how far E||J(x)u||^2, u across x, is from its floor at c = 1/M_K.

    At one width n the part across x loses a factor lambda = (n-1)/(n M_K) a layer, and the mean is
    n_L/n_0 (floor + lambda^{L-1} (1 - floor)), floor = 1/(n (M_K - 1) + 1).
    """
    second = LargestNormalMoment(K, 2)
    return n_L / n_0 * ((n[1] - 1) / (n[1] * second)) ** (L - 1)


def lyapunov_top(width: sp.Expr) -> sp.Expr:
    """Return E ln(s r), the growth rate a layer of the input's own direction at one width."""
    return sp.log(c / width) / 2 + LogNormMean(K, width)


def lyapunov_rest(width: sp.Expr, index: sp.Expr = j) -> sp.Expr:
    """Return the growth rate ln s + (ln 2 + psi((width - index)/2))/2, index = 1..width-1."""
    return sp.log(c / width) / 2 + (sp.log(2) + sp.digamma((width - index) / 2)) / 2
