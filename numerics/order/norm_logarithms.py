"""Float64 values of E ln r, Var ln r and E 1/r, r = ||(Xi_1, ..., Xi_n)||, at any rank and width.

All three are integrals of the Laplace transform of X = r^2, f(s)^n with f(s) = E e^{-s Xi_K^2}:

- E ln X = int (e^{-s} - E e^{-sX}) ds/s,
- E ln^2 X = -2 gamma E ln X - 2 int (e^{-s} - E e^{-sX}) ln s ds/s,
- E X^{-1/2} = pi^{-1/2} int s^{-1/2} E e^{-sX} ds.

In the variables below the integrands are analytic in a strip, so the trapezoidal rule converges
geometrically. Source: this project, docs/typical-size.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from maxout.theory.network import RANK, WIDTHS

Array = NDArray[np.float64]

_BITS = 40.0  # e^-40 is below float64's rounding of numbers of order one


@dataclass(frozen=True)
class NormStatistics:
    """Numbers of ln r and 1/r at one rank and width.

    Attributes:
      log_mean: E ln r.
      log_variance: Var ln r.
      inverse_mean: E 1/r; infinite at width 1.
      error: estimate of the largest error of log_mean, log_variance and, relative, inverse_mean:
        the difference of two resolutions, and rounding. Not certified.
    """

    log_mean: float
    log_variance: float
    inverse_mean: float
    error: float


def log_norm_mean(rank: int, width: int) -> float:
    """Return E ln r for ``width`` units of rank K; absolute error about 1e-14."""
    return norm_statistics(rank, width).log_mean


def inverse_norm_mean(rank: int, width: int) -> float:
    """Return E 1/r for ``width`` units of rank K, infinite at width 1; relative error 1e-13."""
    return norm_statistics(rank, width).inverse_mean


def norm_statistics(rank: int, width: int) -> NormStatistics:
    """Return E ln r, Var ln r and E 1/r with an error estimate.

    Args:
      rank: K, an integer from 1 to 10^15.
      width: number n of units, an integer from 1 to 10^9.

    Raises:
      MaxoutError: outside these domains.
    """
    (width,) = WIDTHS([width])
    return _statistics(RANK(rank), width)


@cache
def _statistics(rank: int, width: int) -> NormStatistics:
    coarse, fine = (_integrate(rank, width, refine) for refine in (1, 2))
    relative = coarse[2] / fine[2] - 1 if np.isfinite(fine[2]) else 0.0
    # Rounding: a few hundred terms of order one, each good to a few ulps.
    error = max(abs(coarse[0] - fine[0]), abs(coarse[1] - fine[1]), abs(relative)) + 3e-15 * max(
        1.0, abs(fine[0])
    )
    return NormStatistics(*fine, error)


class _Transform:
    """f(s) = E e^{-s Xi_K^2} on arrays of s >= 0."""

    def __init__(self, rank: int, refine: int) -> None:
        self.rank = rank
        # |Phi(x+ia)| <= e^{a^2/2} Phi(x) allows the first step, the width of the front of Phi^{K-1}
        # at large K the second; the 2 is room for e^{-s x^2} on top.
        step = max(
            np.pi * np.sqrt(2 / ((rank + 2) * _BITS)),
            2 * np.pi / _BITS / np.sqrt(4 + 2 * np.log(rank)),
        )
        reach = np.sqrt(2 * (_BITS + np.log(rank)))
        self.grid = (step / refine) * np.arange(
            -np.ceil(reach / step) * refine, np.ceil(reach / step) * refine + 1
        )
        self.log_gauss = (
            np.log(step / refine / np.sqrt(2 * np.pi)) - self.grid**2 / 2 + np.log(rank)
        )
        weights = np.exp(self.log_gauss + (rank - 1) * log_ndtr(self.grid))
        used = weights > 1e-20 * weights.max()
        self.points, self.weights = self.grid[used], weights[used]
        self.second_moment = float(self.points**2 @ self.weights)

    def log(self, s: Array) -> Array:
        """ln f(s), accurate relative to 1 - f for small s."""
        # Away from 0 the Gaussian e^{-s x^2} may cut deep into the law's left tail, and narrows the
        # integrand: substitute x = z / sqrt(1+2s) there.
        small = s * self.second_moment <= 0.5
        result = np.empty_like(s)
        result[small] = np.log1p(np.expm1(-np.outer(s[small], self.points**2)) @ self.weights)
        sigma = 1 / np.sqrt(1 + 2 * s[~small])
        exponent = self.log_gauss + (self.rank - 1) * log_ndtr(np.outer(sigma, self.grid))
        top = exponent.max(axis=1, initial=-np.inf, keepdims=True)
        total = np.exp(exponent - top).sum(axis=1)
        result[~small] = top[:, 0] + np.log(sigma * total)
        return result


def _integrate(rank: int, width: int, refine: int) -> tuple[float, float, float]:
    transform = _Transform(rank, refine)
    mean = width * transform.second_moment
    # Where f(s)^n is below rounding: f is at most K (2s)^{-1/2}, and below e^{-s mean/2} before.
    right = min(np.log(mean * rank**2) + 2 * _BITS / width, 2 * _BITS + 40)

    step = 0.2 / refine
    v = step * np.arange(-np.ceil(22 / step), np.ceil(max(right, 4.0) / step) + 1)
    s = np.exp(v)
    difference = np.exp(-s) - np.exp(width * transform.log(s / mean))
    first = step * difference.sum()
    second = -2 * (step * (difference @ v) + np.euler_gamma * first)
    log_mean, log_variance = (np.log(mean) + first) / 2, (second - first**2) / 4

    if width == 1:
        return float(log_mean), float(log_variance), np.inf
    step = 0.1 / refine
    last = (right / 2 + _BITS / (width - 1)) + 2
    y = step * np.arange(0, np.ceil(last / step) + 1)
    terms = np.exp(np.logaddexp(y, -y) - np.log(2) + width * transform.log(np.sinh(y) ** 2 / mean))
    inverse = 2 * step * (terms.sum() - terms[0] / 2) / np.sqrt(np.pi * mean)
    return float(log_mean), float(log_variance), float(inverse)
