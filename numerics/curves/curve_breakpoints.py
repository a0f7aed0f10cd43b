"""Expected breakpoints along a curve: exact where they are, else by the chain of three numbers.

Source: docs/curves.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sympy as sp
from scipy.special import expit

from maxout.numerics.curves.mean_breakpoints import breakpoint_rates, kink_rate
from maxout.numerics.curves.polyline import Array, Curve, curve_length, polyline, swept_angle
from maxout.numerics.jacobian.value_functions import Layers
from maxout.numerics.order.norm_draws import draw_log_radius
from maxout.theory.errors import DoesNotApplyError, DomainError
from maxout.theory.network import Network


@dataclass(frozen=True)
class Breakpoints:
    """Expected breakpoints along a curve.

    Attributes:
      angle: radians swept about the origin, by x at zero bias and by (x, 1) with gaussian biases.
      layers: (L-1,), what each hidden layer adds.
      error: of the total: an estimate of rounding where every layer is exact; otherwise the
        standard error of the sampled layers.
      sampled: number of draws of the chain; 0 where every layer is exact.
    """

    angle: float
    layers: Array
    error: float
    sampled: int

    @property
    def total(self) -> float:
        """Of the whole network."""
        return float(self.layers.sum())


def expected_breakpoints(
    network: Network, curve: Curve, draws: int = 100_000, seed: int = 0
) -> Breakpoints:
    """Return the expected number of breakpoints of a random network along a curve.

    Exact at zero bias, and for the first layer with gaussian biases. Later layers with gaussian
    biases are averaged over draws of the chain of lengths and angles, at points spread evenly along
    the curve.

    Args:
      network: bias "gaussian" or "zero".
      curve: points or a function; see ``polyline``.
      draws: of the chain, at least 2.
      seed: of the chain.

    Raises:
      MaxoutError: for biases "any", a curve that ``polyline`` refuses, or one that meets the origin
        at zero bias.
    """
    points = polyline(curve, network.inputs)
    if network.bias == "zero":
        rates = breakpoint_rates(network)
        angle = swept_angle(points)
        layers = angle * rates.layers
        return Breakpoints(angle, layers, float(layers.sum()) * rates.error, 0)
    if network.bias != "gaussian":
        raise DoesNotApplyError(
            "expected breakpoints need bias='gaussian' or bias='zero'; got bias='any'"
        )
    angle = swept_angle(points, augmented=True)
    rate = kink_rate(network.rank)
    first = network.widths[0] * rate * angle
    if len(network.widths) == 1:
        return Breakpoints(angle, np.array([first]), 4e-15 * first, 0)
    if draws < 2:
        raise DomainError(f"draws must be at least 2; got {draws}")
    speeds = _along_curve(network, points, draws, np.random.default_rng(seed))
    counts = speeds * (np.array(network.widths[1:]) * rate * curve_length(points))
    error = float(counts.sum(axis=1).std(ddof=1) / np.sqrt(draws))
    return Breakpoints(angle, np.concatenate([[first], counts.mean(axis=0)]), error, draws)


def _along_curve(
    network: Network, points: Array, draws: int, generator: np.random.Generator
) -> Array:
    """Draw the angular speeds at points spread evenly along a curve; see ``log_angular_speeds``."""
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    ends = np.cumsum(lengths)
    # One point in each of ``draws`` equal parts of the curve.
    place = (np.arange(draws) + generator.random(draws)) / draws * ends[-1]
    segment = np.minimum(np.searchsorted(ends, place), len(lengths) - 1)
    direction = np.diff(points, axis=0)[segment] / lengths[segment, None]
    log_c = float(sp.log(network.c).n(20))
    before = Layers(network.rank, log_c, tuple(network.hidden())[:-1])
    x = points[segment + 1] - (ends[segment] - place)[:, None] * direction
    with np.errstate(divide="ignore"):
        log_square = np.log((x**2).sum(axis=1))
    inner = (x * direction).sum(axis=1)
    return np.exp(log_angular_speeds(before, log_square, inner, generator))


def log_angular_speeds(
    layers: Layers, log_square: Array, inner: Array, generator: np.random.Generator
) -> Array:
    """Draw ln of the angular speeds of (x^(l), 1), l = 1, 2, ..., a unit of arc length.

    Args:
      layers: the hidden layers that are drawn.
      log_square: (draws,), ln ||x||^2.
      inner: (draws,), x · u, u the curve's direction.

    Returns:
      (draws, layers); -inf where the direction stands still.
    """
    draws = len(log_square)
    p = inner * np.exp(-np.logaddexp(0.0, log_square) / 2)
    q = np.sqrt(np.maximum(1 - p**2, 0))
    log_size = np.zeros(draws)
    speeds = []
    for fan_in, units in layers.shapes:
        log_scale = layers.log_c - np.log(fan_in)
        log_radius = draw_log_radius(layers.rank, units, generator, draws)
        # The common factor s r is taken out: no c and no depth overflows.
        shrink = np.exp(-log_radius / 2)
        along = p + shrink * generator.standard_normal(draws) * q
        chi = np.sqrt(generator.chisquare(units - 1, draws)) if units > 1 else np.zeros(draws)
        log_square = log_scale + log_radius + np.logaddexp(0.0, log_square)
        across = np.hypot(np.sqrt(expit(-log_square)) * along, shrink * chi * q)
        along = np.sqrt(expit(log_square)) * along
        size = np.hypot(along, across)
        p, q = along / size, across / size
        log_size += (log_scale + log_radius) / 2 + np.log(size)
        with np.errstate(divide="ignore"):
            speeds.append(log_size + np.log(q) - np.logaddexp(0.0, log_square) / 2)
    return np.stack(speeds, axis=1)
