"""Moments of the largest normal for a range of ranks at once: one grid, one bound, running powers.

The general strip bound grows with n and the edges and tails shrink with it, so that the bound with
the largest n in the strip and the smallest n at the ends holds for all in between
(docs/constants.md, "Many ranks at once").
"""

from __future__ import annotations

from flint import arb, ctx

from maxout.numerics.balls import normal_power, normal_rule
from maxout.numerics.balls.precision import working_precision
from maxout.numerics.balls.trapezoid import BOUND_BITS, rule_error
from maxout.numerics.balls.weight import Weighted, by_parts

MAX_RANK = 300  # beyond it the strip for large n is the better one, rank by rank
_GUARD = 40


def largest_moments(low: int, high: int, order: int) -> dict[int, arb]:
    """Enclose E Xi_K^order for K = low..high, 2 <= low <= high, to about 2^-prec relative."""
    rest, weight = by_parts(order)
    goal = ctx.prec
    with working_precision(goal + _GUARD):
        scale = high * (high - 1) / (2 * arb.pi())
        least = Weighted(weight, arb(2), low - 2, 0.0)
        most = Weighted(weight, arb(2), high - 2, float(rest / scale))
        rule = normal_rule.general(least, most, goal)
        error = _bound(least, most, rule)
        half = arb(rule.step) / 2
        odds = range(2 * rule.first + 1, 2 * rule.last, 2)
        powers = [log_h.exp() for log_h in normal_power.log_powers(rule, folded=False)]
        terms = [
            2
            * half
            * most.polynomial(half * odd)
            * (-((half * odd) ** 2)).exp()
            * power**least.power
            for odd, power in zip(odds, powers, strict=True)
        ]
        found = {}
        for rank in range(low, high + 1):
            total = sum(terms, arb(0)) + arb(0, error)
            found[rank] = rest + arb(rank) * (rank - 1) / (2 * arb.pi()) * total
            if rank < high:
                terms = [term * power for term, power in zip(terms, powers, strict=True)]
        return found


def _bound(least: Weighted, most: Weighted, rule: normal_rule.Rule) -> arb:
    """Upper bound of |rule - integral| for every power from ``least`` to ``most``."""
    with working_precision(BOUND_BITS):
        step, height = arb(rule.step), arb(rule.strip.height)
        # The condition of the edges, for the largest power: it lets e^{-pi y/step} be their decay.
        if not (most.beta + most.power) * height * step <= 2 * arb.pi():
            return arb("inf")
        growth = ((most.beta + most.power) * height**2 / 2).exp()
        line = growth * normal_power.gaussian_moment(most, height)
        edges = normal_power.edges(least, rule, folded=False)
        total = rule_error(line, edges, height, step)
        return (total + normal_power.tail_bound(least, rule, folded=False)).upper()
