"""Expected breakpoints along a curve: exact where they are, else by the chain of three numbers.

Source: docs/curves.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from maxout.numerics.breakpoints import breakpoint_rates, estimate, kink_rate
from maxout.numerics.enclosure import Enclosure
from maxout.numerics.polyline import Array, Curve, curve_length, polyline, swept_angle
from maxout.numerics.radius import draw_log_radius
from maxout.theory.errors import DoesNotApplyError
from maxout.theory.network import Network
from maxout.theory.symbols import sweep, x_norm


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
      ValueError: for biases "any", a curve that ``polyline`` refuses, or one that meets the origin
        at zero bias.
    """
    points = polyline(curve, network.inputs)
    if network.bias == "zero":
        rates = breakpoint_rates(network)
        angle = swept_angle(points)
        layers = angle * rates.layers
        return Breakpoints(angle, layers, float(layers.sum()) * rates.error, 0)
    if network.bias != "gaussian":
        raise ValueError("expected breakpoints need bias='gaussian' or bias='zero'; got bias='any'")
    angle = swept_angle(points, augmented=True)
    rate = kink_rate(network.rank)
    first = network.widths[0] * rate * angle
    if len(network.widths) == 1:
        return Breakpoints(angle, np.array([first]), 4e-15 * first, 0)
    if draws < 2:
        raise ValueError(f"draws must be at least 2; got {draws}")
    speeds = _along_curve(network, points, draws, np.random.default_rng(seed))
    counts = speeds * (np.array(network.widths[1:]) * rate * curve_length(points))
    error = float(counts.sum(axis=1).std(ddof=1) / np.sqrt(draws))
    return Breakpoints(angle, np.concatenate([[first], counts.mean(axis=0)]), error, draws)


def _along_curve(
    network: Network, points: Array, draws: int, generator: np.random.Generator
) -> Array:
    """Draw the angular speeds at points spread evenly along a curve; see ``_angular_speeds``."""
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    ends = np.cumsum(lengths)
    # One point in each of ``draws`` equal parts of the curve.
    place = (np.arange(draws) + generator.random(draws)) / draws * ends[-1]
    segment = np.minimum(np.searchsorted(ends, place), len(lengths) - 1)
    direction = np.diff(points, axis=0)[segment] / lengths[segment, None]
    x = points[segment + 1] - (ends[segment] - place)[:, None] * direction
    return _angular_speeds(network, (x**2).sum(axis=1), (x * direction).sum(axis=1), generator)


def _angular_speeds(
    network: Network, square: Array, inner: Array, generator: np.random.Generator
) -> Array:
    """Draw the angular speeds (draws, L-2) of (x^(l), 1), l = 1..L-2, a unit of arc length.

    Args:
      square: (draws,), ||x||^2.
      inner: (draws,), x · u, u the curve's direction.
    """
    draws = len(square)
    p = inner / np.sqrt(square + 1)
    q = np.sqrt(np.maximum(1 - p**2, 0))
    c = float(sp.Float(network.c.n(20)))
    speeds = []
    for fan_in, units in list(network.hidden())[:-1]:
        scale = np.sqrt(c / fan_in)
        radius = np.exp(draw_log_radius(network.rank, units, generator, draws) / 2)
        along = scale * (radius * p + generator.standard_normal(draws) * q)
        chi = np.sqrt(generator.chisquare(units - 1, draws)) if units > 1 else np.zeros(draws)
        across = scale * chi * q
        square = (scale * radius) ** 2 * (square + 1)
        cosine2 = square / (square + 1)
        p, q = np.sqrt(cosine2) * along, np.hypot(np.sqrt(1 - cosine2) * along, across)
        speeds.append(q / np.sqrt(square + 1))
    return np.stack(speeds, axis=1)


DRAWS = 200_000
"""Of the chain, for a statement's value: its standard error is some thousandths of it."""


def sphere_route(network: Network, order: int | None, values: dict[Any, Any]) -> Enclosure:
    """Route of ``curve.breakpoints.sphere``; the error is four standard errors of the chain.

    Raises:
      DoesNotApplyError: for one input: no curve lies on a sphere of the line.
    """
    if network.inputs < 2:
        raise DoesNotApplyError("a curve on a sphere needs at least 2 inputs; got 1")
    norm, angle = float(values[x_norm]), float(values[sweep])
    rate = kink_rate(network.rank) * norm * angle
    first = network.widths[0] * rate / np.sqrt(norm**2 + 1)
    if first == 0 or len(network.widths) == 1:
        return estimate(first, 4e-15)
    square, across = np.full(DRAWS, norm**2), np.zeros(DRAWS)
    speeds = _angular_speeds(network, square, across, np.random.default_rng(0))
    counts = speeds @ (np.array(network.widths[1:]) * rate)
    total = first + float(counts.mean())
    error = 4 * float(counts.std(ddof=1)) / np.sqrt(DRAWS)
    return Enclosure.estimate(total, error, f"{DRAWS:,} draws of the chain")
