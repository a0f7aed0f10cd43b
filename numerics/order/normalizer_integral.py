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

from flint import acb, arb

from maxout.numerics.order.unit_transform import (
    Peaked,
    Smoothed,
    Unit,
    grid_level,
    rule_error,
    up_to,
    within,
)


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
            return self.smoothed(t, 0)(0) ** self.units
        strip = self.units * min(float(t), self.rank / 2)
        level = grid_level(strip, self.nats)
        found = self._over_shifts(self.smoothed(t, level), level)
        weight = (t * self.units / arb.pi()).sqrt() * arb(2) ** -level
        smaller = t if float(t) < self.rank / 2 else arb(self.rank) / 2
        return within(weight * found, rule_error(self.units * smaller, level))

    def smoothed(self, t: arb, level: int) -> Smoothed | Peaked:
        """G(t, .) on the grid of a level."""
        kind = Peaked if float(t) > self.unit.far else Smoothed
        return kind(self.unit, t, level)

    def _over_shifts(self, smoothed: Smoothed | Peaked, level: int) -> arb:
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
                    total += up_to((value**self.units).upper() * ratio / (1 - ratio))
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
        total, top = arb(0), (last * h).exp() ** power * (last * h) ** logarithms
        # Below: |difference| <= u^2 spread/2, and |v| <= |v_0| e^{|v|-|v_0|} with |v_0| >= 1.
        v0 = first * h
        ratio = (-(power + 2 - logarithms) * h).exp()
        low = abs(v0) ** logarithms * ((power + 2) * v0).exp() * self.spread / 2
        total += arb(0, (low * ratio / (1 - ratio)).upper())
        for j in range(first, last + 1):
            u, value = self.difference(j, h)
            total += u**power * (j * h) ** logarithms * value
            # E e^{-uX} decreases: what is between this node and the last is below.
            beyond = (last - j) * top * (abs(value) + 2 * (-u).exp())
            if j > 0 and beyond < arb(2) ** -(self.bits + 3):
                total += arb(0, beyond.upper())
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
        return math.ceil(reach / float(h))


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
