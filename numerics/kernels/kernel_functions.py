"""kappa_K and q_K in float64, vectorised over correlations."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from maxout.numerics.kernels.angle_integral import Array
from maxout.numerics.kernels.winner_table import KERNEL_RANK, kernel_table
from maxout.theory.errors import DomainError

ROUNDING = 1e-12
"""How far outside [-1, 1] a correlation may lie and still be taken for rounding."""


def _correlations(rho: ArrayLike) -> Array:
    try:
        values = np.asarray(rho, dtype=np.float64)
    except (TypeError, ValueError):
        raise DomainError("rho must be a real number or an array of real numbers") from None
    if values.size and not np.max(np.abs(values)) <= 1 + ROUNDING:  # NaN fails too
        worst = values.flat[int(np.argmax(np.nan_to_num(np.abs(values), nan=np.inf)))]
        raise DomainError(f"rho must be a correlation, between -1 and 1; got {worst}")
    return np.clip(values, -1.0, 1.0)


def kappa(rank: int, rho: ArrayLike) -> Array:
    """The maxout kernel kappa_K(rho) = E[max_k X_k max_k Y_k].

    (X_k, Y_k) are K independent pairs of standard normals with correlation rho.

    Args:
      rank: K, an integer from 1 to 10^4.
      rho: correlation or array of correlations in [-1, 1]; up to 1e-12 outside is clipped.

    Returns:
      Array of rho's shape (a NumPy scalar for a number). Absolute error at most 1e-14 M_K.

    Raises:
      MaxoutError: for a rank or a correlation outside its domain, NaN included.
      KernelAccuracyError: where the table of this rank fails its audit.

    Source: this project; docs/kernels.md.
    """
    table = kernel_table(KERNEL_RANK(rank))
    values = _correlations(rho)
    return (table.second_moment - (1.0 - values) * table.mean_winner(np.arccos(values)))[()]


def winner(rank: int, rho: ArrayLike) -> Array:
    """The winner probability q_K(rho) = Pr(argmax_k X_k = argmax_k Y_k), kappa_K's derivative.

    Args, returns and errors as for ``kappa``; absolute error at most 1e-14 (of the value at the
    correlation as given: near 1, q moves by (E Xi_K/sqrt(pi)) acos(rho), so that a rounding of rho
    itself moves it by up to 1e-8).
    """
    table = kernel_table(KERNEL_RANK(rank))
    return table.winner(np.arccos(_correlations(rho)))[()]
