"""Values of kappa_K and q_K at any precision: one two-dimensional trapezoidal rule, in mpmath.

With X = cos(theta/2) A + sin(theta/2) B and Y = cos(theta/2) A - sin(theta/2) B, A and B
independent standard normals, both kernels are integrals over (a, b) of analytic integrands that die
like a normal density, so that the rule converges exponentially in 1/step. The bivariate normal
distribution inside is two Owen's T functions.
Source: this project, docs/kernels.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from mpmath import mp, mpf

from maxout.theory.precision_lock import workprec

_GUARD = 30  # bits beyond what is asked for: rounding of some 10^4 terms and of powers
_MARGIN = 8  # bits by which the lattice is asked to do better


def _owens_t(h: Any, a: Any) -> Any:
    """T(h, a) = (1/2 pi) times the integral of exp(-h^2 (1+t^2)/2)/(1+t^2) over 0 < t < a.

    Owen's series: T = (1/2 pi) (atan a - sum_j (-1)^j a^(2j+1)/(2j+1) Pr(N > j)), N a Poisson
    variable of mean h^2/2; for |a| <= 1 no term exceeds one, so it is summed in fixed point.
    """
    if a < 0:
        return -_owens_t(h, -a)
    if a > 1:
        below, above = mp.ncdf(-abs(h)), mp.ncdf(-a * abs(h))
        return (below + above) / 2 - below * above - _owens_t(a * h, 1 / a)
    bits = mp.prec
    mean = h * h / 2
    if mean > bits:  # T < exp(-mean)
        return mpf(0)
    one = 1 << bits
    fixed_mean, square = int(mp.ldexp(mean, bits)), int(mp.ldexp(a * a, bits))
    term = int(mp.ldexp(mp.exp(-mean), bits))
    tail, power = one - term, int(mp.ldexp(a, bits))
    total, j = 0, 0
    while power * tail >> bits:
        addend = (power * tail >> bits) // (2 * j + 1)
        total += -addend if j % 2 else addend
        j += 1
        term = (term * fixed_mean >> bits) // j
        tail = max(tail - term, 0)
        if j > mean and not term:
            break
        power = power * square >> bits
    return (mp.atan(a) - mp.ldexp(total, -bits)) / (2 * mp.pi)


def _joint(x: Any, y: Any, up: Any, down: Any) -> Any:
    """Pr(X <= x, Y <= y) where y - rho x = down sin theta and x - rho y = up sin theta."""

    def wedge(h: Any, numerator: Any) -> Any:
        if h == 0:  # Owen's T at infinite slope
            return mp.sign(numerator) / 4
        return _owens_t(h, numerator / h)

    value = (mp.ncdf(x) + mp.ncdf(y)) / 2 - wedge(x, down) - wedge(y, up)
    opposite = x * y < 0 or (x * y == 0 and x + y < 0)
    return value - mpf(1) / 2 if opposite else value


def _negligible(square: Any, power: int, y: Any, limit: Any) -> bool:
    """Whether exp(-square/2) Phi(y)^power is below exp(-limit/2)."""
    return bool(square + power * math.erfc(y / math.sqrt(2)) > limit)


def _lattice_sum(
    integrand: Callable[[Any, Any], Any], reach: tuple[Any, Any], step: Any, shifted: bool
) -> Any:
    """Trapezoidal sum over the plane of a function even in b.

    The lattice is a = (i + 1/4) step, b = k step, and misses the origin, a corner of the wedge;
    shifted, half a step further in both.
    """
    start = mpf(3) / 4 if shifted else mpf(1) / 4
    total = mpf(0)
    for i in range(-int(reach[0] / step) - 1, int(reach[0] / step) + 1):
        a = (i + start) * step
        for k in range(int(reach[1] / step) + 1):
            b = (k + mpf(1) / 2) * step if shifted else k * step
            total += integrand(a, b) if b == 0 else 2 * integrand(a, b)
    return total * step * step


def _integral(
    integrand: Callable[[Any, Any], Any], reach: tuple[Any, Any], rank: int, prec: int
) -> Any:
    """Mean of the two lattices' sums, at a step at which they agree to 0.75 of the bits.

    The leading aliasing errors have opposite signs on the two lattices; the next, which the mean
    keeps, have sqrt(2) times the frequency, and so at most the power sqrt(2) of the size:
    0.75 sqrt(2) > 1.

    Raises:
      ArithmeticError: where no step reaches this.
    """
    tolerance = mpf(2) ** (-0.75 * prec)
    exponent = 0.75 * prec * math.log(2)
    # First guess: aliasing exp(-2 pi^2/(K step^2)), or that of the strip at large K (fitted).
    step = mpf(max(4.4 / math.sqrt(rank * exponent), 27 / (1 + math.log(rank)) / exponent))
    step = min(step, mpf(1) / 2)
    for _ in range(12):
        sums = [_lattice_sum(integrand, reach, step, shifted) for shifted in (False, True)]
        if abs(sums[0] - sums[1]) <= tolerance:
            return (sums[0] + sums[1]) / 2
        step *= mpf(3) / 4
    raise ArithmeticError(f"the kernel integral of rank {rank} did not settle at {prec} bits")


def _frame(rank: int, rho: Any, prec: int) -> tuple[Any, Any, Any]:
    """cos and sin of theta/2, and the reach of a normal density of weight rank^2."""
    rho = mpf(rho)
    reach = mp.sqrt(2 * (prec * mp.log(2) + 2 * mp.log(rank)))
    return mp.sqrt((1 + rho) / 2), mp.sqrt((1 - rho) / 2), reach


def winner_value(rank: int, rho: Any, prec: int) -> Any:
    """q_K(rho) for K >= 2, -1 < rho < 1, correct to about prec bits.

    q = K times the integral of phi(a) phi(b) Pr(X <= x, Y <= y)^(K-1).
    """
    with workprec(prec + _GUARD + rank.bit_length()):
        cos, sin, reach = _frame(rank, rho, prec + _MARGIN)
        square = reach * reach

        def integrand(a: Any, b: Any) -> Any:
            radius = a * a + b * b
            x, y = cos * a + sin * b, cos * a - sin * b
            if _negligible(radius, rank - 1, y, square):
                return mpf(0)
            joint = _joint(x, y, sin * a + cos * b, sin * a - cos * b)
            return mp.exp(-radius / 2) * joint ** (rank - 1)

        return rank / (2 * mp.pi) * _integral(integrand, (reach, reach), rank, prec + _MARGIN)


def kernel_value(rank: int, rho: Any, prec: int) -> Any:
    """kappa_K(rho) for K >= 2, -1 < rho < 1, correct to about prec bits.

    The mean of x y under the density of the two maxima, d^2/dx dy Pr(X <= x, Y <= y)^K. It does not
    use that q is its derivative. The cost grows like 1/sqrt(1 + rho) towards -1.
    """
    with workprec(prec + _GUARD + 2 * rank.bit_length()):
        cos, sin, reach = _frame(rank, rho, prec + _MARGIN)
        square = reach * reach
        both = 2 * sin * cos * (rank - 1)

        def integrand(a: Any, b: Any) -> Any:
            x, y = cos * a + sin * b, cos * a - sin * b
            up, down = sin * a + cos * b, sin * a - cos * b
            one, two = a * a + b * b, x * x + y * y + min(up, 0) ** 2 + min(down, 0) ** 2
            if _negligible(min(one, two), rank - 2, y, square):
                return mpf(0)
            joint = _joint(x, y, up, down)
            same = mp.exp(-one / 2) * joint
            different = mp.exp(-(x * x + y * y) / 2) * mp.ncdf(up) * mp.ncdf(down) * both
            return x * y * (same + different) * joint ** (rank - 2)

        # Where the maxima have different winners, x and y alone bound the lattice.
        return rank / (2 * mp.pi) * _integral(integrand, (reach / cos, reach), rank, prec + _MARGIN)
