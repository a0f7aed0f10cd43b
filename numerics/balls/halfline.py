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
from collections.abc import Iterator

from flint import arb, ctx

from maxout.numerics.balls.halfline_rule import Rule, choose
from maxout.numerics.balls.normal_power import check_nodes, gaussian_tail
from maxout.numerics.balls.precision import working_precision
from maxout.numerics.balls.trapezoid import BOUND_BITS, edge_integral, line_integral, rule_error
from maxout.numerics.balls.weight import Weighted

_GUARD = 40
_CELL = 0.08  # width of the cells of the line integral; F^n needs them about 1/n wide
_CELLS = 2000


def integral(f: Weighted, smallest: bool) -> arb:
    """Enclose the integral of f with H = G (smallest) or F, to about 2^-prec of its size.

    Raises:
      PrecisionError: where the nodes would be too many.
    """
    goal = ctx.prec
    rule = choose(f, smallest, goal)
    check_nodes(rule.nodes)
    with working_precision(goal + _GUARD):
        value = rule_sum(f, rule, smallest)
        error = error_bound(f, rule, smallest)
        return value + arb(0, error.abs_upper())


def rule_sum(f: Weighted, rule: Rule, smallest: bool) -> arb:
    total = arb(0)
    for log_h, log_rest, factor in nodes(f, rule, smallest):
        total += (f.power * log_h + log_rest).exp() * factor
    return total


def nodes(f: Weighted, rule: Rule, smallest: bool) -> Iterator[tuple[arb, arb, arb]]:
    """(ln H, r, factor) at the nodes; the rule is the sum of H^n e^r factor."""
    step = arb(rule.step)
    root2 = arb(2).sqrt()
    log_scale = arb(rule.scale).log()
    exponent, polynomial = -f.beta / 2, f.polynomial
    down, decay = (-(2 * rule.first + 1) * step / 2).exp(), (-step).exp()
    for j in range(rule.first, rule.last):
        log_z = log_scale + ((2 * j + 1) * step / 2 - down) / 2
        z = log_z.exp()
        if f.power == 0:
            log_h = arb(0)
        elif smallest:
            log_h = (-(z / root2).erf()).log1p() if z < 1 else (z / root2).erfc().log()
        else:
            log_h = (z / root2).erf().log() if z < 1 else (-(z / root2).erfc()).log1p()
        yield log_h, exponent * z * z + log_z, polynomial(z) * (1 + down) * step / 2
        down *= decay


def error_bound(f: Weighted, rule: Rule, smallest: bool) -> arb:
    """Upper bound of |rule - integral over z >= 0|."""
    with working_precision(BOUND_BITS):
        step, height = arb(rule.step), arb(rule.height)
        left, right = rule.first * step, rule.last * step
        majorant = _Majorant(f, rule.scale, smallest)
        width = _CELL if smallest else min(_CELL, 6 / (1 + f.power))
        cells = min(math.ceil(rule.nodes * rule.step / width), _CELLS)
        line = line_integral(majorant, left, right, height, cells)
        edges = edge_integral(majorant, left, height, step)
        edges += edge_integral(majorant, right, height, step)
        return rule_error(line, edges, height, step) + tail_bound(f, rule, smallest, left, right)


class _Majorant:
    """(x, y) -> upper bound of |integrand(x + iy)| in the variable v, on a box of balls.

    Moduli stay logarithms, because the exponential of a wide ball can reach below zero.
    """

    def __init__(self, f: Weighted, scale: float, smallest: bool) -> None:
        self.f, self.smallest = f, smallest
        self.log_scale = arb(scale).log()
        self.log_root = (2 / arb.pi()).log() / 2
        self.root_pi_over_8 = (arb.pi() / 8).sqrt()
        self.polynomial = f.polynomial

    def __call__(self, x: arb, y: arb) -> arb:
        down = (-x).exp()
        angle = y + down * y.sin()  # of u = z^2
        log_modulus = self.log_scale + (x - down * y.cos()) / 2
        modulus = log_modulus.exp()
        real_u = modulus**2 * angle.cos()
        exponent = log_modulus - self.f.beta * real_u / 2
        if self.f.power:
            exponent += self.f.power * self._log_h(log_modulus, modulus, angle, real_u)
        jacobian = (1 + down) / 2
        return (exponent.exp() * self.polynomial(modulus.upper()) * jacobian).upper()

    def _log_h(self, log_modulus: arb, modulus: arb, angle: arb, real_u: arb) -> arb:
        near = (self.log_root + log_modulus + (-real_u / 2).max(arb(0))).upper()
        if not self.smallest:
            cos = angle.cos()
            return near.min(-cos.log() / 2) if cos > 0 else near
        bound = near.exp().log1p()
        real_z = modulus * (angle / 2).cos()
        if real_z > 0:
            bound = bound.min(-real_u / 2 - (self.root_pi_over_8 * real_z).asinh())
        return bound


def tail_bound(f: Weighted, rule: Rule, smallest: bool, left: arb, right: arb) -> arb:
    """Upper bound of the integral over z below and above the rule's range."""
    low, high = (arb(rule.scale) * ((end - (-end).exp()) / 2).exp() for end in (left, right))
    before = f.polynomial(low) * low
    if not smallest:
        return before * (low / arb(2).sqrt()).erf() ** f.power + gaussian_tail(f, high)
    # G falls at least at its rate at ``high`` from there on: phi/Q increases.
    survival = (high / arb(2).sqrt()).erfc()
    hazard = 2 * (-(high**2) / 2).exp() / (2 * arb.pi()).sqrt() / survival
    slope = f.beta * high + f.power * hazard - f.degree / high
    if not slope > 0:
        return arb("inf")
    height = f.polynomial(high) * (-f.beta * high**2 / 2).exp() * survival**f.power
    return before + height / slope
