"""Exact moments of ||J(x)u||^2 with gaussian biases, by backward value functions.

The augmented input (x, 1) turns the frame of the zero-bias theory by a known angle in every layer:
with X = ||x||^2 and theta^2 = X'/(X'+1), p' = theta p_z and q'^2 = (1-theta^2) p_z^2 + q_z^2, where
p_z, q_z are the zero-bias updates. The even monomials of (p, q) therefore evolve linearly given X,
and X alone is Markov, X' = (c/fan_in)(X+1) r^2: their mean at the end is a linear form in the
monomials at the start whose coefficients are functions of X. Source: this project,
docs/gaussian-bias.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import comb, prod

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from maxout.numerics.balls.evaluator import enclose
from maxout.numerics.jacobian.length_grid import LengthGrid
from maxout.numerics.order.norm_law import LogLaw, log_law
from maxout.theory.errors import DomainError
from maxout.theory.network import Network, require_plain
from maxout.theory.parameters import COSINE, NORM, ORDER

Array = NDArray[np.float64]

EPS = float(np.finfo(float).eps)
MAX_LAYERS = 10_000
"""Hidden layers that value functions are carried through: a millisecond each, or two."""
MAX_ORDER = 4  # r^8 is the highest power that the rule's local polynomials carry to about 1e-12
GAUSSIAN_ORDER = ORDER.up_to(MAX_ORDER, "with gaussian biases")


@dataclass(frozen=True)
class Moment:
    """A positive number known through its logarithm, which does not overflow in deep networks.

    Attributes:
      log: its natural logarithm; -inf for zero.
      error: estimate of the relative error: the difference of two resolutions and rounding.
    """

    log: float
    error: float

    @property
    def value(self) -> float:
        """The number; inf or 0 where float64 cannot hold it."""
        with np.errstate(over="ignore", under="ignore"):
            return float(np.exp(self.log))

    def __float__(self) -> float:
        return self.value


@dataclass(frozen=True)
class Layers:
    """What the hidden layers are to the value functions.

    Attributes:
      rank: K.
      log_c: ln c.
      shapes: (fan_in, units) of each hidden layer, input side first.
    """

    rank: int
    log_c: float
    shapes: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        if len(self.shapes) > MAX_LAYERS:
            raise DomainError(
                f"value functions are carried through at most {MAX_LAYERS:,} hidden layers; "
                f"got {len(self.shapes):,}"
            )

    @classmethod
    def of(cls, network: Network) -> Layers:
        """Those of a network.

        Raises:
          DomainError: where the biases are not gaussian, or the layers too many.
        """
        require_plain(network, "a value function")
        if network.bias != "gaussian":
            raise DomainError(
                f"value functions need bias='gaussian'; got bias={network.bias!r} "
                "(at zero bias the moments are in closed form: jacobian.moment.exact)"
            )
        # As a logarithm, which holds any c; in balls, since mpmath takes seconds at large ranks.
        log_c = float(enclose(sp.log(network.c), {}, 17))
        return cls(network.rank, log_c, tuple(network.hidden()))

    @property
    def rounding(self) -> float:
        """Estimate of the relative rounding error of a first-order mean through all layers.

        A layer's law is built in log2(units) sums and weighted by r^2, the exponential of a number
        of size ln E r^2; ln c/fan_in is rounded, and added to a sum of as many.
        """
        scales = [self.log_c - float(np.log(fan_in)) for fan_in, _ in self.shapes]
        total = 0.0
        for scale, (_, units) in zip(scales, self.shapes, strict=True):
            size = float(np.log(units * (1 + np.log(self.rank))))
            total += 4 + 2 * size + float(np.log2(units)) + 2 * abs(scale)
        return EPS * (total / 2 + abs(sum(scales)))


@dataclass(frozen=True)
class ValueFunction:
    """What the monomials p^{2a} q^{2(t-a)} after a layer contribute to the mean at the end.

    Attributes:
      layer: l = L-1, ..., 0; 0 is the input.
      values: shape (t+1, size of the grid), row a for p^{2a} q^{2(t-a)}, as functions of ln X.
      log_factor: logarithm of the common factor taken out.
    """

    layer: int
    values: Array
    log_factor: float


def jacobian_moment(
    network: Network, norm: float | None = None, cosine: float | None = None, order: int = 1
) -> Moment:
    """Return E||J(x)u||^{2 order} of a network with gaussian biases.

    Args:
      network: with ``bias="gaussian"``.
      norm: ||x||, a number >= 0; default sqrt(n_0).
      cosine: of the angle between x and u, from -1 to 1; default 1/sqrt(n_0).
      order: t, from 1 to 4; t = 1 is the mean.

    Returns:
      The moment with an error estimate, about 1e-13 at ordinary sizes.

    Raises:
      MaxoutError: for another bias law or a value outside its domain.
    """
    order = GAUSSIAN_ORDER(order)
    squared = squared_cosine(network, cosine)
    log_x = log_squared_norm(network, norm)
    found = at_input(Layers.of(network), order, log_x)
    # (x, 1) has squared length X + 1: A = cos^2 X/(X+1), B = 1 - A.
    along = squared * np.exp(-np.logaddexp(0.0, -log_x))
    monomials = np.array([along**a * (1 - along) ** (order - a) for a in range(order + 1)])
    units = network.widths[-1]
    output = sum(np.log(network.outputs + 2 * i) - np.log(units) for i in range(order))
    values = np.exp(found.logs - found.logs.max()) * monomials
    log = float(np.log(values.sum()) + found.logs.max() + output)
    error = float(values @ found.errors / values.sum())
    return Moment(log, error + EPS * (4 * order + abs(log) + abs(float(output))))


@dataclass(frozen=True)
class InputValues:
    """The value functions at the input, without the output layer's factor.

    Attributes:
      logs: (t+1,), ln V(t, a, 0, X).
      errors: (t+1,), estimates of the relative errors.
    """

    logs: Array
    errors: Array


@lru_cache(maxsize=64)
def at_input(layers: Layers, order: int, log_x: float) -> InputValues:
    """Return the value functions of one order at ln ||x||^2, -inf for the input 0."""
    coarse, fine = (_at_input(layers, order, log_x, refine) for refine in (1, 2))
    # X enters through ln X, rounded, and beyond the grid's ends not at all.
    rounding = layers.rounding + EPS * min(abs(log_x), 50.0)
    return InputValues(fine, np.abs(np.expm1(coarse - fine)) + order * rounding)


def _at_input(layers: Layers, order: int, log_x: float, refine: int) -> Array:
    *_, last = value_functions(layers, order, LengthGrid(refine), np.array([log_x]))
    logs: Array = np.log(last.values[:, 0]) + last.log_factor
    return logs


def mean_gains(network: Network, log_x: Array, along: Array, refine: int = 1) -> Array:
    """Return E||J(x)u||^2 at many inputs, by one backward pass.

    Args:
      network: with gaussian biases.
      log_x: (N,), ln ||x||^2, -inf at the input 0.
      along: (N,), squared cosine of the angle between (x, 1) and (u, 0).
      refine: of the grid; 1 is good to about 1e-12.
    """
    *_, first = value_functions(Layers.of(network), 1, LengthGrid(refine), log_x)
    across, aligned = first.values
    scale = np.exp(first.log_factor + np.log(network.outputs) - np.log(network.widths[-1]))
    gains: Array = scale * ((1 - along) * across + along * aligned)
    return gains


def log_squared_norm(network: Network, norm: float | Fraction | None) -> float:
    """Check a norm (default sqrt(n_0)) and return ln ||x||^2, -inf at 0."""
    if norm is None:
        return float(np.log(network.inputs))
    checked = NORM(norm)
    return -np.inf if checked == 0 else float(2 * sp.log(checked).n(20))


def squared_cosine(network: Network, cosine: float | None) -> float:
    """Check a cosine (default 1/sqrt(n_0)) and return its square."""
    return 1 / network.inputs if cosine is None else float(COSINE(cosine)) ** 2


def value_functions(
    layers: Layers, order: int, grid: LengthGrid, log_x: Array | None = None
) -> Iterator[ValueFunction]:
    """Yield the value functions after layers L-1, ..., 1 on ``grid``, then at ln X = ``log_x``.

    Without the factor of the output layer, E (chi^2_{n_L})^order / n_{L-1}^order; ``log_x`` None
    means the grid's points.
    """
    hidden = layers.shapes
    # ||u||^{2t} = sum_a C(t, a) p^{2a} q^{2(t-a)}.
    binomials = np.array([comb(order, a) for a in range(order + 1)], dtype=float)
    current = ValueFunction(len(hidden), np.repeat(binomials[:, None], grid.size, axis=1), 0.0)
    yield current
    lost = 0.0  # of the sum of logarithms, by rounding (Kahan)
    for layer in range(len(hidden), 0, -1):
        fan_in, units = hidden[layer - 1]
        log_scale = layers.log_c - float(np.log(fan_in))
        values = _through_layer(
            layers.rank, current.values, grid, log_scale, units, log_x if layer == 1 else None
        )
        top = values.max()
        term = float(np.log(top)) + order * log_scale - lost
        total = current.log_factor + term
        lost = (total - current.log_factor) - term
        current = ValueFunction(layer - 1, values / top, total)
        yield current


@lru_cache(maxsize=128)
def _tilted(rank: int, units: int, refine: int, order: int) -> LogLaw:
    return log_law(rank, units, refine).tilted(order)


def _through_layer(
    rank: int,
    after: Array,
    grid: LengthGrid,
    log_scale: float,
    units: int,
    at: Array | None,
) -> Array:
    order = len(after) - 1
    turned = _turn(after, grid)
    places = grid.places(log_scale, at)
    values = np.zeros((order + 1, len(places.first)))
    for j in range(order + 1):
        # E chi^{2(t-j)}, chi of units - 1 degrees of freedom.
        across = prod(units - 1.0 + 2 * k for k in range(order - j))
        if across == 0:
            continue
        for i in range(j + 1):
            mean = grid.expect(_tilted(rank, units, grid.refine, i), places, turned[j])
            gaussian = prod(range(1, 2 * (j - i), 2))  # E g^{2(j-i)}
            values[i] += across * comb(2 * j, 2 * i) * gaussian * mean
    return values


def _turn(values: Array, grid: LengthGrid) -> Array:
    """Coefficients of the zero-bias monomials: p' = theta p_z, q'^2 = (1-theta^2) p_z^2 + q_z^2."""
    order = len(values) - 1
    cos2, sin2 = grid.turn
    return np.array(
        [
            sum(
                comb(order - a, j - a) * values[a] * cos2**a * sin2 ** (j - a) for a in range(j + 1)
            )
            for j in range(order + 1)
        ]
    )
