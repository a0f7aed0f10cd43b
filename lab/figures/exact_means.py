"""Exact E||J(x)u||^2 with gaussian biases at many inputs: one backward pass serves them all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maxout.numerics.jacobian import value_functions
from maxout.theory.network import Network

Array = NDArray[np.float64]


def mean_gains(network: Network, norms: Array, cosines: Array) -> Array:
    """Return E||J(x)u||^2; the numbers of ``jacobian_moment``, input by input.

    Args:
      network: with gaussian biases.
      norms: ||x|| >= 0, any one-dimensional array.
      cosines: of the angles between x and u, as many; any number where x = 0.
    """
    with np.errstate(divide="ignore"):
        log_x = 2 * np.log(norms)
    # (x, 1) has squared length X + 1.
    along = cosines**2 * np.exp(-np.logaddexp(0.0, -log_x))
    return value_functions.mean_gains(network, log_x, along, refine=2)
