"""G(t, s) = E e^{-t (Xi - s)^2} of one unit, in balls at any t > 0.

A trapezoidal rule whose relative error is known (docs/normalization.md, "The numbers"); at large t
the Taylor series of the density under a narrow kernel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from operator import mul

from flint import arb, arb_poly, arb_series, ctx

_KEPT = 4096
"""Nodes on either side of a grid that is kept."""

_TERMS = 16
"""J, terms of a Taylor series."""


def grid_level(strip: float, nats: float) -> int:
    """k of the widest step 2^-k with 1/sinh(pi^2/(h^2 strip)) below e^-nats."""
    return math.ceil(math.log2(math.sqrt(strip * (nats + 1)) / math.pi))


def rule_error(strip: arb, level: int) -> arb:
    """1/sinh(pi^2/(h^2 strip)), of the value, for steps h = 2^-level."""
    return 1 / (arb.pi() ** 2 * arb(4) ** level / strip).sinh()


def within(value: arb, relative: arb) -> arb:
    """Enclose I where ``value`` is I (1 + e), |e| <= relative < 1."""
    return value / (1 + arb(0, relative.upper()))


def up_to(bound: arb) -> arb:
    """The ball of what lies between 0 and a bound."""
    return arb(0).union(bound)


@dataclass
class Unit:
    """The density K phi(z) Phi(z)^{K-1} of one unit on dyadic grids, to be used to e^-nats."""

    rank: int
    nats: float

    def __post_init__(self) -> None:
        self._density: dict[tuple[int, int], arb] = {}
        self._rows: dict[int, list[arb]] = {}
        self._series: dict[tuple[int, int], list[arb]] = {}
        self.edge = math.ceil(math.sqrt(2 * (self.nats + math.log(self.rank))) + 1)

    def density(self, index: int, level: int) -> arb:
        """At z = index 2^-level; computed once."""
        while level > 0 and index % 2 == 0:
            index, level = index // 2, level - 1
        if (index, level) not in self._density:
            z = arb(index) * arb(2) ** -level
            below = (-z / arb(2).sqrt()).erfc() / 2
            phi = (-z * z / 2).exp() / (2 * arb.pi()).sqrt()
            self._density[index, level] = self.rank * phi * below ** (self.rank - 1)
        return self._density[index, level]

    @cached_property
    def far(self) -> float:
        """From this t on ``Peaked`` errs by less than e^-nats."""
        return max(math.exp((float(_peak_error(self.rank).log()) + self.nats) / _TERMS), self.rank)

    def even_series(self, index: int, level: int) -> list[arb]:
        """Taylor coefficients of even order at s = index 2^-level, times Gamma(j + 1/2)."""
        if (index, level) not in self._series:
            cap, ctx.cap = ctx.cap, 2 * _TERMS  # series are cut there, whatever they are asked
            try:
                s = arb_series([arb(index) * arb(2) ** -level, 1])
                below = (-s / arb(2).sqrt()).erfc() / 2
                phi = (-s * s / 2).exp() / (2 * arb.pi()).sqrt()
                found = self.rank * phi * below ** (self.rank - 1)
            finally:
                ctx.cap = cap
            if found.prec < 2 * _TERMS:
                raise RuntimeError(f"a series of {found.prec} terms, not of {2 * _TERMS}")
            self._series[index, level] = [
                found[2 * j] * (arb(2 * j + 1) / 2).gamma() for j in range(_TERMS)
            ]
        return self._series[index, level]

    def row(self, level: int, first: int, last: int) -> list[arb]:
        """At consecutive nodes; grids of a few thousand nodes are kept whole."""
        reach = self.edge << level
        first, last = max(first, -reach), min(last, reach)
        if reach > _KEPT:
            return [self.density(i, level) for i in range(first, last + 1)]
        if level not in self._rows:
            self._rows[level] = [self.density(i, level) for i in range(-reach, reach + 1)]
        return self._rows[level][first + reach : last + reach + 1]


def _peak_error(rank: int) -> arb:
    """b of an error below b t^{-J-1/2} of J terms: |f^(2J)|/(2J)! <= (K/sqrt(2 pi)) (eK/2J)^J.

    Cauchy's estimate on circles of radius sqrt(2J/K), since |f(x + iy)| <= e^{K y^2/2} f(x).
    """
    slope = (arb(1).exp() * rank / (2 * _TERMS)) ** _TERMS
    return rank / (2 * arb.pi()).sqrt() * slope * (arb(2 * _TERMS + 1) / 2).gamma()


@dataclass
class Peaked:
    """G(t, .) at one large t: the Taylor series of the density under the kernel, term by term."""

    unit: Unit
    t: arb
    level: int

    def __post_init__(self) -> None:
        self.error = _peak_error(self.unit.rank) * self.t ** (-_TERMS - arb(1) / 2)

    def __call__(self, index: int) -> arb:
        """G(t, s) at s = index 2^-level."""
        series = arb_poly(self.unit.even_series(index, self.level))
        return series(1 / self.t) / self.t.sqrt() + arb(0, self.error.upper())


@dataclass
class Smoothed:
    """G(t, .) at one t on the dyadic grid of s of a level."""

    unit: Unit
    t: arb
    level: int

    def __post_init__(self) -> None:
        unit, t = self.unit, float(self.t)
        nats = unit.nats + math.log1p(t) / 2
        self.fine = max(self.level, grid_level(unit.rank / 2 + t, nats), 0)
        self.reach = unit.edge << self.fine
        self.step = arb(2) ** -self.fine
        self.error = rule_error(unit.rank / arb(2) + self.t, self.fine)
        # h sum of phi beyond the edge is below e^{-edge^2/2}.
        self.beyond = 2 * unit.rank * (-(arb(unit.edge) ** 2) / 2).exp()
        self.window = math.ceil(math.sqrt(nats / t) * 2.0**self.fine) + 1
        self.wide = self.window >= 2 * self.reach
        if self.wide:
            self._weigh()
        else:
            self._cut()

    def _weigh(self) -> None:
        """The kernel is wider than the density: e^{-tz^2} times that, for every s alike."""
        row = self.unit.row(self.fine, -self.reach, self.reach)
        decay = _gaussian(self.t * self.step * self.step, self.reach)
        right = map(mul, row[self.reach :], decay)
        left = map(mul, row[self.reach :: -1], decay)
        self.right, self.left = arb_poly(list(right)), arb_poly([0, *list(left)[1:]])

    def _cut(self) -> None:
        """The kernel is narrower: up to where it is below e^-nats."""
        distance = self.window * self.step
        self.beyond += 2 * (-self.t * distance * distance).exp()
        kernel = _gaussian(self.t * self.step * self.step, self.window)
        self.both = kernel[:0:-1] + kernel

    def __call__(self, index: int) -> arb:
        """G(t, s) at s = index 2^-level."""
        return within(self.step * self._total(index) + up_to(self.beyond), self.error)

    def _total(self, index: int) -> arb:
        at = index << (self.fine - self.level)
        if self.wide:  # e^{-t(z-s)^2} = e^{-ts^2} e^{-tz^2} g^k at z = kh, g = e^{2tsh}
            s = arb(index) * arb(2) ** -self.level
            ratio = (2 * self.t * s * self.step).exp()
            total = self.right(ratio) + self.left(1 / ratio)
            return (-self.t * s * s).exp() * total
        first, last = max(-self.reach, at - self.window), min(self.reach, at + self.window)
        if first > last:
            return arb(0)
        row = self.unit.row(self.fine, first, last)
        kernel = self.both[first - at + self.window :]
        return sum(map(mul, row, kernel), arb(0))


def _gaussian(rate: arb, last: int) -> list[arb]:
    """e^{-rate k^2}, k = 0..last, by the ratios of neighbours."""
    factor, ratio, found = (-rate).exp(), arb(1), [arb(1)]
    square = factor * factor
    for _ in range(last):
        found.append(found[-1] * ratio * factor)
        ratio *= square
    return found
