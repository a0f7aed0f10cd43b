"""Integrals of p(z) e^{-beta z^2/2} H(z)^n over z >= 0, H = F = 2 Phi - 1 or H = G = 2 - 2 Phi.

With z^2 = u = scale^2 exp(v - e^{-v}) the integrand dies doubly exponentially at both ends and is
analytic for |Im v| < pi/2 at every n, so that one midpoint rule serves small n, where F^n has a
corner at 0, and G^n, whose mass sits at z ~ 1/n. The strip's line integral is bounded cell by cell
with majorants that need exponentials only (docs/constants.md, "The half line"):

    |F(z)| <= sqrt(2/pi) |z| max(1, e^{-Re u/2}),  and  <= sqrt(|u|/Re u) if Re u > 0;
    |G(z)| <= e^{-Re u/2} (s + sqrt(1 + s^2))^{-1}, s = sqrt(pi/8) Re z, if Re z > 0;
    |G(z)| <= 1 + |F(z)| always.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from flint import arb, arb_poly, ctx

from maxout.numerics.normal_power import MAX_NODES, gaussian_tail
from maxout.numerics.precision import PrecisionError
from maxout.numerics.trapezoid import (
    BOUND_BITS,
    edge_integral,
    line_integral,
    rule_error,
)
from maxout.numerics.weight import Weighted

_GUARD = 40
_SLACK = 12.0  # nats: what the cells and the estimate of the line integral may lose
_HEIGHTS = (0.3, 0.5, 0.7, 0.9, 1.1, 1.25, 1.35, 1.45, 1.5)  # of the strip, below pi/2
_CELL = 0.08  # width of the cells of the line integral


@dataclass(frozen=True)
class _Rule:
    scale: float
    step: float
    first: int
    last: int
    height: float


def integral(f: Weighted, smallest: bool) -> arb:
    """Enclose the integral of f with H = G (smallest) or F, to about 2^-prec of its size.

    Raises:
      PrecisionError: where the nodes would be too many.
    """
    goal = ctx.prec
    rule = _choose(f, smallest, goal)
    nodes = rule.last - rule.first
    if nodes > MAX_NODES:
        raise PrecisionError(
            f"{nodes:,} nodes would be needed at this precision, {MAX_NODES:,} is the limit; "
            "ask for fewer digits"
        )
    with ctx.workprec(goal + _GUARD):
        value = _sum(f, rule, smallest)
        error = _bound(f, rule, smallest)
        return value + arb(0, error.abs_upper())


def _sum(f: Weighted, rule: _Rule, smallest: bool) -> arb:
    step, n = arb(rule.step), f.power
    root2 = arb(2).sqrt()
    log_scale = arb(rule.scale).log()
    exponent, polynomial = -f.beta / 2, f.polynomial
    down, decay = (-(2 * rule.first + 1) * step / 2).exp(), (-step).exp()
    total = arb(0)
    for j in range(rule.first, rule.last):
        log_z = log_scale + ((2 * j + 1) * step / 2 - down) / 2
        z = log_z.exp()
        if n == 0:
            log_h = arb(0)
        elif smallest:
            log_h = (-(z / root2).erf()).log1p() if z < 1 else (z / root2).erfc().log()
        else:
            log_h = (z / root2).erf().log() if z < 1 else (-(z / root2).erfc()).log1p()
        term = (n * log_h + exponent * z * z + log_z).exp() * polynomial(z)
        total += term * (1 + down)
        down *= decay
    return total * step / 2


def _bound(f: Weighted, rule: _Rule, smallest: bool) -> arb:
    """Upper bound of |rule - integral over z >= 0|."""
    with ctx.workprec(BOUND_BITS):
        step, height = arb(rule.step), arb(rule.height)
        left, right = rule.first * step, rule.last * step
        majorant = _Majorant(f, rule.scale, smallest)
        cells = math.ceil((rule.last - rule.first) * rule.step / _CELL)
        line = line_integral(majorant, left, right, height, cells)
        edges = edge_integral(majorant, left, height, step)
        edges += edge_integral(majorant, right, height, step)
        return rule_error(line, edges, height, step) + _tails(f, rule, smallest, left, right)


class _Majorant:
    """(x, y) -> upper bound of |integrand(x + iy)| in the variable v, on a box of balls."""

    def __init__(self, f: Weighted, scale: float, smallest: bool) -> None:
        self.f, self.smallest = f, smallest
        self.log_scale = arb(scale).log()
        self.root_2_over_pi = (2 / arb.pi()).sqrt()
        self.root_pi_over_8 = (arb.pi() / 8).sqrt()
        self.polynomial = f.polynomial

    def __call__(self, x: arb, y: arb) -> arb:
        down = (-x).exp()
        half_angle = (y + down * y.sin()) / 2  # arg z
        log_modulus = self.log_scale + (x - down * y.cos()) / 2
        modulus = log_modulus.exp()
        real_u = modulus**2 * (2 * half_angle).cos()
        log_h = self._log_h(modulus, half_angle, real_u)
        exponent = self.f.power * log_h - self.f.beta * real_u / 2 + log_modulus
        jacobian = (1 + down) / 2
        return (exponent.exp() * self.polynomial(modulus) * jacobian).upper()

    def _log_h(self, modulus: arb, half_angle: arb, real_u: arb) -> arb:
        near = self.root_2_over_pi * modulus * (-real_u / 2).exp().max(arb(1))
        if not self.smallest:
            bound = near.log()
            if real_u > 0:
                bound = bound.min((modulus**2 / real_u).log() / 2)
            return bound
        bound = near.log1p()
        real_z = modulus * half_angle.cos()
        if real_z > 0:
            s = self.root_pi_over_8 * real_z
            bound = bound.min(-real_u / 2 - s.asinh())
        return bound


def _tails(f: Weighted, rule: _Rule, smallest: bool, left: arb, right: arb) -> arb:
    """Upper bound of the integral over z below and above the rule's range."""
    low, high = (arb(rule.scale) * ((end - (-end).exp()) / 2).exp() for end in (left, right))
    before = f.polynomial(low) * low
    if not smallest:
        return before * ((2 / arb.pi()).sqrt() * low) ** f.power + gaussian_tail(f, high)
    # G falls at least at its rate at ``high`` from there on: phi/Q increases.
    survival = (high / arb(2).sqrt()).erfc()
    hazard = 2 * (-(high**2) / 2).exp() / (2 * arb.pi()).sqrt() / survival
    slope = f.beta * high + f.power * hazard - f.degree / high
    if not slope > 0:
        return arb("inf")
    height = f.polynomial(high) * (-f.beta * high**2 / 2).exp() * survival**f.power
    return before + height / slope


def _choose(f: Weighted, smallest: bool, bits: int) -> _Rule:
    """Scale, step, range and strip, in floats; nothing here is proved."""
    beta, n, degree = float(f.beta), f.power, f.degree
    nats = (bits + 4) * math.log(2) + _SLACK
    scale = min(1.0, 1 / math.sqrt(beta), 1 / (1 + n) if smallest else 1.0)
    shape = _Shape(f, scale, smallest)
    if smallest:
        # |G^n| on a ray loses a factor of about (1.3/cos(a/2)) a power of z.
        losses = {a: (degree + 1) * math.log(1.3 / math.cos(a)) for a in _HEIGHTS}
    else:
        losses = {a: -(n + degree + 1) / 2 * math.log(math.cos(a)) for a in _HEIGHTS}
    height = max(_HEIGHTS, key=lambda a: a / (nats + losses[a]))
    step = math.ldexp(
        math.floor(4096 * math.frexp(s := 2 * math.pi * height / (nats + losses[height]))[0])
        / 4096,
        math.frexp(s)[1],
    )
    left, right = shape.range(nats)
    return _Rule(scale, step, math.floor(left / step), math.ceil(right / step), height)


class _Shape:
    """ln of the integrand in v, in floats."""

    def __init__(self, f: Weighted, scale: float, smallest: bool) -> None:
        self.f, self.scale, self.smallest = f, scale, smallest
        self.beta = float(f.beta)

    def log(self, v: float) -> float:
        log_z = math.log(self.scale) + (v - math.exp(-v)) / 2
        z = math.exp(log_z)
        leading = next(k for k, c in enumerate(self.f.weight) if c)
        log_weight = self.f.log_weight(z) if z > 1e-300 else leading * log_z
        total = log_weight + log_z - self.beta * z * z / 2 + math.log1p(math.exp(-v))
        if not self.f.power:
            return total
        if self.smallest:
            tail = math.erfc(z / math.sqrt(2))
            log_h = math.log(tail) if tail > 0 else -z * z / 2
            if z < 1:
                log_h = math.log1p(-math.erf(z / math.sqrt(2)))
        else:
            cdf = math.erf(z / math.sqrt(2))
            log_h = math.log(cdf) if z > 1e-300 else log_z - 0.226
            if z > 1:
                log_h = math.log1p(-math.erfc(z / math.sqrt(2)))
        return total + self.f.power * log_h

    def range(self, nats: float) -> tuple[float, float]:
        """Where the integrand is above e^-nats of its size."""
        v, best = 0.0, -math.inf
        grid = [i / 8 for i in range(-56, 8 * 40)]
        values = [self.log(v) for v in grid]
        best = max(values)
        floor = max(best, math.log(self.f.size) if self.f.size > 0 else -math.inf) - nats
        above = [v for v, value in zip(grid, values, strict=True) if value > floor]
        return above[0] - 0.125, above[-1] + 0.125
