"""Balls of int p(x) e^{-beta x^2/2} H(x)^n, H = Phi (real line) or F = 2 Phi - 1 (x >= 0).

The midpoint rule with two strip bounds, each proved in docs/constants.md: one for moderate n, whose
strip shrinks like 1/sqrt(n), and one for large n, whose strip shrinks like 1/sqrt(ln n) only. Step,
strip and range are chosen in floats; the bound is then computed in balls for what was chosen, so
that a poor choice costs digits and never truth.
"""

from __future__ import annotations

from flint import arb, arb_poly, ctx

from maxout.numerics.balls.normal_grid import upper_tails
from maxout.numerics.balls.normal_rule import Rule, Strip, choose
from maxout.numerics.balls.precision import PrecisionError, working_precision
from maxout.numerics.balls.trapezoid import BOUND_BITS, rule_error
from maxout.numerics.balls.weight import Weighted

MAX_NODES = 200_000
_EDGE_CELLS = 8
_GUARD = 40  # bits lost in forming n log Phi, with n up to 1e15 and n log Phi of the order of E


def check_nodes(nodes: int) -> None:
    """Raise ``PrecisionError`` where a rule would take more than ``MAX_NODES``."""
    if nodes > MAX_NODES:
        raise PrecisionError(
            f"{nodes:,} nodes would be needed at this precision, {MAX_NODES:,} is the limit; "
            "ask for fewer digits"
        )


def integral(f: Weighted, folded: bool) -> arb | None:
    """Enclose the integral of f; relative radius about 2^-prec at the current precision.

    Returns:
      A ball; None where no rule reaches the precision (folded and n too small).

    Raises:
      PrecisionError: where the nodes would be too many.
    """
    goal = ctx.prec
    rule = choose(f, folded, goal)
    if rule is None:
        return None
    check_nodes(rule.nodes)
    with working_precision(goal + _GUARD):
        value = rule_sum(f, rule, folded)
        error = rule_bound(f, rule, folded, value) + tail_bound(f, rule, folded)
        return value + arb(0, error.abs_upper())


def rule_sum(f: Weighted, rule: Rule, folded: bool) -> arb:
    half = arb(rule.step) / 2  # nodes are odd multiples of it
    exponent = -f.beta * half**2 / 2
    scaled = arb_poly([c * half**k for k, c in enumerate(f.weight)])
    total = arb(0)
    for j, log_h in zip(range(rule.first, rule.last), log_powers(rule, folded), strict=True):
        odd = 2 * j + 1
        term = (exponent * (odd * odd) + f.power * log_h).exp()
        total += term * scaled(odd) if f.degree else term
    return 2 * half * total * (1 if f.degree else f.weight[0])


def log_powers(rule: Rule, folded: bool) -> list[arb]:
    """ln H at the nodes, from the upper tail so that no digit of it is lost."""
    first, last, step = rule.first, rule.last, arb(rule.step)
    below = []
    if first < 0:  # Phi(-x) = Q(x): the mirrored nodes have indices -j - 1
        mirrored = upper_tails(max(-last, 0), max(-first, last), step)
        below = [tail.log() for tail in mirrored[-first - 1 - max(-last, 0) :: -1]]
        above = mirrored[:last] if last > 0 else []
    else:
        above = upper_tails(first, last, step)
    return below + [(-2 * tail if folded else -tail).log1p() for tail in above]


def gaussian_moment(f: Weighted, shift: arb) -> arb:
    """Upper bound of int p(|x + i shift|) e^{-beta x^2/2} over the real line.

    Even powers are polynomials in the shift; odd ones by Cauchy-Schwarz from their neighbours.
    """
    squares = (f.degree + 1) // 2 + 1
    plain = [(2 * arb.pi() / f.beta).sqrt()]  # int x^{2k} e^{-beta x^2/2}
    for k in range(1, squares):
        plain.append(plain[-1] * (2 * k - 1) / f.beta)
    even = []
    for k in range(squares):
        binomial = 1
        total = arb(0)
        for i in range(k + 1):
            total += binomial * plain[i] * shift ** (2 * (k - i))
            binomial = binomial * (k - i) // (i + 1)
        even.append(total)
    result = arb(0)
    for power, coefficient in enumerate(f.weight):
        if coefficient:
            half = power // 2
            result += coefficient * (
                (even[half] * even[half + 1]).sqrt() if power % 2 else even[half]
            )
    return result


def gaussian_tail(f: Weighted, x: arb) -> arb:
    """Upper bound of int_x^oo |p(u)| e^{-beta u^2/2} du.

    Beyond x > 0 the logarithm of the integrand falls at least at the rate beta x - degree/x; where
    that is not positive, or x is not, the whole line is the bound.
    """
    slope = f.beta * x - f.degree / x
    whole = gaussian_moment(f, arb(0))
    if not (x > 0 and slope > 0):
        return whole
    return (f.polynomial(x) * (-f.beta * x * x / 2).exp() / slope).min(whole)


def _upper_tail(x: arb) -> arb:
    return (x / arb(2).sqrt()).erfc() / 2


def tail_bound(f: Weighted, rule: Rule, folded: bool) -> arb:
    """Upper bound of the integral outside [first step, last step]."""
    with working_precision(BOUND_BITS):
        left, right = rule.first * arb(rule.step), rule.last * arb(rule.step)
        beyond = gaussian_tail(f, right)
        if folded:
            before = (1 - 2 * _upper_tail(left)) ** f.power * gaussian_moment(f, arb(0))
            return beyond + (before if rule.first else 0)
        below = _upper_tail(-left) ** f.power
        if rule.first < 0:
            return beyond + below * gaussian_tail(f, -left)
        return beyond + below * gaussian_moment(f, arb(0))


def rule_bound(f: Weighted, rule: Rule, folded: bool, total: arb) -> arb:
    """Upper bound of |midpoint sum - integral over its range|."""
    with working_precision(BOUND_BITS):
        step, height = arb(rule.step), arb(rule.strip.height)
        at_ends = edges(f, rule, folded)
        if rule.strip.theta is not None:
            return rule_error(_large_line(f, rule.strip, folded), at_ends, height, step)
        growth = ((f.beta + f.power) * height**2 / 2).exp()
        if f.degree == 0 and not folded:
            # |f(x + ia)| <= growth f(x): line <= growth J, and J <= total + error.
            error = rule_error(growth * total.abs_upper(), at_ends, height, step)
            relative = rule_error(growth, arb(0), height, step)
            return error / (1 - relative) if relative < 1 else arb("inf")
        return rule_error(growth * gaussian_moment(f, height), at_ends, height, step)


def _large_parts(f: Weighted, strip: Strip, folded: bool) -> tuple[arb, arb, arb, arb]:
    """(a, theta, x_s, bound of |H| left of where the middle begins)."""
    height, theta, split = arb(strip.height), arb(strip.theta), arb(strip.split)
    copies = 2 if folded else 1
    tail = _upper_tail(split)
    hazard = (-(split**2) / 2).exp() / (2 * arb.pi()).sqrt() / tail
    lift = (height**2 / 2).exp()
    # The conditions of the lemma: cos keeps Re Q above theta e^{b^2/2} Q up to x_s > 0, the middle
    # lies within [-x_s, x_s], and x_s is right of its beginning.
    fits = (
        split > 0
        and height**2 * (1 + split * hazard) <= 2 * (1 - theta)
        and copies * tail < theta / lift
        and (folded or 1 - tail > theta / lift)
    )
    if not fits:
        return height, theta, split, arb("inf")
    stray = (height / arb(2).sqrt()).erfi() if folded else arb(0)
    return height, theta, split, stray + lift - theta


def _large_line(f: Weighted, strip: Strip, folded: bool) -> arb:
    """N(a) of the large-n bound: left, middle, right."""
    height, theta, split, left = _large_parts(f, strip, folded)
    copies = 2 if folded else 1
    tail = _upper_tail(split)
    density = (-(split**2) / 2).exp() / (2 * arb.pi()).sqrt()
    hazard = density / tail
    lift = (height**2 / 2).exp()
    n = arb(f.power)
    modulus = (split**2 + height**2).sqrt()
    rate = n * copies * theta / 2
    if f.beta >= 1:
        middle = (2 * arb.pi()) ** (f.beta / 2) * hazard ** (f.beta - 1) * f.beta.gamma()
        middle = middle / rate**f.beta
    else:
        middle = 2 * split
    middle *= f.polynomial(modulus)
    stretch = (1 + (height / split) ** 2).sqrt() ** f.degree
    right = (n * copies * lift * tail).exp() * stretch * gaussian_tail(f, split)
    left_part = left**f.power * gaussian_moment(f, height)
    return (f.beta * height**2 / 2).exp() * (left_part + middle + right)


def edges(f: Weighted, rule: Rule, folded: bool) -> arb:
    """Upper bound of the two edge integrals of the strip lemma."""
    step, height = arb(rule.step), arb(rule.strip.height)
    left, right = rule.first * step, rule.last * step
    n, copies = f.power, 2 if folded else 1
    lift = (height**2 / 2).exp()
    polynomial = f.polynomial

    def gauss(x: arb) -> arb:
        """sup of |p e^{-beta z^2/2}| over z = x + iy, but for the factor e^{beta y^2/2}."""
        return polynomial((x**2 + height**2).sqrt()) * (-f.beta * x * x / 2).exp()

    short = step / (2 * arb.pi())  # integral of e^{-2 pi y/step}
    if rule.strip.theta is None:
        # (beta+n) y^2/2 - 2 pi y/step <= -pi y/step as long as (beta+n) a <= 2 pi/step.
        if not (f.beta + n) * height * step <= 2 * arb.pi():
            return arb("inf")
        if not folded:
            return 2 * short * (gauss(left) * _upper_tail(-left) ** n + gauss(right))
        if rule.first:  # choose() never does this: F is bounded at 0 only
            return arb("inf")
        return 2 * short * gauss(right) + _edge_at_zero(f, height, step)
    lifted = lift**f.beta
    tail = copies * _upper_tail(right)
    at_right = lifted * short * gauss(right) * (n * lift * tail).exp()
    if folded and rule.first == 0:
        return at_right + _edge_at_zero(f, height, step)
    _, theta, split, beginning = _large_parts(f, rule.strip, folded)
    tail = copies * _upper_tail(left)
    middle, outside = (-n * theta * tail / 2).exp(), beginning**n
    if not left <= split:
        h_power = (n * lift * tail).exp()
    elif tail < theta / lift:
        h_power = middle
    else:
        h_power = outside if tail > theta / lift else middle.max(outside)
    return at_right + lifted * short * gauss(left) * h_power


def _edge_at_zero(f: Weighted, height: arb, step: arb) -> arb:
    """The edge integral of F at 0: |F(iy)| = erfi(y/sqrt 2), convex, so <= slope y on [0, top]."""
    rate = 2 * arb.pi() / step
    n = f.power
    total = arb(0)
    for cell in range(1, _EDGE_CELLS + 1):
        low, top = height * (cell - 1) / _EDGE_CELLS, height * cell / _EDGE_CELLS
        slope = (top / arb(2).sqrt()).erfi() / top
        # int (slope y)^n e^{-rate y} over y > 0, or the largest value times int e^{-rate y}.
        gamma = (n * (slope / rate).log() + (arb(n) + 1).lgamma()).exp() / rate
        plain = (slope * top) ** n * (-rate * low).exp() / rate
        total += f.polynomial(top) * (f.beta * top**2 / 2).exp() * gamma.min(plain)
    return total
