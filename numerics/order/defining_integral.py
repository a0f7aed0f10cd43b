"""The oracle: an order statistic's moment as the integral that defines it, by mpmath.

It shares nothing with the certified route: K z^t times the density times the power K-1 of the
distribution function, split where the integrand peaks, with the power taken of log1p of the tail.
Slow on purpose, and its radius is an estimate.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import mpmath
from flint import arb

from maxout.numerics.balls.enclosure import Enclosure
from maxout.numerics.balls.precision import PrecisionError, bits_of, workdps, working_precision

_GUARD = 10  # decimal digits of working precision beyond those delivered
_WIDTHS = (1, 3, 7, 15)  # of the peak; where the integral is split on either side of it


def quadrature(rank: int, order: int, statistic: str, digits: int) -> Enclosure:
    """Integrate the definition of a moment; arguments as for ``moments.moment``, not checked again.

    Returns:
      An enclosure that is not certified: the radius is ten times mpmath's estimate of its error,
      and the rounding.

    Raises:
      PrecisionError: where mpmath's estimate is not below the digits.
    """
    if rank == 1 and order % 2 and statistic == "largest":
        return Enclosure("0", "0", digits, "quadrature", certified=False)
    with workdps(digits + _GUARD):
        integrand = _integrand(rank, order, statistic)
        points, size = _points(integrand, digits)
        # mpmath stops at an absolute error, so that what it integrates must be of size one.
        value, error = mpmath.quad(lambda z: integrand(z) / size, points, error=True)
        goal = mpmath.mpf(10) ** -(digits + 2) * value
        if not error <= goal:
            raise PrecisionError(
                f"{digits} digits were not reached by mpmath's quadrature; use route='arb'"
            )
        value, radius = value * size, (10 * error + goal) * size
        with working_precision(bits_of(digits + _GUARD)):
            ball = _exact(value) + arb(0, _exact(radius).upper())
        return Enclosure.from_ball(ball, digits, "quadrature", certified=False)


def _integrand(rank: int, order: int, statistic: str) -> Callable[[mpmath.mpf], mpmath.mpf]:
    """The defining integrand; odd and even moments of the largest are folded to z >= 0."""
    root2, n = mpmath.sqrt(2), rank - 1
    scale = rank / mpmath.sqrt(2 * mpmath.pi)

    def largest(z: mpmath.mpf) -> mpmath.mpf:
        tail = mpmath.erfc(z / root2) / 2
        mirrored = tail**n if order % 2 == 0 else -(tail**n)
        power = mpmath.exp(n * mpmath.log1p(-tail))
        return scale * z**order * mpmath.exp(-z * z / 2) * (power + mirrored)

    def chi2_largest(z: mpmath.mpf) -> mpmath.mpf:
        # 1 - erfc loses the digits of a small erf, and log1p those of the rest.
        if z < 1:
            power = mpmath.erf(z / root2) ** n
        else:
            power = mpmath.exp(n * mpmath.log1p(-mpmath.erfc(z / root2)))
        return 2 * scale * z ** (2 * order) * mpmath.exp(-z * z / 2) * power

    def chi2_smallest(z: mpmath.mpf) -> mpmath.mpf:
        x = z / root2
        log = mpmath.log1p(-mpmath.erf(x)) if z < 1 else mpmath.log(mpmath.erfc(x))
        return 2 * scale * z ** (2 * order) * mpmath.exp(n * log - z * z / 2)

    return {"largest": largest, "chi2-largest": chi2_largest, "chi2-smallest": chi2_smallest}[
        statistic
    ]


def _points(
    integrand: Callable[[mpmath.mpf], mpmath.mpf], digits: int
) -> tuple[list[float], mpmath.mpf]:
    """Ends of the panels, 0, about the peak and where the integrand has died out; its size."""

    def log(z: float) -> float:
        value = abs(integrand(mpmath.mpf(z)))
        return float(mpmath.log(value)) if value else -math.inf

    with workdps(15):
        # In steps of 3 % from far below any peak, the smallest at rank 10^15 included.
        grid = [1e-16 * 1.03**i for i in range(1450)]
        logs = [log(z) for z in grid]
        at = max(range(len(grid)), key=logs.__getitem__)
        floor = logs[at] - (digits + 5) * math.log(10)
        end = at
        while logs[end] > floor and end < len(grid) - 1:
            end += 1
        near = at
        while logs[near] > logs[at] - 1 and near < len(grid) - 1:
            near += 1
        peak, width, last = grid[at], grid[near] - grid[at], grid[end]
    about = {peak + side * k * width for k in _WIDTHS for side in (-1, 1)} | {peak}
    points = [0.0, *sorted(z for z in about if 0 < z < last), last]
    return points, abs(integrand(mpmath.mpf(peak))) * width


def _exact(value: mpmath.mpf) -> arb:
    sign, mantissa, exponent, _ = value._mpf_
    return (-1 if sign else 1) * arb(int(mantissa)) * arb(2) ** exponent
