"""Oracles of dropout: every mask of small layers, weighted by its chance."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F
from itertools import product

from . import chains
from .jacobian import through_layers
from .quadrature import M, chi2_largest, chi2_smallest
from .registry import At, bounded, oracle

P = F(3, 10)
POINTS = tuple(
    At(n, K, c, bias="any", block={"dropout": P})
    for n, K, c in (((3, 5, 4, 6, 2), 3, F(2, 5)), ((4, 6, 3, 2), 5, F(7, 4)))
)
ZERO = tuple(replace(at, bias="zero") for at in POINTS)
LENGTHS = tuple(replace(at, given={"norm": F(17, 10)}) for at in ZERO)
ANGLES = tuple(replace(at, given={"cosine": F(3, 10)}) for at in ZERO)


def masked(units: int) -> float:
    """Mean of the sum of squares of ``units`` factors 0 or 1/(1-p): all masks, one by one."""
    p = float(P)
    total = 0.0
    for mask in product((0, 1), repeat=units):
        on = sum(mask)
        total += (1 - p) ** on * p ** (units - on) * on / (1 - p) ** 2
    return total


def through_masks(at: At, gain: float) -> float:
    """The gain of one unit, masked, layer after layer, then the outputs."""
    square = 1.0
    for before, units in zip(at.n[:-2], at.n[1:-1], strict=True):
        square *= at.c / before * masked(units) * gain
    return square * at.n[-1] / at.n[-2]


@oracle("dropout.jacobian.lower", at=POINTS)
def lower(at: At) -> float:
    return through_masks(at, chi2_smallest(at.K, 1))


@oracle("dropout.jacobian.upper", at=POINTS)
def upper(at: At) -> float:
    return through_masks(at, chi2_largest(at.K, 1))


@oracle("dropout.jacobian.lower.sharp", at=POINTS)
@oracle("dropout.jacobian.rank2", at=(replace(POINTS[0], K=2),))
def lower_sharp(at: At) -> float:
    return through_masks(at, 1.0)


@oracle("dropout.jacobian.upper.sharp", at=POINTS)
def upper_sharp(at: At) -> float:
    return through_masks(at, M(at.K))


@oracle("dropout.length.train", at=LENGTHS)
def length(at: At) -> float:
    # ``through_masks`` ends with a linear layer of n_L outputs.
    behind = through_masks(at, M(at.K)) * at.n[-2] / at.n[-1]
    return at["norm"] ** 2 * behind / at.n[-2]


@oracle("dropout.length.eval", at=LENGTHS)
def length_without_masks(at: At) -> float:
    return at["norm"] ** 2 * through_layers(at, M(at.K)) / at.n[-1]


@oracle("dropout.jacobian.lower.frame", at=ANGLES)
def lower_frame(at: At) -> float:
    """The frame's recursion, with every part scaled by the masks' mean of a square."""
    A, B = chains.direction(at["cosine"] ** 2, 1)[::-1]
    for before, units in zip(at.n[:-2], at.n[1:-1], strict=True):
        s2 = at.c / before * masked(units) / units
        A, B = s2 * (units * M(at.K) * A + B), s2 * (units - 1) * B
    return (A + B) * at.n[-1] / at.n[-2]


@bounded(
    "dropout.jacobian.lower",
    "dropout.jacobian.lower.sharp",
    "dropout.jacobian.upper.sharp",
    "dropout.jacobian.upper",
    at=tuple(replace(at, n=(3, 4, 2), exact_c=F(2, 5), K=3) for at in POINTS),
)
@bounded("dropout.jacobian.lower.frame", at=(replace(ANGLES[0], n=(3, 4, 2)),))
def one_layer(at: At) -> float:
    """Exact behind one layer, where masks only scale; at cosine 0.3."""
    # The frame's bound is attained there: a rounding must not put the left side below it.
    plain = chains.zero_bias(at.n[:-1], at.K, at.c, chains.direction(0.3**2, 1))
    return chains.output(plain, at.n[-2], at.n[-1]) / (1 - float(P)) * (1 + 1e-12)
