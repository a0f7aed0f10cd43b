"""Oracles of pooled windows: given what the cells share, pieces by panels; pairs by differences."""

import math
from fractions import Fraction as F

import numpy as np
from scipy.special import ndtr

from .quadrature import density, panels
from .registry import At, oracle

POINTS = tuple(
    At(K=K, given={"window": p, "correlation": rho})
    for K, p, rho in ((2, 3, F(1, 10)), (3, 4, F(1, 2)), (5, 2, F(9, 10)), (2, 9, F(93, 100)))
)


def below(u, p: int, rho: float):
    """Pr(one piece is below u in all p cells), by panels over the shared normal."""
    z, w = panels(list(np.linspace(-10, 10, 161)), 8)
    u = np.atleast_1d(u)
    inner = ndtr((u[:, None] - math.sqrt(rho) * z) / math.sqrt(1 - rho)) ** p
    return inner @ (w * density(z))


@oracle("init.max_pooling.correlated", at=POINTS)
def one_window(at: At) -> float:
    """E y^2 from the tails of y: the integral of 2u Pr(y > u), and of 2u Pr(y < -u)."""
    u, w = panels(list(np.linspace(0, 12, 49)), 16)
    p, rho = int(at["window"]), at["correlation"]
    above = -np.expm1(at.K * np.log(below(u, p, rho)))
    return float(np.sum(w * 2 * u * (above + below(-u, p, rho) ** at.K)))


@oracle(
    "init.max_pooling.next",
    at=POINTS,
    relative=1e-10,
    reason="a grid in the plane; the program's value is an estimate",
)
def two_windows(at: At) -> float:
    """Hoeffding: E y y' = (E y)^2 + the integral of H - G G', H the joint distribution."""
    p, rho, step = int(at["window"]), at["correlation"], 0.45 * math.sqrt(1 - at["correlation"]) / 2
    count = math.ceil(10 / step)
    u = step * np.arange(-count, count + 1)
    inner = ndtr((u - math.sqrt(rho) * u[:, None]) / math.sqrt(1 - rho)) ** p
    joint = (inner.T @ (step * density(u)[:, None] * inner)) ** at.K
    alone = (step * density(u) @ inner) ** at.K
    mean = step * (np.sum(1 - alone[count + 1 :]) - np.sum(alone[:count]) + 0.5 - alone[count])
    covariance = step**2 * np.sum(joint - np.multiply.outer(alone, alone))
    return float(mean**2 + covariance)
