"""Moments for whole arrays of ranks in float64: exp(outer(n, ln H)) @ weights on fixed grids.

Ranks fall into groups, each with one grid of the midpoint rule: of x for the largest normal, and of
v, z^2 = exp(v - e^{-v}), for chi-squares (of x again for the largest of many). A grid is made on
first use: ln H and the weights are balls rounded to the nearest float, and the step is the longest
whose sums, in balls, are right to ``_AUDIT`` at both ends and the middle of the group against the
certified route, so that no error is left but that of float64.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from flint import arb

from maxout.numerics.balls import halfline, halfline_rule, normal_power, normal_rule
from maxout.numerics.balls.enclosure import Enclosure
from maxout.numerics.balls.precision import working_precision
from maxout.numerics.balls.weight import Weighted, by_parts, double_factorial
from maxout.numerics.order.moment_balls import STATISTICS, moment_ball
from maxout.theory.errors import DomainError
from maxout.theory.network import MAX_RANK
from maxout.theory.parameters import STATISTIC_ORDER

RELATIVE_ERROR = (
    2e-15  # measured: the largest error over a million ranks and all statistics is less
)
DIGITS = 15  # that this error leaves

_AUDIT = 2.0**-56  # relative error of a grid before anything is rounded
_BITS = 100  # of the balls from which a grid is made
_PROOF_BITS = 54  # of the proved rule from whose step the search starts
_STRETCH = (2.5, 2.25, 2.0, 1.75, 1.5, 1.25, 1.0, 0.75, 0.5)  # of that step, tried in turn
_FOLDED_FROM = 64  # rank from which F^n is so flat at 0 that half a grid of x serves it
_CHUNK = 1 << 15  # exponentials at a time: they stay in the second-level cache
_SMALL, _LARGE = 1e-250, 1e300  # moments outside are refused: parts of them leave float64


@dataclass(frozen=True)
class _Grid:
    """sum over nodes of H^n times weight, for ranks n + shift; times K, or K(K-1), plus rest."""

    log_h: np.ndarray
    weights: np.ndarray
    shift: int
    rest: float

    def __call__(self, ranks: np.ndarray) -> np.ndarray:
        sums = np.empty(ranks.shape)
        rows = max(1, _CHUNK // len(self.log_h))
        block = np.empty((rows, len(self.log_h)))
        for start in range(0, len(ranks), rows):
            n = ranks[start : start + rows] - self.shift
            terms = block[: len(n)]
            np.multiply.outer(n, self.log_h, out=terms)
            np.exp(terms, out=terms)
            np.dot(terms, self.weights, out=sums[start : start + rows])
        # K - 1 is exact and so is K; one rounding each for the two products.
        scale = ranks * (ranks - 1) if self.shift == 2 else ranks
        return self.rest + scale * sums


def moments(ranks: Any, order: int = 2, statistic: str = "largest") -> np.ndarray:
    """E[X^order] of an order statistic of K independent variables, for an array of K.

    Args:
      ranks: K, an array (of any shape, or a number) of integers from 1 to 10^15; floats that are
        integers will do.
      order: t, an integer from 1 to 1,000.
      statistic: "largest" of K N(0,1), "chi2-largest" or "chi2-smallest" of K chi^2_1.

    Returns:
      float64 array of the shape of ``ranks``; relative error below 2e-15 as measured, not proved.

    Raises:
      DomainError: for an argument outside its domain, or a moment outside 1e-250 to 1e300.
    """
    order = STATISTIC_ORDER(order)
    if statistic not in STATISTICS:
        raise DomainError(f"statistic must be one of {', '.join(STATISTICS)}; got {statistic!r}")
    given = _checked(ranks)
    flat = given.ravel()
    values = np.empty(flat.shape)
    which = np.searchsorted(_EDGES, flat, side="right")
    for group in np.unique(which):
        at = np.flatnonzero(which == group)
        values[at] = _of_group(int(group), flat[at], order, statistic)
    return values.reshape(given.shape)


def enclose_float(rank: int, order: int, statistic: str, digits: int) -> Enclosure:
    """One moment by the same tables; arguments as for ``moments.moment``, at most 15 digits."""
    value = float(moments(rank, order, statistic))
    digits = min(digits, DIGITS)
    if value == 0:
        return Enclosure("0", "0", digits, "float64", certified=False)
    with working_precision(64):
        ball = arb(value) + arb(0, RELATIVE_ERROR * value)
    return Enclosure.from_ball(ball, digits, "float64", certified=False)


# Group g holds the ranks from _EDGES[g-1] up to the next edge; group 0 is rank 1.
_EDGES = np.array([2.0, 8, 24, 64, 256, *(256.0 * 16**i for i in range(1, 11))])


def _checked(ranks: Any) -> np.ndarray:
    given = np.asarray(ranks)
    if given.dtype.kind not in "iuf":
        raise DomainError(f"ranks must be integers from 1 to {MAX_RANK:,}; got {given.dtype}")
    values = given.astype(np.float64)
    # Not (a <= b), so that NaN is refused as well.
    wrong = ~((values >= 1) & (values <= MAX_RANK)) | (values != np.floor(values))
    if wrong.any():
        first = given[wrong].flat[0]
        raise DomainError(f"ranks must be integers from 1 to {MAX_RANK:,}; got {first}")
    return values


def _of_group(group: int, ranks: np.ndarray, order: int, statistic: str) -> np.ndarray:
    if group == 0:
        if statistic == "largest":
            return np.full(ranks.shape, _float(0 if order % 2 else double_factorial(order - 1)))
        return np.full(ranks.shape, _float(double_factorial(2 * order - 1)))
    values = _grid(group, order, statistic)(ranks)
    if not (values.min() > _SMALL and values.max() < _LARGE):
        raise DomainError(_outside(order, statistic))
    return values


def _outside(order: int, statistic: str) -> str:
    return (
        f"moments of order {order} of the {statistic} at these ranks lie outside float64; "
        "use moment(), which has no such limit"
    )


def _float(value: int) -> float:
    if value > _LARGE:
        raise DomainError(
            f"a moment of {len(str(value))} digits lies outside float64; use moment()"
        )
    return float(value)


@lru_cache(maxsize=256)
def _grid(group: int, order: int, statistic: str) -> _Grid:
    """Make, and audit, the grid of one group."""
    low = int(_EDGES[group - 1])
    high = int(_EDGES[group]) - 1 if group < len(_EDGES) else MAX_RANK
    ranks = (low, math.isqrt(low * high), high)
    with working_precision(_BITS):
        known = [moment_ball(rank, order, statistic) for rank in ranks]
        if not all(value > _SMALL and value < _LARGE for value in known):
            raise DomainError(_outside(order, statistic))
        kind = _Kind(order, statistic, low)
        for step in kind.steps(ranks):
            nodes = list(kind.nodes(step, ranks))
            grid = kind.audited(nodes, ranks, known)
            if grid is not None:
                return grid
    raise ArithmeticError(f"no grid passes its audit for order {order} of the {statistic}")


class _Kind:
    """How one statistic's integral is written, and the grids of its rule."""

    def __init__(self, order: int, statistic: str, low: int) -> None:
        self.smallest = statistic == "chi2-smallest"
        self.folded = statistic == "chi2-largest"
        self.shift = 1 if self.smallest else 2
        # Small ranks of chi-squares: the grid of v.
        self.half = self.smallest or (self.folded and low < _FOLDED_FROM)
        self.rest, self.weight = 0, (0,) * (2 * order) + (1,)
        self.beta, self.factor = arb(1), 2 / (2 * arb.pi()).sqrt()
        if not self.smallest:
            self.rest, self.weight = by_parts(2 * order if self.folded else order)
            self.beta = arb(2)
            self.factor = (4 if self.folded else 1) / (2 * arb.pi())

    def scale(self, rank: int) -> arb:
        return self.factor * (rank if self.smallest else arb(rank) * (rank - 1))

    def integrand(self, rank: int) -> Weighted:
        size = float(self.rest / self.scale(rank))
        return Weighted(self.weight, self.beta, rank - self.shift, size)

    def steps(self, ranks: tuple[int, ...]) -> Iterator[normal_rule.Rule | halfline_rule.Rule]:
        """Rules that cover all of the ranks, longest step first."""
        rules = [self._rule(rank) for rank in ranks]
        scale = rules[-1].scale if isinstance(rules[-1], halfline_rule.Rule) else 1.0
        finest = min(rule.step for rule in rules)
        # In v, a change of scale moves the right end by twice its logarithm.
        moves = [2 * math.log(getattr(rule, "scale", 1.0) / scale) for rule in rules]
        left = min(rule.first * rule.step for rule in rules)
        right = max(rule.last * rule.step + m for rule, m in zip(rules, moves, strict=True))
        for stretch in _STRETCH:
            # Five significant bits: nodes and their squares are exact.
            mantissa, exponent = math.frexp(stretch * finest)
            step = math.ldexp(math.floor(32 * mantissa) / 32, exponent)
            first, last = math.floor(left / step), math.ceil(right / step)
            if self.half:
                yield halfline_rule.Rule(scale, step, first, last, 1.0)
            else:
                yield normal_rule.Rule(step, first, last, normal_rule.Strip(1.0))

    def _rule(self, rank: int) -> normal_rule.Rule | halfline_rule.Rule:
        f = self.integrand(rank)
        if self.half:
            return halfline_rule.choose(f, self.smallest, _PROOF_BITS)
        rule = normal_rule.choose(f, self.folded, _PROOF_BITS)
        assert rule is not None  # n is large where half a grid of x is used
        return rule

    def nodes(
        self, rule: normal_rule.Rule | halfline_rule.Rule, ranks: tuple[int, ...]
    ) -> Iterator[tuple[arb, arb]]:
        """(ln H, weight) at the nodes."""
        f = self.integrand(ranks[-1])
        if isinstance(rule, halfline_rule.Rule):
            for log_h, log_rest, factor in halfline.nodes(f, rule, self.smallest):
                yield log_h, self.factor * log_rest.exp() * factor
            return
        half = arb(rule.step) / 2
        for j, log_h in enumerate(normal_power.log_powers(rule, self.folded), rule.first):
            x = (2 * j + 1) * half
            yield log_h, self.factor * 2 * half * f.polynomial(x) * (-x * x).exp()

    def audited(
        self, nodes: list[tuple[arb, arb]], ranks: tuple[int, ...], known: list[arb]
    ) -> _Grid | None:
        """The grid without the nodes that count nowhere; None where a sum misses the truth."""
        first, last = len(nodes), 0
        for rank, truth in zip(ranks, known, strict=True):
            n, scale = rank - self.shift, self.scale(rank) / self.factor
            terms = [scale * (n * log_h).exp() * weight for log_h, weight in nodes]
            miss = abs(self.rest + sum(terms, arb(0)) - truth) / truth
            if not miss < _AUDIT:
                return None
            counts = [i for i, term in enumerate(terms) if abs(term) > truth * _AUDIT / 64]
            first, last = min(first, counts[0]), max(last, counts[-1] + 1)
        kept = nodes[first:last]
        # A hundred bits, rounded to the nearest float.
        log_h, weights = (
            np.array([float(ball.mid()) for ball in column]) for column in zip(*kept, strict=True)
        )
        return _Grid(log_h, weights, self.shift, float(self.rest))
