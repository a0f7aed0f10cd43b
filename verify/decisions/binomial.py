"""Quantiles that decisions take, from SciPy's special functions.

``scipy.stats`` has them all, and takes longer to import than a small verification.
"""

from __future__ import annotations

import math

from scipy import special


def binomial_quantile(level: float, size: int, probability: float) -> int:
    """Return the least k with Pr(Bin(size, probability) <= k) >= level, 0 < level < 1."""
    if probability in (0, 1):
        return size if probability else 0
    k = math.ceil(special.bdtrik(level, size, probability))
    # The root of the interpolated distribution function is off by rounding. ``special.bdtr`` would
    # not tell: it is wrong by 2e-4 at some millions of trials.
    while k > 0 and special.betainc(size - k + 1, k, 1 - probability) >= level:
        k -= 1
    while k < size and special.betainc(size - k, k + 1, 1 - probability) < level:
        k += 1
    return k


def clopper_pearson(count: int, size: int, alpha: float) -> tuple[float, float]:
    """Return the two-sided interval of a probability, exact at every size; alpha/2 a side."""
    low = special.betaincinv(count, size - count + 1, alpha / 2) if count else 0.0
    high = special.betainccinv(count + 1, size - count, alpha / 2) if count < size else 1.0
    return float(low), float(high)


def student_quantile(chance: float, freedom: int) -> float:
    """Return what Student's t exceeds with this chance."""
    return float(-special.stdtrit(freedom, chance))
