"""Oracles of skip connections: branches added up block by block."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction as F

from .quadrature import M, chi2_largest, chi2_smallest, largest
from .registry import At, bounded, oracle

BETA = F(4, 5)


def points(kind: str, *, bias: str = "zero", **block: object) -> tuple[At, ...]:
    """Networks of two and four blocks, c neither 1 nor balanced."""
    chosen = {"skip": kind, "branch_scale": BETA, **block}
    return (
        At((4, 4, 4, 2), 3, F(2, 5), bias, block=chosen),
        At((6, 6, 6, 6, 6, 3), 5, F(7, 4), bias, block=chosen),
    )


def given(found: tuple[At, ...], **values: F) -> tuple[At, ...]:
    return tuple(replace(at, given=values) for at in found)


LINEAR = points("linear", bias="any", inner=F(3))
NORM = F(17, 10)


def blocks(at: At) -> int:
    return at.L - 1


def beta(at: At) -> float:
    return float(at.block["branch_scale"])


def through_branches(at: At, gain: float) -> float:
    """Of a vector of length 1: the skip's part, and the branch's through its two layers."""
    square = 1.0
    for units in at.n[1:-1]:
        inner = int(at.block["inner"])
        behind_maximum = inner * at.c / units * gain * square
        square += beta(at) ** 2 * units / inner * behind_maximum
    return square


def outputs(at: At) -> float:
    return at.n[-1] / at.n[-2]


@oracle("skip.linear.jacobian.lower", at=LINEAR)
def lower(at: At) -> float:
    return outputs(at) * through_branches(at, chi2_smallest(at.K, 1))


@oracle("skip.linear.jacobian.upper", at=LINEAR)
def upper(at: At) -> float:
    return outputs(at) * through_branches(at, chi2_largest(at.K, 1))


@oracle("skip.linear.jacobian.lower.sharp", at=LINEAR)
@oracle("skip.linear.jacobian.rank2", at=(replace(LINEAR[0], K=2),))
def lower_sharp(at: At) -> float:
    return outputs(at) * through_branches(at, 1.0)


@oracle("skip.linear.jacobian.upper.sharp", at=LINEAR)
def upper_sharp(at: At) -> float:
    return outputs(at) * through_branches(at, M(at.K))


@oracle("skip.linear.length", at=given(points("linear", inner=F(3)), norm=NORM))
def linear_length(at: At) -> float:
    return at["norm"] ** 2 / at.n[0] * through_branches(at, M(at.K))


@bounded(
    "skip.linear.jacobian.lower",
    "skip.linear.jacobian.lower.sharp",
    "skip.linear.jacobian.upper.sharp",
    "skip.linear.jacobian.upper",
    at=tuple(replace(at, n=at.n[-3:]) for at in LINEAR),
)
def one_block(at: At) -> float:
    """Exact behind one block at zero bias, at an angle to the input of cosine 0.3."""
    mixed = 0.3**2 * M(at.K) + (1 - 0.3**2)
    return outputs(at) * through_branches(at, mixed)


def variance(K: int) -> float:
    return M(K) - largest(K, 1) ** 2


@oracle("skip.plain.length", at=given(points("plain"), norm=NORM))
def plain_length(at: At) -> float:
    """An entry is a sum of independent terms: its mean square from its mean and its variance."""
    mean, spread = 0.0, at["norm"] ** 2 / at.n[0]
    for _ in range(blocks(at)):
        scale = beta(at) * math.sqrt(at.c * (spread + mean**2))
        mean, spread = mean + scale * largest(at.K, 1), spread + scale**2 * variance(at.K)
    return spread + mean**2


@oracle("skip.normalized.length", at=given(points("normalized", norm="layer"), norm=NORM))
def normalized_length(at: At) -> float:
    """Each block adds beta N, of length sqrt(n), in directions that are orthogonal on average."""
    n = at.n[0]
    square = at["norm"] ** 2
    for _ in range(blocks(at)):
        square += (beta(at) * math.sqrt(n)) ** 2
    return square / n


@oracle("skip.prenorm.length", at=points("pre-norm", norm="layer"))
def pre_norm_length(at: At) -> float:
    """Each block adds n entries of one variance, less that of their mean."""
    n = at.n[0]
    one = beta(at) ** 2 * at.c * variance(at.K)
    return blocks(at) * (n * one - n * (one / n)) / n


def grown(rates: list[float], lost: list[float]) -> float:
    """U' = U + rate (U - lost), U = 1 at first, solved: each loss grows by the later rates."""
    total = math.prod(1 + rate for rate in rates)
    for i, (rate, part) in enumerate(zip(rates, lost, strict=True)):
        total -= rate * part * math.prod(1 + later for later in rates[i + 1 :])
    return total


ANGLE = {"norm": F(5), "cosine": F(3, 5)}


@oracle("skip.normalized.jacobian", at=given(points("normalized", norm="layer"), **ANGLE))
def normalized(at: At) -> float:
    n = at.n[0]
    squares = [at["norm"] ** 2 + n * beta(at) ** 2 * block for block in range(blocks(at))]
    rates = [beta(at) ** 2 * n / square / variance(at.K) for square in squares]
    lost = [(at["norm"] * at["cosine"]) ** 2 / square for square in squares]
    return outputs(at) * grown(rates, lost)


@oracle("skip.prenorm.jacobian", at=given(points("pre-norm", norm="layer"), **ANGLE))
def pre_norm(at: At) -> float:
    n = at.n[0]
    added = beta(at) ** 2 * at.c * variance(at.K)
    squares = [at["norm"] ** 2 + n * added * block for block in range(blocks(at))]
    rates = [beta(at) ** 2 * at.c * n / square for square in squares]
    lost = [(at["norm"] * at["cosine"]) ** 2 / square for square in squares]
    return outputs(at) * grown(rates, lost)
