"""Moments of the order statistic at any place of K normals, in balls.

The trapezoidal rule on the density c phi Phi^{r-1} Q^{K-r} times x^t. On Im z = a every one of the
K factors grows by e^{a^2/2} at most, so that the strip's integral is below e^{K a^2/2} E|X + ia|^t,
and E|X_{r:K} + ia|^t is at most K times the same of one normal (docs/order-places.md, "Numbers").
"""

from __future__ import annotations

import math
from functools import lru_cache

from flint import arb, ctx

from maxout.numerics.balls.normal_power import check_nodes, gaussian_moment, gaussian_tail
from maxout.numerics.balls.normal_rule import dyadic
from maxout.numerics.balls.precision import working_precision
from maxout.numerics.balls.trapezoid import BOUND_BITS, rule_error
from maxout.numerics.balls.weight import Weighted

_GUARD = 40
_DENSEST = 1 / 64  # of the scan for the ends


def placed_ball(place: int, rank: int, order: int) -> arb:
    """Enclose E X_{place:rank}^order to about 2^-prec of its size; arguments are not checked."""
    if 2 * place < rank + 1:  # -X has the same law, in the reverse order
        return (-1) ** order * _placed_ball(rank + 1 - place, rank, order, ctx.prec)
    if 2 * place == rank + 1 and order % 2:
        return arb(0)
    return _placed_ball(place, rank, order, ctx.prec)


@lru_cache(maxsize=512)
def _placed_ball(place: int, rank: int, order: int, bits: int) -> arb:
    nats = (bits + 8) * math.log(2) + math.log(rank) + order
    step = dyadic(math.pi * math.sqrt(2 / (rank * nats)))
    left = math.ceil(_end(rank - place, place - 1, rank, order, nats) / step)
    right = math.ceil(_end(place - 1, rank - place, rank, order, nats) / step)
    check_nodes(left + right)
    with working_precision(bits + _GUARD + 2 * rank.bit_length()):
        value = _sum(place, rank, order, step, left, right)
        error = _error(place, rank, order, arb(step), left, right)
        return value + arb(0, error.abs_upper())


def _log_tail(x: float) -> float:
    """ln Q(x), or a little above it."""
    if x < 30:
        return math.log(math.erfc(x / math.sqrt(2)) / 2)
    return -x * x / 2 - math.log(x * math.sqrt(2 * math.pi))


def _log_scale(below: int, rank: int) -> float:
    """ln of the density's factor K!/((r-1)! (K-r)!), ``below`` = r - 1."""
    return math.lgamma(rank + 1) - math.lgamma(below + 1) - math.lgamma(rank - below)


def _end(below: int, above: int, rank: int, order: int, nats: float) -> float:
    """Where to cut the right side, on which ``above`` of the others lie; floats, nothing proved."""
    x = math.sqrt(order) + 1
    log_scale = _log_scale(below, rank)
    while log_scale + order * math.log(x) - x * x / 2 + above * _log_tail(x) > -nats:
        x += _DENSEST
    return x


def _sum(place: int, rank: int, order: int, step: float, left: int, right: int) -> arb:
    """h times the sum over the nodes j h, -left <= j <= right."""
    root2, below, above = arb(2).sqrt(), place - 1, rank - place
    total = arb(0)  # x^t is 0 at the node 0
    for j in range(1, max(left, right) + 1):
        x = j * arb(step)
        log_tail = ((x / root2).erfc() / 2).log()
        log_rest = (-(log_tail.exp())).log1p()
        gauss = -x * x / 2
        power = x**order
        if j <= right:
            total += power * (gauss + below * log_rest + above * log_tail).exp()
        if j <= left:
            total += (-1) ** order * power * (gauss + below * log_tail + above * log_rest).exp()
    return _scale(place, rank) * step * total


def _scale(place: int, rank: int) -> arb:
    """K!/((r-1)! (K-r)! sqrt(2 pi))."""
    log = arb(rank + 1).lgamma() - arb(place).lgamma() - arb(rank - place + 1).lgamma()
    return log.exp() / (2 * arb.pi()).sqrt()


def _error(place: int, rank: int, order: int, step: arb, left: int, right: int) -> arb:
    """Upper bound of |sum - moment|: the strip, and the nodes that are left out."""
    with working_precision(BOUND_BITS + 2 * rank.bit_length()):
        f = Weighted((0,) * order + (1,), arb(1), 0)
        height = 2 * arb.pi() / (rank * step)
        mean = rank * gaussian_moment(f, height) / (2 * arb.pi()).sqrt()
        strip = rule_error((rank * height**2 / 2).exp() * mean, arb(0), height, step)
        scale = _scale(place, rank)
        ends = _beyond(f, rank - place, right * step) + _beyond(f, place - 1, left * step)
        return strip + scale * ends


def _beyond(f: Weighted, others: int, x: arb) -> arb:
    """Nodes beyond x: x^t e^{-x^2/2} falls there, and the others' tails are at most those at x."""
    if not x**2 > f.degree:
        return arb("inf")
    tail = (x / arb(2).sqrt()).erfc() / 2
    return gaussian_tail(f, x) * tail**others
