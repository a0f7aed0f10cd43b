"""Certified balls of P_m, A_m and B_m(rho): equicorrelated normals and half-normals, any m.

With beta = (1 - rho)/rho and rho in (0, 1): P_m = sqrt(beta/2pi) int e^{-beta x^2/2} Phi^m and
A_m = 2 sqrt(beta/2pi) int_{x>0} e^{-beta x^2/2} (2 Phi - 1)^m. For rho < 0, with
sigma^2 = -rho/(1-rho), P_m = int phi(y) Re Phi(i sigma y)^m dy, whose integrand is entire
(docs/constants.md, "Negative correlation").
"""

from __future__ import annotations

import math

from flint import acb, arb, ctx

from maxout.numerics.balls import halfline, normal_power
from maxout.numerics.balls.normal_power import MAX_NODES
from maxout.numerics.balls.precision import PrecisionError, working_precision
from maxout.numerics.balls.trapezoid import BOUND_BITS, rule_error
from maxout.numerics.balls.weight import Weighted

_GUARD = 40


def orthant_ball(m: int, rho: arb) -> arb:
    """Enclose P_m(rho), the probability that m equicorrelated standard normals are all positive.

    Args:
      m: number of normals, >= 0.
      rho: ball of the correlation, in [-1/(m-1), 1].

    Returns:
      A ball of relative radius about 2^-prec for rho >= 0, absolute for rho < 0 where P_m is small.

    Raises:
      ArithmeticError: for a correlation that is certainly outside its domain.
      PrecisionError: where the nodes would be too many (rho close to 1 or to -1/(m-1)).
    """
    if m < 0 or rho > 1 or (m > 1 and rho * (m - 1) < -1):
        raise ArithmeticError(
            f"P_m needs m >= 0 and -1/(m-1) <= rho <= 1; got m = {m}, rho = {rho}"
        )
    if m == 0:
        return arb(1)
    if m == 1:
        return arb(1) / 2
    if rho == 0:
        return arb(2) ** -m
    if rho == 1:
        return arb(1) / 2
    if rho * (m - 1) == -1:
        return arb(0)  # the m normals add up to zero
    if rho < 0:
        return _negative(m, rho)
    if not (rho > 0 and rho < 1):  # a ball that touches an end: nothing is known until it shrinks
        return arb("nan")
    f = Weighted((1,), (1 - rho) / rho, m)
    if f.beta * m < _WIDE:
        return _near_one(m, rho)
    value = normal_power.integral(f, folded=False)
    assert value is not None  # only folded integrands can be without a rule
    return (f.beta / (2 * arb.pi())).sqrt() * value


def half_normal_ball(m: int, rho: arb) -> arb:
    """Enclose A_m(rho) = E|2 Phi(Y) - 1|^m, Y ~ N(0, rho/(1-rho)), to about 2^-prec relative.

    Args:
      m: number of half-normals, >= 0.
      rho: ball of the correlation, in [0, 1].

    Raises:
      ArithmeticError: for a correlation that is certainly outside its domain.
      PrecisionError: where the nodes would be too many (rho close to 1).
    """
    if m < 0 or rho > 1 or rho < 0:
        raise ArithmeticError(f"A_m needs m >= 0 and 0 <= rho <= 1; got m = {m}, rho = {rho}")
    if m == 0 or rho == 1:
        return arb(1)
    if rho == 0:
        return arb(0)
    if not (rho > 0 and rho < 1):
        return arb("nan")
    f = Weighted((1,), (1 - rho) / rho, m)
    value = None if f.beta * m < _WIDE else normal_power.integral(f, folded=True)
    if value is None:
        value = halfline.integral(f, smallest=False)
    return 2 * (f.beta / (2 * arb.pi())).sqrt() * value


def half_normal_survival_ball(m: int, rho: arb) -> arb:
    """Enclose B_m(rho) = E(1 - |2 Phi(Y) - 1|)^m, the sibling of A_m for smallest order statistics.

    Arguments and errors as for ``half_normal_ball``.
    """
    if m < 0 or rho > 1 or rho < 0:
        raise ArithmeticError(f"B_m needs m >= 0 and 0 <= rho <= 1; got m = {m}, rho = {rho}")
    if m == 0 or rho == 0:
        return arb(1)
    if rho == 1:
        return arb(0)
    if not (rho > 0 and rho < 1):
        return arb("nan")
    f = Weighted((1,), (1 - rho) / rho, m)
    return 2 * (f.beta / (2 * arb.pi())).sqrt() * halfline.integral(f, smallest=True)


_WIDE = 0.01
"""Below this beta m the Gaussian is so wide that most nodes lie where Phi is 0 or 1."""


def _near_one(m: int, rho: arb) -> arb:
    """P_m(rho) for rho close to 1: E Phi(Y)^m = 2^-m sum over even k of C(m, k) A_k(rho).

    Odd powers of 2 Phi - 1 have mean 0; no term is negative, so that no digit is lost.
    """
    total, binomial = arb(0), 1
    for k in range(m + 1):
        if k % 2 == 0:
            total += binomial * half_normal_ball(k, rho)
        binomial = binomial * (m - k) // (k + 1)
    return total * arb(2) ** -m


def _negative(m: int, rho: arb) -> arb:
    """P_m at -1/(m-1) < rho < 0, absolute radius about 2^-prec.

    On Im = b the integrand is below e^{b^2/2} phi(y) e^{m sigma^2 y^2/2}, because
    |Phi(x + iy)| <= e^{y^2/2} Phi(x); with b = 2 pi/h the rule's error falls like e^{-2 pi^2/h^2}.
    """
    goal = ctx.prec
    with working_precision(goal + _GUARD):
        variance = -rho / (1 - rho)
        decay = 1 - m * variance  # what is left of the Gaussian decay
        if not decay > 0:
            return arb("nan")
        nats = (goal + 4) * math.log(2) - 2 * math.log(float(decay.mid()))
        step = math.floor(math.pi * math.sqrt(2 / nats) * 1024) / 1024
        nodes = math.ceil(math.sqrt(2 * nats / float(decay.mid())) / step)
        if nodes > MAX_NODES:
            raise PrecisionError(
                f"P_{m} needs {nodes:,} nodes this close to rho = -1/(m-1); "
                f"{MAX_NODES:,} is the limit; ask for fewer digits, or farther from that end"
            )
        total = arb(0)
        sigma = (variance / 2).sqrt()
        for j in range(nodes):
            y = (2 * j + 1) * arb(step) / 2
            half = acb(arb(1) / 2, (sigma * y).erfi() / 2)
            total += ((half**m) * (-y * y / 2).exp()).real
        scale = (2 * arb.pi()).sqrt()
        value = 2 * arb(step) * total / scale
        with working_precision(BOUND_BITS):
            end, height = nodes * arb(step), 2 * arb.pi() / step
            line = (height**2 / 2).exp() / decay.sqrt()
            # e^{y^2/2 - 2 pi y/h} <= e^{-pi y/h} for y <= b, at either end.
            at_end = (-decay * end**2 / 2).exp() / scale
            edges = 2 * at_end * step / arb.pi()
            tails = 2 * at_end / (decay * end)
            error = rule_error(line, edges, height, arb(step)) + tails
        return value + arb(0, error.abs_upper())
