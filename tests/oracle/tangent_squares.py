"""Oracles of the tangent kernel's second moment: forwards, by pairs of directions.

A layer's share of tr K is ||x^(l-1)||^2 times n_l times the mean of ||J u||^2 over directions u of
layer l. A product of two shares needs two directions, one from each layer, and what the layers
above make of both at once; the program goes backwards from the outputs instead.
"""

import math
from dataclasses import dataclass
from fractions import Fraction as F

from . import chains
from .gradients import GAINS
from .gradients import bounded as by_one_gain
from .kernels import by_layers
from .quadrature import radius_moment
from .registry import At, bounded, oracle


def of(n: tuple[int, ...], K: int, c: F, bias: str = "zero") -> At:
    return At(n, K, c, bias, given={"norm": F(17, 10)})


# Not two outputs: there the square of their number is twice the number.
SHAPES = (((3, 5, 4, 6, 3), 3, F(2, 5)), ((4, 6, 3, 5), 5, F(7, 4)), ((4, 5, 3), 4, F(6, 5)))
ZERO = tuple(of(*shape) for shape in SHAPES)
GAUSSIAN = tuple(of(*shape, "gaussian") for shape in SHAPES)


@dataclass
class Pair:
    """Means of products of two directions' parts p along and q across the activation.

    Attributes:
      pp: p_1^2 p_2^2.
      pq: p_1^2 |q_2|^2.
      qp: |q_1|^2 p_2^2.
      mixed: p_1 p_2 (q_1 . q_2).
      qq: |q_1|^2 |q_2|^2.
      square: (q_1 . q_2)^2.
    """

    pp: float
    pq: float
    qp: float
    mixed: float
    qq: float
    square: float

    def above(self, K: int, units: int, scale2: float) -> "Pair":
        """One layer: p -> s (r p + g . q), q -> s X q, g and X normal and the same for both."""
        r2, r4, d = radius_moment(K, units, 1), radius_moment(K, units, 2), units - 1
        s4 = scale2**2
        return Pair(
            s4 * (r4 * self.pp + r2 * (self.pq + self.qp + 4 * self.mixed) + self.of_normal),
            s4 * d * (r2 * self.pq + self.qq),
            s4 * d * (r2 * self.qp + self.qq),
            s4 * d * (r2 * self.mixed + self.square),
            s4 * (d * self.of_normal + d * (d - 1) * self.qq),
            s4 * (d * self.of_normal + d * (d - 1) * self.square),
        )

    @property
    def of_normal(self) -> float:
        """(g . q_1)^2 (g . q_2)^2, by Isserlis."""
        return self.qq + 2 * self.square

    def output(self, outputs: int, last: int) -> float:
        """||C u||^2 ||C v||^2 for output weights C."""
        sizes = self.pp + self.pq + self.qp + self.qq
        product2 = self.pp + 2 * self.mixed + self.square
        return (outputs**2 * sizes + 2 * outputs * product2) / last**2


def joined(at: At, first: int, second: int, outputs: int) -> float:
    """E of the shares of layers first <= second in tr K, multiplied."""
    n, K = at.n, at.K
    scale2 = [0.0, *(at.c / n[layer - 1] for layer in range(1, at.L))]

    def r(layer: int, power: int) -> float:
        return radius_moment(K, n[layer], power)

    forth = at["norm"] ** 4  # ||x^(first-1)||^4
    for layer in range(1, first):
        forth *= scale2[layer] ** 2 * r(layer, 2)
    if first == at.L:
        return outputs**2 * forth
    along, across = 1 / n[first], 1 - 1 / n[first]
    factor = forth * n[first]
    if first < second:
        factor *= scale2[first] * r(first, 1)
    for layer in range(first + 1, min(second, at.L - 1) + 1):
        more = int(layer < second)  # the radius is in ||x^(second-1)||^2 as well
        s, d = scale2[layer] ** (1 + more), n[layer] - 1
        along = s * (r(layer, 1 + more) * along + r(layer, more) * across)
        across *= s * d * r(layer, more)
    if second == at.L:
        return factor * outputs * outputs / n[-2] * (along + across)
    there = n[second]
    share = 1 / there
    rest = 1 - share
    pair = Pair(along * share, along * rest, across * share, 0.0, across * rest, across * share)
    for layer in range(second + 1, at.L):
        pair = pair.above(K, n[layer], scale2[layer])
    return factor * there * pair.output(outputs, n[-2])


def second_moment(at: At, outputs: int) -> float:
    layers = range(1, at.L + 1)
    return sum(joined(at, min(a, b), max(a, b), outputs) for a in layers for b in layers)


def mean(at: At) -> float:
    return sum(by_layers(at, lambda at, layer: chains.row_moment(at.n[:-1], at.K, at.c, layer, 1)))


@oracle("kernel.diagonal.second.exact", at=ZERO)
@bounded("kernel.diagonal.second.lower", "kernel.diagonal.second.lower.sharp", at=ZERO)
@bounded("kernel.diagonal.second.upper", "kernel.diagonal.second.upper.sharp", at=ZERO)
def second(at: At) -> float:
    return second_moment(at, 1)


@oracle("kernel.diagonal.variance.exact", at=ZERO)
def variance(at: At) -> float:
    return second(at) - mean(at) ** 2


@oracle("kernel.trace.mean", at=ZERO)
def trace_mean(at: At) -> float:
    return at.n[-1] * mean(at)


@oracle("kernel.trace.second", at=ZERO)
def trace_second(at: At) -> float:
    return second_moment(at, at.n[-1])


@oracle("kernel.trace.variance", at=ZERO)
def trace_variance(at: At) -> float:
    return trace_second(at) - trace_mean(at) ** 2


for side in ("lower", "lower.sharp"):

    @oracle(f"kernel.diagonal.second.{side}", at=ZERO)
    @oracle(f"kernel.diagonal.gaussian.second.{side}", at=GAUSSIAN)
    def squared_mean(at: At, side: str = side) -> float:
        gain = GAINS[side](at.K)
        return sum(by_layers(at, lambda at, layer: by_one_gain(at, layer, gain))) ** 2


def fourth_length(at: At, layer: int) -> float:
    """E ||x^(layer)||^4."""
    if layer == 0:
        return at["norm"] ** 4
    found = chains.paths(at.n[: layer + 1], at.K, at.c, at["norm"], at.bias == "gaussian")
    return found.mean(found.squares[-1] ** 2)


def of_direction(at: At, layer: int, sharp: bool) -> float:
    """A bound of E (d . u)^4, d the gradient by x^(layer) and u a unit direction."""
    bound = (3.0 if sharp else math.exp(4)) / at.n[-2] ** 2
    for before, units in zip(at.n[layer:-2], at.n[layer + 1 : -1], strict=True):
        freedom = units * at.K  # of chi^2, above the sum of the largest
        units4 = radius_moment(at.K, units, 2) if sharp else freedom**2 * math.exp(4 / freedom)
        bound *= (at.c / before) ** 2 * units4
    return bound


_SECOND = "kernel.diagonal.gaussian.second"


@bounded(f"{_SECOND}.lower", f"{_SECOND}.lower.sharp", at=GAUSSIAN[-1:])
@bounded(f"{_SECOND}.upper", f"{_SECOND}.upper.sharp", at=GAUSSIAN[-1:])
def one_hidden_layer(at: At) -> float:
    """E (||x||^2 ||w||^2 + ||x^(1)||^2)^2: the output weights w are independent of the layer."""
    before, units = at["norm"] ** 2, at.n[1]
    behind = at.c / at.n[0] * (before + 1) * radius_moment(at.K, units, 1)
    return before**2 * (1 + 2 / units) + 2 * before * behind + fourth_length(at, 1)


for side in ("upper", "upper.sharp"):

    @oracle(f"kernel.diagonal.second.{side}", at=ZERO)
    @oracle(f"kernel.diagonal.gaussian.second.{side}", at=GAUSSIAN)
    def minkowski(at: At, sharp: bool = side == "upper.sharp") -> float:
        root = math.sqrt(fourth_length(at, at.L - 1))
        for layer in range(1, at.L):
            n = at.n[layer]
            # All directions alike, or their average.
            many = n * (n + 2) / 3 if sharp else n**2
            square = many * of_direction(at, layer, sharp)
            root += math.sqrt(fourth_length(at, layer - 1) * square)
        return root**2
