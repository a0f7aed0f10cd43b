"""Choice of scale, step, range and strip for halfline: floats only, nothing is proved."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from maxout.numerics.balls.normal_rule import crossing, dyadic
from maxout.numerics.balls.weight import Weighted

_SLACK = 12.0  # nats: what the cells and the estimate of the line integral may lose
_HEIGHTS = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.1, 1.25, 1.35, 1.45, 1.5)  # of the strip, below pi/2
_LEFT, _RIGHT = -14.0, 100.0  # of v: e^14 and e^100 are beyond any digits and any rank


@dataclass(frozen=True)
class Rule:
    """z^2 = scale^2 exp(v - e^{-v}); nodes v = (j + 1/2) step, first <= j < last; a strip of v."""

    scale: float
    step: float
    first: int
    last: int
    height: float

    @property
    def nodes(self) -> int:
        return self.last - self.first


def choose(f: Weighted, smallest: bool, bits: int) -> Rule:
    """A rule whose estimated error is below 2^-bits of the result."""
    beta, n, degree = float(f.beta), f.power, f.degree
    nats = (bits + 4) * math.log(2) + _SLACK
    scale = min(1.0, 1 / math.sqrt(beta), 1 / (1 + n) if smallest else 1.0)

    def log(v: float, log_h: Callable[[float, float], float]) -> float:
        log_z = math.log(scale) + (v - math.exp(-v)) / 2
        z = math.exp(min(log_z, 300.0))
        lowest = next(k for k, c in enumerate(f.weight) if c)
        log_weight = f.log_weight(z) if z > 1e-300 else lowest * log_z
        rest = n * log_h(z, log_z) if n else 0.0
        return log_weight + log_z - beta * z * z / 2 + math.log1p(math.exp(-v)) + rest

    actual, bound = (_log_survival, _log_survival) if smallest else (_log_cdf, _log_cdf_bound)
    mode = max(
        (_LEFT + i / 2 for i in range(int(2 * (_RIGHT - _LEFT)))), key=lambda v: log(v, actual)
    )
    size = max(log(mode, actual), math.log(f.size) if f.size > 0 else -math.inf)

    def loss(height: float) -> float:
        """ln of the line integral over the result, estimated at the mode, where |F| grows most."""
        if smallest:
            return (degree + 1) * math.log(1.3 / math.cos(height))
        angle = height + math.exp(-mode) * math.sin(height)  # of u = z^2
        if angle > 1.55:
            return math.inf
        # A tenth more, because left of the mode the angle is larger.
        return -0.55 * (n + degree + 1) * math.log(math.cos(angle))

    height = max(_HEIGHTS, key=lambda a: a / (nats + loss(a)))
    step = dyadic(2 * math.pi * height / (nats + loss(height)))
    left, right = (
        crossing(lambda v: log(v, bound), size - nats, mode, end) for end in (_LEFT, _RIGHT)
    )
    return Rule(scale, step, math.floor(left / step), math.ceil(right / step), height)


def _log_cdf(z: float, log_z: float) -> float:
    """ln F(z)."""
    if z > 1:
        return math.log1p(-math.erfc(z / math.sqrt(2)))
    return math.log(math.erf(z / math.sqrt(2))) if z > 1e-300 else log_z - 0.2258


def _log_cdf_bound(z: float, log_z: float) -> float:
    """The bound of ln F that the strip's edges use."""
    return min(log_z - 0.2258, 0.0)


def _log_survival(z: float, log_z: float) -> float:
    """The bound of ln G that the strip's edges use; right within 0.25 z."""
    return -(z * z / 2 + math.asinh(math.sqrt(math.pi / 8) * z))
