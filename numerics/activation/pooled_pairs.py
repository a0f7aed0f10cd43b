"""N_{K,p}(rho), the mean product of two pooled windows of equicorrelated cells, in float64.

M - N = E(A - B)^2/2 = 2 int int_{u<v} (Pr(A <= u) - Pr(A <= u, B <= v)) for exchangeable values A
and B. With delta = sqrt(1 - rho) and v = u + delta d, one piece is below u in the first window but
not below v in the second with probability

  D = delta/sqrt(rho) int phi((u + delta w)/sqrt(rho)) Phi(-w)^p (1 - Phi(d - w)^p) dw,

so that everything lies within a few delta of u = v and no correlation near 1 is too near. For small
rho, where that integrand is narrow, z = (u + delta w)/sqrt(rho), what is shared, takes its place.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import ndtr

_REACH = 9.5
_ROUNDING = 2e-14
_STEPS = (0.2, 0.1, 0.05)
_PANELS = (0.0, 0.5, 1.0, 2.0, 3.5, 5.5, 8.0, 12.0, 18.0)
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)


@lru_cache(maxsize=256)
def half_squared_difference(rank: int, cells: int, rho: float, rest: float) -> tuple[float, float]:
    """(M - N, error) for 0 < rho < 1: the error is the last change with the steps, and rounding.

    ``rest`` is 1 - rho, which near 1 has digits that rho has lost.
    The rules converge geometrically, so that the last change is far above what is left.
    """
    shrink = 1 / np.sqrt(max(1.0, np.log(rank * cells) / 2))
    value = _on_grid(rank, cells, (rho, rest), _STEPS[0] * shrink)
    for step in _STEPS[1:]:
        before, value = value, _on_grid(rank, cells, (rho, rest), step * shrink)
        if abs(value - before) < _ROUNDING * value:
            break
    return value, abs(value - before) + _ROUNDING * rank * value


def _on_grid(rank: int, cells: int, shares: tuple[float, float], step: float) -> float:
    along, delta = np.sqrt(shares)
    count = int(np.ceil(_REACH / step))
    line = step * np.arange(-count, count + 1)
    edges = np.array(_PANELS)
    half = np.diff(edges)[:, None] / 2
    d = (edges[:-1, None] + half + half * _NODES).ravel()
    over_d = (half * _WEIGHTS).ravel()
    # F(u), a mean over the largest of what the cells do not share.
    own = step * cells * _density(line) * ndtr(line) ** (cells - 1)
    below = ndtr((line[:, None] - delta * line) / along) @ own
    if along >= delta:
        w = line
        kernel = ndtr(-w) ** cells * (1 - ndtr(d[:, None] - w) ** cells)
        missed = (_density((line[:, None] + delta * w) / along) * (step * delta / along)) @ kernel.T
    else:
        w = (along * line - line[:, None]) / delta  # of u and z
        first = step * _density(line) * ndtr(-w) ** cells
        missed = np.stack([np.sum(first * (1 - ndtr(x - w) ** cells), axis=1) for x in d], axis=1)
    one = below[:, None]
    # F^K - (F - D)^K without the cancellation: F^K (1 - (1 - D/F)^K).
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip(np.where(one > 0, missed / one, 1.0), 0.0, 1.0)
        lost = one**rank * -np.expm1(rank * np.log1p(-share))
    return float(2 * delta * step * np.sum(lost @ over_d))


def _density(z: np.ndarray) -> np.ndarray:
    return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
