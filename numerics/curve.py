"""Curves as polylines: their angle about the origin, and what a network is expected to do to them.

Length distortion by the paper's bound, by the sharper one, and by the root of the exact mean of
||J(x)u||^2 integrated along the curve; expected breakpoints. Source: docs/curves.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import sympy as sp

from maxout.numerics.angle import value_functions
from maxout.numerics.angle_grid import LengthGrid
from maxout.numerics.balls import enclose
from maxout.numerics.breakpoints import breakpoint_rates, kink_rate
from maxout.numerics.predict import predict
from maxout.numerics.regions.segment import check_polyline
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.frame import mean_exact
from maxout.theory.network import Network
from maxout.theory.symbols import cos_0

Array = npt.NDArray[np.float64]
Curve = npt.ArrayLike | Callable[[Array], npt.ArrayLike]
"""Points (segments + 1, n_0), or a function from parameters in [0, 1], (m,), to points (m, n_0)."""

MAX_POINTS = 1 << 20


def polyline(curve: Curve, inputs: int, tolerance: float = 1e-6) -> Array:
    """Return a curve as a polyline (segments + 1, n_0).

    Args:
      curve: points, taken as they are, or a function of a parameter in [0, 1], which is sampled
        more and more finely until halving a step changes its length by less than its share of
        ``tolerance``.
      inputs: n_0.
      tolerance: relative, of the length of a parametrized curve.

    Raises:
      ValueError: for points of another shape, NaN or inf, points that repeat the one before, or
        a parametrized curve whose length does not settle (one that jumps, for example).
    """
    if not callable(curve):
        return check_polyline(curve, inputs)
    at = partial(_points, curve, inputs)
    t = np.linspace(0.0, 1.0, 98)  # a number of steps that shares no factor with likely symmetries
    points = at(t)
    while True:
        middle = (t[1:] + t[:-1]) / 2
        between = at(middle)
        chord = np.linalg.norm(np.diff(points, axis=0), axis=1)
        halves = np.linalg.norm(between - points[:-1], axis=1) + np.linalg.norm(
            points[1:] - between, axis=1
        )
        total, step = halves.sum(), np.diff(t)
        # Each step has its share of the tolerance, and a corner (one step of any size) 1e-3 of it.
        rough = halves - chord > tolerance * total * np.maximum(step, 1e-3)
        # A jump is as straight as can be, but far too fast.
        rough |= chord > np.maximum(50 * step, tolerance) * total
        stuck = rough & (step < 1e-12)
        if stuck.any():
            raise ValueError(f"the curve jumps at parameter {t[:-1][stuck][0]:g}")
        if not rough.any():
            break
        if len(t) + rough.sum() > MAX_POINTS:
            raise ValueError(
                f"the curve's length does not settle with {MAX_POINTS:,} points: "
                "it must be continuous and of finite length"
            )
        where = np.flatnonzero(rough) + 1
        t = np.insert(t, where, middle[rough])
        points = np.insert(points, where, between[rough], axis=0)
    return check_polyline(points, inputs)


def _points(curve: Callable[[Array], npt.ArrayLike], inputs: int, t: Array) -> Array:
    points = np.asarray(curve(t), dtype=np.float64)
    if points.shape != (len(t), inputs):
        raise ValueError(
            f"the curve must map parameters of shape (m,) to points of shape (m, {inputs}); "
            f"got {points.shape} for m = {len(t)}"
        )
    if not np.isfinite(points).all():
        bad = t[~np.isfinite(points).all(axis=1)][0]
        raise ValueError(f"the curve is not finite at parameter {bad:g}")
    return points


def curve_length(points: Array) -> float:
    """Return the length of a polyline."""
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def swept_angle(points: npt.ArrayLike, augmented: bool = False) -> float:
    """Return the angle in radians that a polyline sweeps about the origin, turns back included.

    Args:
      points: (segments + 1, n_0).
      augmented: whether the angle is that of (x, 1), which never meets the origin.

    Raises:
      ValueError: for bad points, or, unless ``augmented``, a segment that meets the origin.
    """
    array = np.asarray(points, dtype=np.float64)
    corners = check_polyline(array, array.shape[-1] if array.ndim == 2 else 1)
    if augmented:
        corners = np.column_stack([corners, np.ones(len(corners))])
    else:
        _check_away_from_origin(corners)
    unit = corners / np.linalg.norm(corners, axis=1, keepdims=True)
    one, two = unit[:-1], unit[1:]
    # Twice the arc tangent of |a - b| / |a + b|: accurate at small angles and near pi.
    half = np.arctan2(np.linalg.norm(one - two, axis=1), np.linalg.norm(one + two, axis=1))
    return float(2 * half.sum())


def _check_away_from_origin(corners: Array) -> None:
    start, step = corners[:-1], np.diff(corners, axis=0)
    t = np.clip(-(start * step).sum(axis=1) / (step**2).sum(axis=1), 0, 1)
    nearest = np.linalg.norm(start + t[:, None] * step, axis=1)
    size = np.abs(corners).max()
    hit = np.flatnonzero(nearest <= 4 * np.finfo(float).eps * size)
    if len(hit):
        raise ValueError(
            f"segment {hit[0]} of the curve meets the origin, where the direction of the input "
            "jumps; at zero bias give a curve that stays away from it"
        )


@dataclass(frozen=True)
class LengthBounds:
    """Upper bounds on (E len(N(C))^t)^{1/t}, in units of length.

    Attributes:
      order: t.
      length: of the curve itself.
      paper: through L_K at t = 1, 2, and through the moment bounds beyond.
      sharp: through M_K at t = 1, 2, and through the largest moments beyond; None where the
        biases are "any" and t > 2.
      exact: t = 1 and 2 only: the root of the exact mean of ||Ju||^2 integrated along the curve;
        None for biases "any".
      error: estimate of the relative error of ``exact``.
    """

    order: int
    length: float
    paper: float
    sharp: float | None
    exact: float | None
    error: float


def length_bounds(network: Network, curve: Curve, order: int = 1) -> LengthBounds:
    """Bound the moment of order t of the length of a curve's image.

    Args:
      network: any bias law; "gaussian" and "zero" get the sharper bounds.
      curve: points or a function; see ``polyline``.
      order: t, an integer >= 1.

    Raises:
      ValueError: as ``polyline``, or for a bad order.
    """
    points = polyline(curve, network.inputs)
    length = curve_length(points)
    keys = {1: "curve.length.mean.upper", 2: "curve.length.second.upper"}
    key = keys.get(order, "curve.length.moment.upper")
    sharp = None
    if order <= 2 or network.bias != "any":
        sharp = _root(network, f"{key}.sharp", order, length)
    exact, error = None, 0.0
    if order <= 2 and network.bias != "any":
        exact, error = _integrated(network, points, order)
    return LengthBounds(order, length, _root(network, key, order, length), sharp, exact, error)


def _root(network: Network, key: str, order: int, length: float) -> float:
    statement = CATALOGUE[key]
    value = predict(statement, network, order=order if statement.orders else None, length=length)
    return float(value) ** (1 / order)


# Gauss-Legendre nodes on each part of a segment.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)


def _integrated(network: Network, points: Array, order: int) -> tuple[float, float]:
    """(integral of sqrt(E||Ju||^2)) at t = 1; at t = 2, sqrt(len * integral of E||Ju||^2)."""
    coarse, fine = (_quadrature(network, points, order, parts) for parts in (2, 4))
    return fine, abs(coarse / fine - 1) + 1e-15 * len(points)


def _quadrature(network: Network, points: Array, order: int, parts: int) -> float:
    start, step = points[:-1], np.diff(points, axis=0)
    lengths = np.linalg.norm(step, axis=1)
    # Where a segment passes near the origin the cosine turns quickly: split there, and grade.
    foot = np.clip(-(start * step).sum(axis=1) / lengths**2, 0, 1)
    grades = np.concatenate([[0.0], 4.0 ** -np.arange(parts * 3, -1, -1)])
    left = foot[:, None] * (1 - grades[::-1])
    right = foot[:, None] + (1 - foot[:, None]) * grades
    ends = np.concatenate([left, right], axis=1)
    middle, half = (ends[:, 1:] + ends[:, :-1]) / 2, np.diff(ends, axis=1) / 2
    t = (middle[..., None] + half[..., None] * _NODES).reshape(len(start), -1)
    weight = (half[..., None] * _WEIGHTS).reshape(len(start), -1) * lengths[:, None]
    x = start[:, None] + t[..., None] * step[:, None]
    direction = step / lengths[:, None]
    used = weight > 0
    squares = mean_square(
        network,
        np.linalg.norm(x[used], axis=1),
        np.einsum("pd,pd->p", x[used], np.broadcast_to(direction[:, None], x.shape)[used]),
    )
    if order == 1:
        return float(np.sqrt(squares) @ weight[used])
    return float(np.sqrt(lengths.sum() * (squares @ weight[used])))


def mean_square(network: Network, norms: Array, inner: Array) -> Array:
    """Return E||J(x)u||^2, exact, at many inputs.

    Args:
      network: with bias "gaussian" or "zero".
      norms: (points,), ||x||.
      inner: (points,), x · u for the unit vectors u.

    Returns:
      (points,); at zero bias and x = 0 the mean over directions of x, which does not exist.
    """
    if network.bias == "zero":
        least, most = (_at_cosine(network, value) for value in (0, 1))
        with np.errstate(invalid="ignore"):
            cosine = np.where(norms > 0, inner / np.where(norms > 0, norms, 1), 0.0)
        return least + (most - least) * np.minimum(cosine**2, 1.0)
    with np.errstate(divide="ignore"):
        log_x = 2 * np.log(norms)
    *_, last = value_functions(network, 1, LengthGrid(1), log_x)
    along = inner**2 / (norms**2 + 1)
    across, aligned = last.values
    squares: Array = (across * (1 - along) + aligned * along) * np.exp(last.log_factor)
    return squares


def _at_cosine(network: Network, cosine: int) -> float:
    """The exact mean at zero bias, which is affine in the squared cosine."""
    values: dict[Any, Any] = {**network.environment(), cos_0: sp.Integer(cosine)}
    return float(enclose(mean_exact(), values, 16))


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
    speeds = _angular_speeds(network, points, draws, np.random.default_rng(seed))
    counts = speeds * (np.array(network.widths[1:]) * rate * curve_length(points))
    error = float(counts.sum(axis=1).std(ddof=1) / np.sqrt(draws))
    return Breakpoints(angle, np.concatenate([[first], counts.mean(axis=0)]), error, draws)


def _angular_speeds(
    network: Network, points: Array, draws: int, generator: np.random.Generator
) -> Array:
    """Draw the angular speeds (draws, L-2) of (x^(l), 1), l = 1..L-2, a unit of arc length."""
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    ends = np.cumsum(lengths)
    # One point in each of ``draws`` equal parts of the curve.
    place = (np.arange(draws) + generator.random(draws)) / draws * ends[-1]
    segment = np.minimum(np.searchsorted(ends, place), len(lengths) - 1)
    direction = np.diff(points, axis=0)[segment] / lengths[segment, None]
    x = points[segment + 1] - (ends[segment] - place)[:, None] * direction
    square = (x**2).sum(axis=1)
    p = (x * direction).sum(axis=1) / np.sqrt(square + 1)
    q = np.sqrt(np.maximum(1 - p**2, 0))
    c = float(sp.Float(network.c.n(20)))
    speeds = []
    for fan_in, units in list(network.hidden())[:-1]:
        scale = np.sqrt(c / fan_in)
        radius = np.sqrt(_squared_radius(network.rank, units, draws, generator))
        along = scale * (radius * p + generator.standard_normal(draws) * q)
        chi = np.sqrt(generator.chisquare(units - 1, draws)) if units > 1 else np.zeros(draws)
        across = scale * chi * q
        square = (scale * radius) ** 2 * (square + 1)
        cosine2 = square / (square + 1)
        p, q = np.sqrt(cosine2) * along, np.hypot(np.sqrt(1 - cosine2) * along, across)
        speeds.append(q / np.sqrt(square + 1))
    return np.stack(speeds, axis=1)


def _squared_radius(rank: int, units: int, draws: int, generator: np.random.Generator) -> Array:
    """Draw r^2: the sum of squares of the largest of K normals, by the quantile of the largest."""
    from scipy.special import ndtri

    total = np.zeros(draws)
    for _ in range(units):
        # U^{1/K} is the largest of K uniforms; its distance from 1 keeps the digits.
        gap = -np.expm1(np.log(1 - generator.random(draws)) / rank)
        total += ndtri(np.maximum(gap, np.finfo(float).tiny)) ** 2
    return total
