"""E Xi_K and M_K in float64, for the audit of the tables and the scale of the kernels.

A sum of its own, and not ``numerics.order``: an audit needs numbers that share nothing with what it
audits, and both moments together cost less here than one that is certified.
"""

from __future__ import annotations

import numpy as np
from scipy.special import log_ndtr


def mean_and_second_moment(rank: int) -> tuple[float, float]:
    """E Xi_K and E Xi_K^2 of the largest of K standard normals."""
    if rank == 1:
        return 0.0, 1.0
    x = np.arange(-10 * 64, 10 * 64 + 1) / 64.0
    square = np.exp(-x * x) / (2 * np.pi)
    log_cdf = log_ndtr(x)
    mean = rank * (rank - 1) * np.sum(square * np.exp((rank - 2) * log_cdf)) / 64
    cube = square * np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
    second = 1.0
    if rank > 2:
        third = np.sum(cube * np.exp((rank - 3) * log_cdf)) / 64
        second += 0.5 * rank * (rank - 1) * (rank - 2) * third
    return float(mean), float(second)
