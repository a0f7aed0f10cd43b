"""Proved balls of E X^-a, E ln X and Var ln X, for X = r^2 or rho^2 of K normals' largest.

Three trapezoidal rules inside each other, each with a *relative* error that is known whatever the
law (docs/normalization.md, "The numbers"):

- E X^-a = (1/Gamma(a)) int u^{a-1} E e^{-uX} du in v = ln u, where by Poisson's formula the rule
  errs by 2 sum_k |Gamma(a + 2 pi i k/h)| for every value of X;
- E e^{-t rho^2} = sqrt(tm/pi) int G(t,s)^m ds, whose integrand grows by e^{A b^2} at most on the
  line of height b, A = m min(t, K/2): the error is 1/sinh(pi^2/(h^2 A)) of the value;
- G(t,s) = E e^{-t (Xi - s)^2}, by the strip lemma with A = K/2 + t.

What is left out at the ends is bounded: G is log-concave in s, E e^{-uX} decreases in u and is at
most K^m (1+2t)^{-(m-lost)/2}.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from operator import mul

from flint import acb, arb


def _grid_level(strip: float, nats: float) -> int:
    """k of the widest step 2^-k with 1/sinh(pi^2/(h^2 strip)) below e^-nats."""
    return math.ceil(math.log2(math.sqrt(strip * (nats + 1)) / math.pi))


def _rule_error(strip: arb, level: int) -> arb:
    """1/sinh(pi^2/(h^2 strip)), of the value, for steps h = 2^-level."""
    return 1 / (arb.pi() ** 2 * arb(4) ** level / strip).sinh()


def _within(value: arb, relative: arb) -> arb:
    """Enclose I where ``value`` is I (1 + e), |e| <= relative < 1."""
    return value / (1 + arb(0, relative.upper()))


def _up_to(bound: arb) -> arb:
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

    def row(self, level: int, first: int, last: int) -> list[arb]:
        """At consecutive nodes; grids of a few thousand nodes are kept whole."""
        reach = self.edge << level
        first, last = max(first, -reach), min(last, reach)
        if reach > _KEPT:
            return [self.density(i, level) for i in range(first, last + 1)]
        if level not in self._rows:
            self._rows[level] = [self.density(i, level) for i in range(-reach, reach + 1)]
        return self._rows[level][first + reach : last + reach + 1]


_KEPT = 4096
"""Nodes on either side of a grid that is kept."""


@dataclass
class Smoothed:
    """G(t, .) at one t on the dyadic grid of s of a level."""

    unit: Unit
    t: arb
    level: int

    def __post_init__(self) -> None:
        unit, t = self.unit, float(self.t)
        nats = unit.nats + math.log1p(t) / 2
        self.fine = max(self.level, _grid_level(unit.rank / 2 + t, nats), 0)
        self.reach = unit.edge << self.fine
        self.step = arb(2) ** -self.fine
        self.error = _rule_error(unit.rank / arb(2) + self.t, self.fine)
        # Of a wide kernel, all that the density meets; else what is above e^-nats.
        self.window = min(math.ceil(math.sqrt(nats / t) * 2.0**self.fine) + 1, 4 * self.reach)
        distance = self.window * self.step
        # h sum of phi beyond the edge is below e^{-edge^2/2}.
        self.beyond = 2 * unit.rank * (-arb(unit.edge) ** 2 / 2).exp()
        if self.window < 4 * self.reach:
            self.beyond += 2 * (-self.t * distance * distance).exp()
        factor, ratio = (-self.t * self.step * self.step).exp(), arb(1)
        square = factor * factor
        self.kernel = [arb(1)]  # e^{-t d^2} by the ratios of its neighbours
        for _ in range(self.window):
            self.kernel.append(self.kernel[-1] * ratio * factor)
            ratio *= square
        self.both = self.kernel[:0:-1] + self.kernel

    def __call__(self, index: int) -> arb:
        """G(t, s) at s = index 2^-level, |s| at most three times the edge."""
        at = index << (self.fine - self.level)
        first, last = max(-self.reach, at - self.window), min(self.reach, at + self.window)
        row = self.unit.row(self.fine, first, last)
        kernel = self.both[first - at + self.window :]
        total = sum(map(mul, row, kernel), arb(0))
        return _within(self.step * total + _up_to(self.beyond), self.error)


@dataclass
class Square:
    """X = r^2 (lost = 0) or rho^2 (lost = 1) of m units of rank K.

    Attributes:
      mean: E X, a ball.
      spread: E X^2/(E X)^2 or more, a ball.
      centre: E Xi, about: where s begins.
      bits: of the value that are wanted; ``ctx.prec`` is larger.
    """

    rank: int
    units: int
    lost: int
    mean: arb
    spread: arb
    centre: float
    bits: int

    @cached_property
    def nats(self) -> float:
        """Of one unit: a power of m units has m times its relative error."""
        return self.bits * math.log(2) + math.log(self.units) + 3

    @cached_property
    def unit(self) -> Unit:
        return Unit(self.rank, self.nats)

    def transform(self, t: arb) -> arb:
        """E e^{-tX}."""
        if not self.lost:
            return Smoothed(self.unit, t, 0)(0) ** self.units
        strip = self.units * min(float(t), self.rank / 2)
        level = _grid_level(strip, self.nats)
        found = self._over_shifts(Smoothed(self.unit, t, level), level)
        weight = (t * self.units / arb.pi()).sqrt() * arb(2) ** -level
        smaller = t if float(t) < self.rank / 2 else arb(self.rank) / 2
        return _within(weight * found, _rule_error(self.units * smaller, level))

    def _over_shifts(self, smoothed: Smoothed, level: int) -> arb:
        """Sum of G(t, s)^m over the grid; a log-concave sequence falls ever faster."""
        start = round(self.centre * 2.0**level)
        middle = smoothed(start)
        total = middle**self.units
        for direction in (1, -1):
            at, before = start, middle
            while True:
                at += direction
                value = smoothed(at)
                total += value**self.units
                ratio = ((value / before) ** self.units).upper()
                before = value
                if ratio < 0.5 and value**self.units < total * arb(2) ** -(self.bits + 3):
                    total += _up_to((value**self.units).upper() * ratio / (1 - ratio))
                    break
        return total

    def decay(self, t: arb) -> arb:
        """Upper bound of E e^{-tX}: the density is at most K^m times that of normals."""
        power = arb(self.units - self.lost) / 2
        return arb(self.rank) ** self.units * (1 + 2 * t) ** -power

    @cached_property
    def _known(self) -> dict[tuple[int, float], arb]:
        return {}

    def difference(self, j: int, h: arb) -> tuple[arb, arb]:
        """(u, E e^{-uX/mean} - e^{-u}) at u = e^{jh}."""
        key = (j, float(h))
        u = (j * h).exp()
        if key not in self._known:
            self._known[key] = self.transform(u / self.mean)
        return u, self._known[key] - (-u).exp()

    def summed(self, power: int, logarithms: int) -> tuple[arb, arb]:
        """(h, h sum over j of u^power v^logarithms (E e^{-uX/mean} - e^{-u})), v = ln u = jh."""
        nats = (self.bits + 3) * math.log(2)
        h = arb(math.pi**2 / (nats + 8))
        h = arb(h.mid())
        first = -math.ceil((nats + 4 + math.log(nats)) / (power + 2) / float(h))
        last = self._last(power, h, nats)
        total = arb(0)
        # Below: |difference| <= u^2 spread/2, and |v| <= |v_0| e^{|v|-|v_0|} with |v_0| >= 1.
        v0 = first * h
        ratio = (-(power + 2 - logarithms) * h).exp()
        low = abs(v0) ** logarithms * ((power + 2) * v0).exp() * self.spread / 2
        total += arb(0, (low * ratio / (1 - ratio)).upper())
        for j in range(first, last + 1):
            u, value = self.difference(j, h)
            total += u**power * (j * h) ** logarithms * value
            if j > 0 and self._negligible(power, logarithms, j, last, h, value, u, nats):
                # E e^{-uX} decreases: what is between this node and the last is below.
                top = (last * h).exp() ** power * (last * h) ** logarithms
                bound = abs(value) + 2 * (-u).exp()
                total += arb(0, ((last - j) * top * bound).upper())
                break
        # Above: v <= v_1 e^{(v-v_1)/4} with v_1 >= 4.
        v1 = last * h
        u1 = v1.exp()
        t1 = u1 / self.mean
        half = arb(self.units - self.lost) / 2
        step = ((-h).exp() * (1 + 2 * t1) / ((-h).exp() + 2 * t1)) ** half
        ratio = (power * h).exp() * (h / 4).exp() ** logarithms * step
        high = u1**power * v1**logarithms * (self.decay(t1) + (-u1 / 2).exp())
        total += arb(0, (high * ratio / (1 - ratio)).upper())
        return h, h * total

    def _last(self, power: int, h: arb, nats: float) -> int:
        """The last node: beyond, the bound of the transform is below e^-nats."""
        slope = (self.units - self.lost) / 2 - power
        base = self.units * math.log(self.rank) + power * math.log(float(self.mean))
        log_t = (base + nats + 8) / slope
        reach = max(log_t + math.log(float(self.mean)), 2 * nats, 4 + float(h))
        return math.ceil(min(reach, 2000.0) / float(h)) if reach < 1e6 else math.ceil(
            reach / float(h)
        )

    def _negligible(
        self, power: int, logs: int, j: int, last: int, h: arb, value: arb, u: arb, nats: float
    ) -> bool:
        top = (last * h).exp() ** power * (last * h) ** logs
        bound = (last - j) * top * (abs(value) + 2 * (-u).exp())
        return bool(bound < arb(2) ** -(self.bits + 3))


def _gamma_error(power: int, h: arb) -> arb:
    """2 sum over k >= 1 of |Gamma(power + 2 pi i k/h)|."""
    terms = [abs(acb(power, 2 * arb.pi() * k / h).gamma()) for k in (1, 2, 3)]
    return 2 * sum(terms, arb(0)) + 4 * terms[-1]  # the terms fall by more than e^-9 each


def _gamma_slope_error(h: arb) -> arb:
    """2 sum over k >= 1 of |Gamma'(2 pi i k/h)|."""
    at = [acb(0, 2 * arb.pi() * k / h) for k in (1, 2, 3)]
    terms = [abs(z.gamma() * z.digamma()) for z in at]
    return 2 * sum(terms, arb(0)) + 4 * terms[-1]


def inverse_moment(square: Square, order: int) -> arb:
    """E X^-order; units - lost > 2 order."""
    h, total = square.summed(order, 0)
    gamma = arb(order).gamma()
    error = _gamma_error(order, h) / gamma
    about = 1 + total / gamma
    # |Y - about| <= error (Y + 1)
    largest = (about.upper() + error) / (1 - error)
    return (about + arb(0, (error * (largest + 1)).upper())) / square.mean**order


def log_mean(square: Square) -> arb:
    """E ln X."""
    return square.mean.log() + _log_of_share(square)


def _log_of_share(square: Square) -> arb:
    h, total = square.summed(0, 0)
    return -(total + arb(0, (2 * _gamma_error(0, h)).upper()))


def log_variance(square: Square) -> arb:
    """Var ln X."""
    first = _log_of_share(square)
    h, total = square.summed(0, 1)
    # E |ln Y| <= 2 E Y - E ln Y for Y = X/E X, of mean one.
    size = 2 + abs(first)
    error = 2 * _gamma_slope_error(h) + size * _gamma_error(0, h)
    slope = total + arb(0, error.upper())
    return 2 * (slope - arb.const_euler() * first) - first**2
