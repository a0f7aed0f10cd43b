"""Confidence bounds for a mean, valid at every sample size under the assumption each one names."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import optimize

from maxout.verify.decisions.binomial import student_quantile
from maxout.verify.decisions.outcome import DecisionError

Array = np.ndarray

_CAP = 0.9  # largest fraction of the wealth staked at once: 1 + stake (y - m) stays >= 0.1


def catoni(data: Array, variance: float, alpha: float, side: int) -> float:
    """Return a one-sided confidence bound of the mean by Catoni's influence function.

    For phi(y) = sign(y) ln(1 + |y| + y^2/2), exp(phi(y)) <= 1 + y + y^2/2 for all y, so
    exp(sum phi(s (X_i - mean)) - n s^2 variance/2) has mean at most 1, and Markov's inequality
    bounds the sum. Half-width about sqrt(2 variance ln(1/alpha)/n).

    Assumption: independent draws of variance at most ``variance``. Nothing about the tails.

    Args:
      data: observations.
      variance: an upper bound of their variance.
      alpha: chance that the bound is on the wrong side.
      side: -1 for a lower bound, +1 for an upper one.

    Source: Catoni (2012); the supermartingale form is Wang and Ramdas (2023).
    """
    n = data.size
    if variance <= 0:  # a constant
        return float(data.mean())
    tilt = np.sqrt(2 * np.log(1 / alpha) / (n * variance))
    threshold = 2 * np.log(1 / alpha)

    def excess(candidate: float) -> float:
        y = tilt * (data - candidate)
        return float(np.sum(np.copysign(np.log1p(np.abs(y) + y * y / 2), y))) + side * threshold

    return _decreasing_root(excess, float(data.mean()), np.sqrt(variance))


def betting_lower(data: Array, alpha: float) -> float:
    """Return a lower confidence bound of the mean of non-negative draws, by betting.

    Wealth prod (1 + stake_i (X_i - m)) with 0 <= stake_i m < 1 chosen from the past is a
    non-negative supermartingale whenever the mean is at most m, so it reaches 1/alpha with chance
    at most alpha (Ville), at any stopping time. The bound is the smallest m not so refuted.

    Assumption: non-negative draws with a common mean given the past. Nothing about moments.

    Source: Waudby-Smith and Ramdas (2024), predictable plug-in stakes.
    """
    n = data.size
    if float(data.min()) < 0:
        raise DecisionError("betting on a lower bound of the mean needs non-negative data")
    # Running variance of the past, scaled so that a tail observation does not overflow.
    count = np.arange(1, n)
    mean = np.cumsum(data)[:-1] / count
    spread = np.maximum(np.cumsum(data**2)[:-1] / count - mean**2, 0)
    stakes = np.zeros(n)
    with np.errstate(divide="ignore"):
        stakes[2:] = np.sqrt(2 * np.log(1 / alpha) / (n * spread[1:]))
    goal = np.log(1 / alpha)

    def excess(m: float) -> float:
        return float(np.sum(np.log1p(np.minimum(stakes, _CAP / m) * (data - m)))) - goal

    top = float(data.mean())
    floor = top * 1e-12
    if top == 0 or excess(floor) <= 0:
        return 0.0
    # At the sample mean the wealth is near 1 at most; the wealth falls as m grows.
    while excess(top) > 0:
        top *= 2
    return float(optimize.brentq(excess, floor, top, xtol=1e-12 * top, rtol=1e-10))


def student(data: Array, alpha: float) -> tuple[float, float]:
    """Return the two-sided Student interval: asymptotic, so only ever a cross-check.

    One observation has no spread to go by: its interval is the whole line.
    """
    if data.size < 2:
        return -np.inf, np.inf
    half = student_quantile(alpha / 2, data.size - 1) * data.std(ddof=1) / np.sqrt(data.size)
    return float(data.mean() - half), float(data.mean() + half)


def _decreasing_root(f: Callable[[float], float], centre: float, scale: float) -> float:
    step = scale * 0.01
    low, high = centre - step, centre + step
    while f(low) < 0:
        step *= 2
        low -= step
    while f(high) > 0:
        step *= 2
        high += step
    return float(optimize.brentq(f, low, high, xtol=1e-12 * scale, rtol=1e-10))
