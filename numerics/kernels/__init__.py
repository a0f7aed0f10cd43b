"""Infinite-width kernels of maxout networks in float64: kappa, q, NNGP and NTK Gram matrices."""

from maxout.numerics.kernels.gram import nngp, ntk, ntk_standard
from maxout.numerics.kernels.kernel_functions import kappa, winner
from maxout.numerics.kernels.winner_table import ACCURACY, MAX_RANK, KernelAccuracyError

__all__ = [
    "ACCURACY",
    "MAX_RANK",
    "KernelAccuracyError",
    "kappa",
    "nngp",
    "ntk",
    "ntk_standard",
    "winner",
]
