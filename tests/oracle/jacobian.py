"""Oracles of the input-output Jacobian."""

import math
from fractions import Fraction as F

from . import chains
from .quadrature import M, chi2_largest, chi2_smallest
from .registry import At, oracle

PAPER_POINTS = (
    At((3, 5, 4, 6, 2), 3, F(2, 5), "any"),
    At((4, 6, 3, 2), 5, F(7, 4), "any"),
)
ANGLES = (
    At((3, 5, 4, 6, 2), 3, F(2, 5), given={"cosine": F(3, 10)}),
    At((4, 6, 3, 2), 5, F(7, 4), given={"cosine": F(-4, 5)}),
)


def with_orders(points: tuple[At, ...], *orders: int) -> tuple[At, ...]:
    return tuple(At(at.n, at.K, at.exact_c, at.bias, t, at.given) for at in points for t in orders)


def biased(points: tuple[At, ...], bias: str) -> tuple[At, ...]:
    return tuple(At(at.n, at.K, at.exact_c, bias, at.t, at.given) for at in points)


def through_layers(at: At, gain: float) -> float:
    """The gain of one unit, layer after layer, then the outputs."""
    square = 1.0
    for before, units in zip(at.n[:-2], at.n[1:-1], strict=True):
        square *= at.c / before * units * gain
    return square * at.n[-1] / at.n[-2]


@oracle("jacobian.mean.lower", at=PAPER_POINTS)
def mean_lower(at: At) -> float:
    return through_layers(at, chi2_smallest(at.K, 1))


@oracle("jacobian.mean.upper", at=PAPER_POINTS)
def mean_upper(at: At) -> float:
    return through_layers(at, chi2_largest(at.K, 1))


@oracle("jacobian.mean.lower.sharp", at=PAPER_POINTS)
@oracle("jacobian.mean.rank2", at=(At((3, 5, 4, 6, 2), 2, F(2, 5), "any"),))
def mean_lower_sharp(at: At) -> float:
    return through_layers(at, 1.0)


@oracle("jacobian.mean.upper.sharp", "jacobian.wide", at=biased(PAPER_POINTS, "gaussian"))
@oracle("jacobian.mean.upper.any", at=PAPER_POINTS)
def mean_upper_sharp(at: At) -> float:
    return through_layers(at, M(at.K))


def spread(at: At) -> float:
    """1/n_L and 1/(n_l K) of every hidden layer."""
    return 1 / at.n[-1] + sum(1 / (units * at.K) for units in at.n[1:-1])


@oracle("jacobian.moment.upper", at=with_orders(PAPER_POINTS, 1, 2, 3))
def moment_upper(at: At) -> float:
    return through_layers(at, at.K) ** at.t * math.exp(at.t**2 * spread(at))


@oracle("jacobian.variance.upper", at=PAPER_POINTS)
def variance_upper(at: At) -> float:
    second = through_layers(at, at.K) ** 2 * math.exp(4 * spread(at))
    return second - through_layers(at, chi2_smallest(at.K, 1)) ** 2


def moment(at: At, t: int) -> float:
    start = chains.direction(at["cosine"] ** 2, t)
    hidden = chains.zero_bias(at.n[:-1], at.K, at.c, start)
    return chains.output(hidden, at.n[-2], at.n[-1])


@oracle("jacobian.mean.exact", at=ANGLES)
def mean_exact(at: At) -> float:
    return moment(at, 1)


@oracle("jacobian.variance.exact", at=ANGLES)
def variance_exact(at: At) -> float:
    return moment(at, 2) - moment(at, 1) ** 2


@oracle("jacobian.moment.exact", at=with_orders(ANGLES, 1, 2, 3))
def moment_exact(at: At) -> float:
    return moment(at, at.t)


@oracle("jacobian.alignment", at=(At((3, 5, 5, 5, 2), 3, None), At((4, 7, 7, 3), 5, None)))
def alignment(at: At) -> float:
    """The mean of a direction across the input, layer after layer until nothing changes."""
    (units,) = set(at.n[1:-1])
    start = chains.direction(0.0, 1)
    start = chains.zero_bias((at.n[0], *[units] * 400), at.K, 1 / M(at.K), start)
    return chains.output(start, units, at.n[-1])


GAUSSIAN = tuple(
    At(n, K, c, "gaussian", given={"cosine": cosine, "norm": norm})
    for n, K, c, cosine, norm in (
        ((3, 5, 4, 6, 2), 3, F(2, 5), F(3, 5), F(17, 10)),
        ((4, 6, 3, 2), 5, F(7, 4), F(-1, 5), F(1, 2)),
        ((2, 4, 3), 4, F(6, 5), F(9, 10), F(3)),
    )
)
ROUTE = 1e-10  # the program's float64 value functions answer for some 1e-12 themselves
PATHS = "all paths of 36 nodes a radius; the program's value functions are estimates"


def gaussian(at: At, t: int) -> float:
    return chains.gaussian_moment(at.n[:-1], at.K, at.c, at["cosine"], at["norm"], t, at.n[-1])


@oracle("jacobian.mean.gaussian", at=GAUSSIAN, relative=ROUTE, reason=PATHS)
def mean_gaussian(at: At) -> float:
    return gaussian(at, 1)


@oracle("jacobian.variance.gaussian", at=GAUSSIAN, relative=ROUTE, reason=PATHS)
def variance_gaussian(at: At) -> float:
    return gaussian(at, 2) - gaussian(at, 1) ** 2


@oracle("jacobian.moment.gaussian", at=with_orders(GAUSSIAN, 2, 3), relative=ROUTE, reason=PATHS)
def moment_gaussian(at: At) -> float:
    return gaussian(at, at.t)
