"""The winner of K normals with shifts: E a_{k*}^2 with k* = argmax_k (a_k + beta_k), in float64.

Given the layers before, a unit with fixed biases b_k multiplies the squared length of a direction
along its input by this number at beta_k = b_k/(s ||x||); it lies between 1 and M_K, its value at
equal shifts. Source: this project, docs/jacobian.md, two-sided bounds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_ndtr

from maxout.theory.errors import DomainError

Array = NDArray[np.float64]

_REACH = 9.0  # Phi(-9) is 1e-19
_STEP = 0.1  # the trapezoidal rule on e^{-t^2/2} errs by e^{-2 pi^2/h^2}; Phi^{K-1} costs a little


def winner_mean_square(shifts: ArrayLike) -> Array:
    """Return E a_{k*}^2 for each row of shifts.

    Args:
      shifts: (..., K) finite numbers beta_k = b_k/(s ||x||); only their differences matter.

    Returns:
      (...): the mean squares, absolute error about 1e-13 for K up to 200.

    Raises:
      DomainError: for shifts that are not finite, or no pieces.
    """
    beta = np.asarray(shifts, dtype=float)
    if beta.ndim == 0 or beta.shape[-1] == 0 or not np.all(np.isfinite(beta)):
        raise DomainError("shifts must be an array (..., K) of finite numbers, K >= 1")
    flat = beta.reshape(-1, beta.shape[-1])
    return np.array([_mean_square(row) for row in flat]).reshape(beta.shape[:-1])


def _mean_square(beta: Array) -> float:
    rank = beta.size
    step = _STEP / np.sqrt(1 + np.log(rank))
    a = step * np.arange(-np.ceil(_REACH / step), np.ceil(_REACH / step) + 1)
    weights = step * a**2 * np.exp(-(a**2) / 2) / np.sqrt(2 * np.pi)
    total = 0.0
    for piece in range(rank):
        others = a[:, None] + (beta[piece] - np.delete(beta, piece))
        total += float(weights @ np.exp(log_ndtr(others).sum(axis=1)))
    return total
