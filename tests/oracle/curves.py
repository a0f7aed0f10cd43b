"""Oracles of curves: lengths through moments, breakpoints by counting crossings."""

import math
from fractions import Fraction as F

import numpy as np

from . import chains
from .jacobian import PAPER_POINTS, spread, through_layers
from .quadrature import M, chi2_largest, crossing_rate, of_radius, panels, radius
from .registry import At, oracle


def given(points: tuple[At, ...], bias: str, *orders: int, **values: F) -> tuple[At, ...]:
    return tuple(
        At(at.n, at.K, at.exact_c, bias, t, values) for at in points for t in orders or (None,)
    )


LENGTH = {"length": F(13, 10)}


@oracle("curve.length.mean.upper", at=given(PAPER_POINTS, "any", **LENGTH))
def mean_upper(at: At) -> float:
    return at["length"] * math.sqrt(through_layers(at, chi2_largest(at.K, 1)))


@oracle("curve.length.mean.upper.sharp", at=given(PAPER_POINTS, "any", **LENGTH))
def mean_upper_sharp(at: At) -> float:
    return at["length"] * math.sqrt(through_layers(at, M(at.K)))


@oracle("curve.length.second.upper", at=given(PAPER_POINTS, "any", **LENGTH))
def second_upper(at: At) -> float:
    return mean_upper(at) ** 2


@oracle("curve.length.second.upper.sharp", at=given(PAPER_POINTS, "any", **LENGTH))
def second_upper_sharp(at: At) -> float:
    return mean_upper_sharp(at) ** 2


@oracle(
    "curve.length.mean.upper.angle",
    at=given(PAPER_POINTS, "zero", **LENGTH, cosine=F(3, 10)),
)
def mean_at_angle(at: At) -> float:
    start = chains.direction(at["cosine"] ** 2, 1)
    hidden = chains.zero_bias(at.n[:-1], at.K, at.c, start)
    return at["length"] * math.sqrt(chains.output(hidden, at.n[-2], at.n[-1]))


@oracle(
    "curve.length.mean.upper.sphere",
    at=given(PAPER_POINTS, "gaussian", **LENGTH, norm=F(17, 10)),
    relative=1e-10,
    reason="all paths of 44 nodes a radius; the program's value functions are estimates",
)
def mean_on_sphere(at: At) -> float:
    second = chains.gaussian_moment(at.n[:-1], at.K, at.c, 0.0, at["norm"], 1, at.n[-1])
    return at["length"] * math.sqrt(second)


@oracle("curve.length.moment.upper", at=given(PAPER_POINTS, "any", 1, 2, 3, **LENGTH))
def moment_upper(at: At) -> float:
    assert at.t is not None
    root = at["length"] * math.sqrt(through_layers(at, at.K))
    return root**at.t * math.exp(at.t**2 * spread(at) / 2)


def aligned(at: At, s: int) -> float:
    """E ||J u||^{2s} of u along x at zero bias."""
    start = chains.direction(1.0, s)
    return chains.output(chains.zero_bias(at.n[:-1], at.K, at.c, start), at.n[-2], at.n[-1])


@oracle("curve.length.moment.upper.sharp", at=given(PAPER_POINTS, "zero", 1, 2, 3, 4, **LENGTH))
def moment_upper_sharp(at: At) -> float:
    """The geometric mean of the even orders beside it, the same one twice where it is even."""
    assert at.t is not None
    low, high = at.t // 2, (at.t + 1) // 2
    return at["length"] ** at.t * math.sqrt(aligned(at, low) * aligned(at, high))


def turns(n: tuple[int, ...], K: int) -> list[float]:
    """Radians that x^(l) turns while the input turns one, l = 0..L-2: E chi E 1/r a layer."""
    found = [1.0]
    for units in n[1:-2]:
        chi = of_radius(1, units - 1, lambda r: r)
        found.append(found[-1] * chi * of_radius(K, units, lambda r: 1 / r))
    return found


def rate(at: At, layers: slice = slice(None)) -> float:
    """Breakpoints a radian of the input, at zero bias."""
    units = np.array(at.n[1:-1]) * crossing_rate(at.K)
    return float(np.sum((units * turns(at.n, at.K))[layers]))


SWEEP = {"sweep": F(7, 3)}


@oracle("curve.breakpoints", at=given(PAPER_POINTS, "zero", **SWEEP))
def breakpoints(at: At) -> float:
    return at["sweep"] * rate(at)


@oracle("curve.breakpoints.layer", at=given(PAPER_POINTS, "zero", **SWEEP))
def breakpoints_of_last(at: At) -> float:
    return at["sweep"] * rate(at, slice(-1, None))


@oracle("curve.breakpoints.first", at=given(PAPER_POINTS, "gaussian", **SWEEP))
def breakpoints_of_first(at: At) -> float:
    return at["sweep"] * at.n[1] * crossing_rate(at.K)


@oracle("curve.plane.regions", at=(At((2, 5, 4, 6, 2), 3), At((2, 6, 3, 2), 5, F(7, 4))))
@oracle("curve.plane.regions.rank3", at=(At((2, 5, 2), 3), At((2, 8, 3), 3, F(7, 4))))
def sectors(at: At) -> float:
    return 2 * math.pi * rate(at)


@oracle("curve.locus.density", at=given(PAPER_POINTS, "zero", norm=F(17, 10)))
def locus(at: At) -> float:
    """Crossings a unit of length in a random direction, over those of a unit of area.

    A direction at the angle a to the position turns it by sin(a)/|x| a unit of length; it meets a
    unit of area |cos a| times.
    """
    a, w = panels([0, math.pi / 4, math.pi / 2], 32)
    w = w * np.sin(a) ** (at.n[0] - 2)  # directions at the angle a
    return rate(at) / at["norm"] * float(np.sum(w * np.sin(a)) / np.sum(w * np.cos(a)))


def second_speed(at: At) -> float:
    """Mean angular speed of (x^(1), 1) a unit of arc length on the sphere: r, g and chi.

    The direction is across (x, 1). In the layer it becomes s g along and s chi across; the
    augmented entry of x^(1) turns sine^2 = 1/(X+1) of the first into the second.
    """
    scale2 = at.c / at.n[0]
    r, wr = radius(at.K, at.n[1], 48)
    chi, wc = radius(1, at.n[1] - 1, 48)
    g, wg = radius(1, 1, 48)  # |g|
    square = (scale2 * (at["norm"] ** 2 + 1) * r**2)[:, None, None]
    across = np.sqrt(scale2 * (g[:, None] ** 2 / (square + 1) + chi**2))
    weight = wr[:, None, None] * wg[:, None] * wc
    return float(np.sum(weight * across / np.sqrt(square + 1)))


def on_sphere(at: At) -> float:
    speeds = [1 / math.sqrt(at["norm"] ** 2 + 1)]
    if at.L > 2:
        speeds.append(second_speed(at))
    units = np.array(at.n[1:-1])
    return crossing_rate(at.K) * at["norm"] * at["sweep"] * float(np.sum(units * speeds))


SPHERE = {"sweep": F(7, 3), "norm": F(17, 10)}

oracle(
    "curve.breakpoints.sphere",
    at=given((At((3, 5, 2), 3), At((4, 6, 3), 5, F(7, 4))), "gaussian", **SPHERE),
)(on_sphere)
oracle(
    "curve.breakpoints.sphere",
    at=given((At((3, 5, 4, 2), 3), At((4, 6, 3, 2), 5, F(7, 4))), "gaussian", **SPHERE),
    relative=2e-3,
    reason="the program's value of later layers is a mean over 200,000 draws",
)(on_sphere)
