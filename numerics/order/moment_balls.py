"""Moments of the largest normal and the largest and smallest chi-square of K, in balls."""

from __future__ import annotations

from functools import lru_cache

from flint import arb, ctx

from maxout.numerics.balls import halfline, normal_power
from maxout.numerics.balls.precision import working_precision
from maxout.numerics.balls.weight import Weighted, by_parts, double_factorial

STATISTICS = ("largest", "chi2-largest", "chi2-smallest")


def moment_ball(rank: int, order: int = 2, statistic: str = "largest") -> arb:
    """Enclose the moment to about the current ``flint.ctx.prec`` bits, relative.

    For the ball interpreter: arguments are not checked.
    """
    return _moment_ball(rank, order, statistic, ctx.prec)


@lru_cache(maxsize=512)
def _moment_ball(rank: int, order: int, statistic: str, bits: int) -> arb:
    if rank == 1:
        if statistic == "largest":
            return arb(0 if order % 2 else double_factorial(order - 1))
        return arb(double_factorial(2 * order - 1))
    with working_precision(bits):
        if statistic == "chi2-smallest":
            return _smallest(rank, order)
        return _largest(rank, order, folded=statistic == "chi2-largest")


def _largest(rank: int, order: int, folded: bool) -> arb:
    rest, weight = by_parts(2 * order if folded else order)
    scale = (4 if folded else 1) * arb(rank) * (rank - 1) / (2 * arb.pi())
    f = Weighted(weight, arb(2), rank - 2, rest / float(scale) if rest < 1e300 else 1e300)
    value = normal_power.integral(f, folded)
    if value is None:
        value = halfline.integral(f, smallest=False)
    return rest + scale * value


def _smallest(rank: int, order: int) -> arb:
    f = Weighted((0,) * (2 * order) + (1,), arb(1), rank - 1)
    return 2 * rank / (2 * arb.pi()).sqrt() * halfline.integral(f, smallest=True)
