"""Choice of step, range and strip for normal_power: floats only, nothing here is proved.

A good choice makes the proved bound meet the precision asked for with few nodes; a poor one is
noticed by that bound.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from maxout.numerics.balls.weight import Weighted

_SLACK = 6.0  # nats by which estimates of the error may be off
# theta and n Q(x_s) tried for the large-n bound; within 5 % of a fine scan for n = 1e2..1e15 and
# 15..1000 digits.
_THETAS = (0.05, 0.1, 0.2, 0.3, 0.4)
_MASSES = (4.0, 9.0, 25.0, 60.0)


@dataclass(frozen=True)
class Strip:
    """Half-height a of a strip, and for the large-n bound theta and the split point x_s."""

    height: float
    theta: float | None = None
    split: float | None = None


@dataclass(frozen=True)
class Rule:
    """Nodes (j + 1/2) step, j = first..last-1, and the strip that bounds the rule's error."""

    step: float
    first: int
    last: int
    strip: Strip

    @property
    def nodes(self) -> int:
        return self.last - self.first


def choose(f: Weighted, folded: bool, bits: int) -> Rule | None:
    """The rule with fewest nodes whose estimated error is below 2^-bits of the result.

    None where no rule is good enough: folded with so small an n that the edge at 0 is felt.
    """
    shape = _Shape(f, folded, (bits + 4) * math.log(2) + _SLACK)
    rules = [rule for rule in candidates(shape) if shape.edge_at_zero(rule) < -shape.nats]
    return min(rules, key=lambda rule: rule.nodes, default=None)


def general(least: Weighted, most: Weighted, bits: int) -> Rule:
    """One rule of the general bound for all powers from that of ``least`` to that of ``most``."""
    nats = (bits + 4) * math.log(2) + _SLACK
    wide, fine = (_Shape(f, False, nats).general() for f in (least, most))
    left = min(wide.first * wide.step, fine.first * fine.step)
    right = max(wide.last * wide.step, fine.last * fine.step)
    first, last = math.floor(left / fine.step), math.ceil(right / fine.step)
    return Rule(fine.step, first, last, fine.strip)


def candidates(shape: _Shape) -> Iterator[Rule]:
    yield shape.general()
    for c in _MASSES:
        if c > 0.2 * shape.n:
            continue
        split = crossing(log_upper_tail, math.log(c / (shape.copies * shape.n)), 0.0, 40.0)
        for theta in _THETAS:
            rule = shape.large(theta, split)
            if rule is not None:
                yield rule


class _Shape:
    """Float estimates of one integrand: where its mass is and how large the integral is."""

    def __init__(self, f: Weighted, folded: bool, nats: float) -> None:
        self.f, self.folded, self.nats = f, folded, nats
        self.beta, self.n, self.copies = float(f.beta), f.power, 2 if folded else 1
        far = math.sqrt(2 * (nats + f.degree + 1) / self.beta) + 10
        self.mode = _search(self.log, 1e-9, far)
        width = 0.1 / math.sqrt(self.beta + self.n)
        curve = max(
            2 * self.log(self.mode)
            - self.log(self.mode + width)
            - self.log(max(self.mode - width, 1e-12)),
            1e-6,
        )
        laplace = self.log(self.mode) + math.log(width * math.sqrt(2 * math.pi / curve))
        self.size = max(laplace, math.log(f.size) if f.size > 0 else -math.inf)
        floor = self.size - nats
        self.right = crossing(
            lambda x: f.log_weight(x) - self.beta * x * x / 2, floor, self.mode + 1, far + self.mode
        )

    def log_h(self, x: float) -> float:
        """n ln H(x)."""
        if self.n == 0:
            return 0.0
        tail = self.copies * upper_tail(x)
        if tail < 0.9:
            return self.n * math.log1p(-tail)
        if self.folded:
            return self.n * math.log(max(math.erf(x / math.sqrt(2)), 1e-300))
        return self.n * log_upper_tail(-x)

    def log(self, x: float) -> float:
        return self.f.log_weight(max(abs(x), 1e-12)) - self.beta * x * x / 2 + self.log_h(x)

    def general(self) -> Rule:
        """|H| <= e^{a^2/2}: q = 2 pi^2/((beta + n) h^2) nats."""
        total = self.beta + self.n
        loss = 0.0
        if self.f.degree or self.folded:
            # The bound leaves H out: it loses what H takes away, estimated for a = 0.
            peak = math.sqrt(max(self.f.degree, 0.1) / self.beta)
            loss = self.f.log_weight(peak) - self.f.degree / 2 + math.log(3 + peak) - self.size
        nats = self.nats + max(loss, 0.0)
        step = dyadic(math.pi * math.sqrt(2 / (total * nats)))
        floor = self.size - self.nats
        left = 0.0
        if not self.folded:
            left = crossing(self.log, floor, self.mode, -self.right)
        strip = Strip(2 * math.pi / (total * step) * (1 - 1e-9))
        return self._rule(step, left, strip)

    def large(self, theta: float, split: float) -> Rule | None:
        """The strip that shrinks like 1/sqrt(ln n); None where its conditions fail."""
        tail = upper_tail(split)
        hazard = math.exp(-split * split / 2) / math.sqrt(2 * math.pi) / tail
        square = 2 * (1 - theta) / (1 + split * hazard) * (1 - 1e-9)
        lift, beta, n = math.exp(square / 2), self.beta, self.n
        height = math.sqrt(square)
        beginning = lift - theta + (0.8 * height * lift if self.folded else 0.0)
        if beginning >= 1 or not self.copies * tail < theta / lift:
            return None
        log_weight = self.f.log_weight(math.hypot(split, height))
        if beta >= 1:
            rate = n * self.copies * theta / 2
            middle = (beta / 2) * math.log(2 * math.pi) + (beta - 1) * math.log(hazard)
            middle += math.lgamma(beta) - beta * math.log(rate)
        else:
            middle = math.log(2 * split)
        right = n * self.copies * lift * tail - beta * split * split / 2
        line = max(middle + log_weight, right + log_weight, n * math.log(beginning))
        nats = self.nats + max(line + beta * square / 2 - self.size, 0.0)
        step = dyadic(2 * math.pi * height / nats)

        def left_bound(x: float) -> float:
            tail = self.copies * upper_tail(x)
            if tail < theta / lift:
                return log_weight - n * theta * tail / 2
            return log_weight + n * math.log(beginning)

        floor = self.size - self.nats
        left = 0.0 if self.folded else -self.right
        if left_bound(left) < floor:
            left = crossing(left_bound, floor, self.mode, left)
        return self._rule(step, left, Strip(height, theta, split))

    def _rule(self, step: float, left: float, strip: Strip) -> Rule:
        return Rule(step, math.floor(left / step), math.ceil(self.right / step) + 1, strip)

    def edge_at_zero(self, rule: Rule) -> float:
        """ln of the edge integral at 0 over the result; -inf where the range does not end there."""
        if not self.folded or rule.first > 0:
            return -math.inf
        rate = 2 * math.pi / rule.step
        slope = 0.8 * math.exp(min((self.n / rate) ** 2, rule.strip.height**2) / 6)
        gamma = self.n * math.log(1.1 * slope / rate) + math.lgamma(self.n + 1)
        plain = self.n * math.log(0.8 * rule.strip.height) if self.n else 0.0
        return min(gamma, plain) + self.f.log_weight(rule.strip.height) - math.log(rate) - self.size


def upper_tail(x: float) -> float:
    return 0.5 * math.erfc(x / math.sqrt(2))


def log_upper_tail(x: float) -> float:
    if x < 30:
        return math.log(upper_tail(x))
    return -x * x / 2 - math.log(x * math.sqrt(2 * math.pi))


def dyadic(step: float) -> float:
    """Round down to 12 significant bits: nodes are then exact, and steps repeat between calls."""
    mantissa, exponent = math.frexp(step)
    return math.ldexp(math.floor(mantissa * 4096) / 4096, exponent)


def _search(f: Callable[[float], float], low: float, high: float) -> float:
    """Where a unimodal function is largest."""
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(60):
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        if f(a) < f(b):
            low = a
        else:
            high = b
    return (low + high) / 2


def crossing(f: Callable[[float], float], level: float, inside: float, outside: float) -> float:
    """The point nearest ``outside`` needed: f is above the level at inside, below beyond."""
    if f(outside) > level:
        return outside
    for _ in range(40):
        middle = (inside + outside) / 2
        if f(middle) > level:
            inside = middle
        else:
            outside = middle
    return outside
