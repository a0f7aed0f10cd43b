"""The integrals behind evalf, by the trapezoidal rule at mpmath's working precision.

Every integrand here is analytic about the real line and dies at both ends, after a substitution
where needed; the trapezoidal rule then converges geometrically in the number of nodes, and halving
the step about squares the error. So a step is fine once halving it changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from mpmath import mp, mpf

from maxout.theory.precision_lock import workprec

GUARD = 30  # bits above what is asked for: powers K of logarithms and sums of terms lose about 20
MAX_HALVINGS = 20


def trapezoid(f: Callable[[Any], Any], left: Any, right: Any, bits: int) -> tuple[Any, Any]:
    """Return (integral of f, integral of |f|) over an interval at whose ends f is negligible.

    Args:
      f: real function of an mpf.
      left, right: the interval.
      bits: the step is halved until the integral changes by less than 2^-bits of that of |f|.

    Raises:
      ArithmeticError: where 2^20 times the first number of nodes does not suffice.
    """
    step = (right - left) / 16
    values = [f(left + i * step) for i in range(17)]
    total, size = mp.fsum(values), mp.fsum(values, absolute=True)
    nodes = 16
    for _ in range(MAX_HALVINGS):
        values = [f(left + (i + mpf(1) / 2) * step) for i in range(nodes)]
        finer = total + mp.fsum(values)
        size += mp.fsum(values, absolute=True)
        change = abs(finer / 2 - total)
        total, step, nodes = finer, step / 2, 2 * nodes
        if change * 2**bits <= size / 2 and size > 0:
            return total * step, size * step
    raise ArithmeticError(f"the quadrature did not settle to {bits} bits with {nodes} nodes")


def _density(z: Any) -> Any:
    return mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi)


def log_cdf(z: Any) -> Any:
    """Return ln Phi(z) with full relative accuracy on both sides."""
    upper = mp.erfc(abs(z) / mp.sqrt(2)) / 2
    return mp.log1p(-upper) if z > 0 else mp.log(upper)


def log_half_normal_cdf(z: Any) -> Any:
    """Return ln Pr(|N(0,1)| <= z), z > 0."""
    x = z / mp.sqrt(2)
    return mp.log(mp.erf(x)) if x < 1 else mp.log1p(-mp.erfc(x))


def log_half_normal_survival(z: Any) -> Any:
    """Return ln Pr(|N(0,1)| > z), z > 0."""
    x = z / mp.sqrt(2)
    return mp.log1p(-mp.erf(x)) if x < 1 else mp.log(mp.erfc(x))


LogFactor = Callable[[Any], Any]


def _reach(exponent: int, power: Any, loss: Any) -> Any:
    """Where |z|^exponent phi(z)^power, against its own integral, is below 2^-prec e^-loss.

    With a = sqrt(2 ln(2^prec e^loss)) and R = a + sqrt(2 exponent): R^2/2 - exponent ln R exceeds
    a^2/2 by more than the logarithm of the integral, ~ (exponent/2) ln(exponent/e), needs.
    """
    narrow = mp.sqrt(2 * (mp.prec * mp.log(2) + loss)) + mp.sqrt(2 * exponent) + 1
    return narrow / mp.sqrt(power)


@lru_cache(maxsize=256)  # a derivation meets each integral in several steps
def line_integral(p: int, j: int, m: int, prec: int) -> Any:
    """Return the integral over the line of z^p phi(z)^j Phi(z)^m to ``prec`` bits."""
    if p % 2 and m == 0:  # odd: no sum of rounding errors would do
        return mpf(0)
    with workprec(prec + GUARD + p.bit_length() + m.bit_length() // 8):
        # The integral is no smaller than about m^-j: from the front of Phi^m at sqrt(2 ln m) on.
        reach = _reach(p, j, j * mp.log(m + 1))
        f = lambda z: z**p * mp.exp(m * log_cdf(z) if m else 0) * _density(z) ** j  # noqa: E731
        left = _front(m, mp.prec * mp.log(2) + j * mp.log(m + 1), -reach)
        return trapezoid(f, left, reach, prec + 8)[0]


def _front(m: int, smallest: Any, left: Any) -> Any:
    """A point, at least ``left``, below which Phi^m < e^-smallest: the integral starts there."""
    while left < 0 and m * -log_cdf(left / 2) > smallest:
        left /= 2
        if left > -mpf(1) / 4:
            left = mpf(0)
    step = mpf(1)
    while left >= 0 and step > mpf(1) / 8:
        if m * -log_cdf(left + step) > smallest:
            left += step
        else:
            step /= 2
    return left


@lru_cache(maxsize=256)
def half_line_integral(p: int, j: int, m: int, log_factor: LogFactor, prec: int) -> Any:
    """Return the integral over z > 0 of z^p phi(z)^j exp(m log_factor(z)) to ``prec`` bits."""
    with workprec(prec + GUARD + p.bit_length() + m.bit_length() // 8):
        loss = (j + 1) * mp.log(m + 1)
        right = _reach(p, j, loss)
        return _half_line(
            lambda z: z**p * mp.exp(m * log_factor(z) if m else 0) * _density(z) ** j,
            mp.prec * mp.log(2) + loss,
            right,
            prec + 8,
        )


def _half_line(f: Callable[[Any], Any], smallest: Any, right: Any, bits: int) -> Any:
    """Integrate f over (0, right) through z = exp((v - e^{-v})/2), from z = e^-smallest on.

    The substitution turns a power at 0 and a Gaussian at infinity both into double exponentials,
    analytic for |Im v| < pi/2 whatever the scale of f.
    """

    def mapped(v: Any) -> Any:
        shrink = mp.exp(-v)
        z = mp.exp((v - shrink) / 2)
        return f(z) * z * (1 + shrink) / 2

    # At the right end v - e^{-v} is 2 ln(right) or a little more.
    return trapezoid(mapped, -mp.log(2 * smallest), 2 * mp.log(right) + 1, bits)[0]


def orthant(m: int, rho: Any, prec: int) -> Any:
    """Return P_m(rho) to ``prec`` bits; ``rho`` computes the correlation at mpmath's precision."""
    with workprec(prec + GUARD):
        negative = rho() < 0
    if negative:
        return _orthant_negative(m, rho, prec)
    with workprec(prec + GUARD + m.bit_length() // 8):
        correlation = rho()
        slope = mp.sqrt(correlation / (1 - correlation))
        # P_m is at least 2^-m, and at least about (1+m)^{-1/slope^2}: whichever is larger.
        loss = min(m * mp.log(2), mp.log(m + 2) / slope**2) if slope else m * mp.log(2)
        reach = _reach(0, 1, loss)
        if slope <= 1:
            f = lambda y: _density(y) * mp.exp(m * log_cdf(slope * y))  # noqa: E731
            left = _front(m, mp.prec * mp.log(2) + loss, -slope * reach) if slope else mpf(-1)
            return trapezoid(f, left / slope if slope else -reach, reach, prec + 8)[0]

        # A steep front at 0: y = sinh(v)/slope sees it at its own scale.
        def steep(v: Any) -> Any:
            x = mp.sinh(v)
            return _density(x / slope) * mp.exp(m * log_cdf(x)) * mp.cosh(v) / slope

        end = mp.asinh(slope * reach)
        return trapezoid(steep, -end, end, prec + 8)[0]


def _orthant_negative(m: int, rho: Any, prec: int) -> Any:
    """P_m below correlation 0: the mean of Phi(i s Y)^m, s^2 = -rho/(1-rho), m s^2 < 1.

    Phi(iy) = (1 + i erfi(y/sqrt 2))/2 grows like e^{y^2/2}/y, so phi(y) |Phi(isy)|^m falls like
    e^{-(1-ms^2) y^2/2} y^-m, down to rho = -1/(m-1); y = sinh(v) makes the power an exponential.
    The real part changes sign, and the sum is repeated with as many more bits as cancelled.
    """
    lost = 0
    while lost <= 64 * (prec + GUARD):
        with workprec(prec + GUARD + lost):
            correlation = rho()
            slope = mp.sqrt(-correlation / (1 - correlation))
            left_over = 1 - m * slope**2

            def f(v: Any, s: Any = slope, rest: Any = left_over) -> Any:
                y = mp.sinh(v)
                x = s * y / mp.sqrt(2)
                # Phi(isy) e^{-x^2} stays bounded; what is left of the Gaussian is e^{-rest y^2/2}.
                scaled = mp.mpc(mp.exp(-x * x), mp.erfi(x) * mp.exp(-x * x)) / 2
                return mp.exp(-rest * y * y / 2) * mp.re(scaled**m) * mp.cosh(v)

            end = mp.mpf(2)
            while _envelope(m, slope, left_over, end) > 2 ** -mp.mpf(mp.prec):
                end *= mpf(5) / 4
            total, size = trapezoid(f, -end, end, prec + lost + 8)
            total, size = (part / mp.sqrt(2 * mp.pi) for part in (total, size))
            cancelled = mp.mag(size) - mp.mag(total) if total > 0 else prec + GUARD + lost
        if cancelled <= lost:
            return total
        lost = cancelled + 5
    raise ArithmeticError(f"P_{m} is too close to zero to be told from it; rho is at -1/(m-1)")


def _envelope(m: int, slope: Any, left_over: Any, v: Any) -> Any:
    """Bound of the integrand's modulus, up to a factor: erfi(x) e^{-x^2} <= 1/x, also below 1."""
    y = mp.sinh(v)
    return mp.exp(-left_over * y * y / 2) * min(1, 1 / (slope * y)) ** m * mp.cosh(v)


def half_normal(m: int, rho: Any, log_factor: LogFactor, prec: int) -> Any:
    """Return A_m or B_m to ``prec`` bits: 2 E[exp(m log_factor(sY)); Y > 0], s^2 = rho/(1-rho)."""
    with workprec(prec + GUARD + m.bit_length() // 8):
        correlation = rho()
        slope = mp.sqrt(correlation / (1 - correlation))
        # A_m >= A_1^m by Jensen and >= about (2m)^{-1/s^2}; B_m is at least about 1/(s m).
        first = 2 / mp.pi * mp.asin(mp.sqrt(correlation))
        loss = min(-m * mp.log(first), mp.log(2 * m + 4) / slope**2 + mp.log(2 + slope * m) + 3)
        loss = max(loss, mp.log(2 + slope * m))
        return 2 * _half_line(
            lambda y: _density(y) * mp.exp(m * log_factor(slope * y)),
            mp.prec * mp.log(2) + loss,
            _reach(0, 1, loss),
            prec + 8,
        )
