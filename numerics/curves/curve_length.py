"""Length distortion along a curve: the paper's bound, the sharper one, the root of the exact mean.

Source: docs/curves.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from maxout.numerics.balls.evaluator import enclose
from maxout.numerics.curves.polyline import Array, Curve, curve_length, polyline
from maxout.numerics.jacobian.value_functions import mean_gains
from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.errors import OutOfReachError
from maxout.theory.jacobian.moving_frame import mean_exact
from maxout.theory.network import Network, require_plain
from maxout.theory.symbols import cos_0


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
      MaxoutError: as ``polyline``, for a bad order, or for values beyond the range of float64.
    """
    require_plain(network, "the length of a curve's image")
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
    paper = _root(network, key, order, length)
    return LengthBounds(order, length, paper, sharp, exact, error)


def _root(network: Network, key: str, order: int, length: float) -> float:
    statement = CATALOGUE[key]
    value = predict(statement, network, order=order if statement.orders else None, length=length)
    return _ordinary(float(value)) ** (1 / order)


def _ordinary(value: float) -> float:
    """Refuse what float64 has no number for: lengths are above 0."""
    if not 0 < value < np.inf:
        raise OutOfReachError(
            "the length of the image leaves float64's range: give another c, or another curve"
        )
    return value


# Gauss-Legendre nodes on each part of a segment.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_NEAR = 4  # lengths from the origin; from farther the integrand is smooth along a segment
_SEGMENTS = 1 << 12  # taken at a time: some megabytes of nodes


def _integrated(network: Network, points: Array, order: int) -> tuple[float, float]:
    """(integral of sqrt(E||Ju||^2)) at t = 1; at t = 2, sqrt(len * integral of E||Ju||^2)."""
    coarse, fine = (_ordinary(_quadrature(network, points, order, parts)) for parts in (2, 4))
    return fine, abs(coarse / fine - 1) + 1e-15 * len(points)


def _quadrature(network: Network, points: Array, order: int, parts: int) -> float:
    length = curve_length(points)
    total = 0.0
    for first in range(0, len(points) - 1, _SEGMENTS):
        total += _sum(network, points[first : first + _SEGMENTS + 1], order, parts)
    return total if order == 1 else float(np.sqrt(length * total))


def _sum(network: Network, points: Array, order: int, parts: int) -> float:
    """Integral of sqrt(E||Ju||^2), at t = 2 of E||Ju||^2, along some segments."""
    start, step = points[:-1], np.diff(points, axis=0)
    lengths = np.linalg.norm(step, axis=1)
    # Where a segment passes near the origin the cosine turns quickly: split there, and grade.
    foot = np.clip(-(start * step).sum(axis=1) / lengths**2, 0, 1)
    near = np.linalg.norm(start + foot[:, None] * step, axis=1) < _NEAR * lengths
    grades = np.concatenate([[0.0], 4.0 ** -np.arange(parts * 3, -1, -1)])
    left = foot[near, None] * (1 - grades[::-1])
    right = foot[near, None] + (1 - foot[near, None]) * grades
    total = 0.0
    for which, ends in (
        (near, np.concatenate([left, right], axis=1)),
        (~near, np.linspace(0, 1, parts + 1)[None].repeat((~near).sum(), axis=0)),
    ):
        if which.any():
            total += _on(network, start[which], step[which], lengths[which], ends, order)
    return total


def _on(
    network: Network, start: Array, step: Array, lengths: Array, ends: Array, order: int
) -> float:
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
    return float((np.sqrt(squares) if order == 1 else squares) @ weight[used])


def mean_square(network: Network, norms: Array, inner: Array) -> Array:
    """Return E||J(x)u||^2, exact, at many inputs.

    Args:
      network: with bias "gaussian" or "zero".
      norms: (points,), ||x||.
      inner: (points,), x · u for the unit vectors u.

    Returns:
      (points,); at zero bias and x = 0 the mean over directions of x, which does not exist.
    """
    require_plain(network, "the exact mean")
    if network.bias == "zero":
        least, most = (_at_cosine(network, value) for value in (0, 1))
        with np.errstate(invalid="ignore"):
            cosine = np.where(norms > 0, inner / np.where(norms > 0, norms, 1), 0.0)
        return least + (most - least) * np.minimum(cosine**2, 1.0)
    with np.errstate(divide="ignore"):
        log_x = 2 * np.log(norms)
    return mean_gains(network, log_x, inner**2 / (norms**2 + 1))


def _at_cosine(network: Network, cosine: int) -> float:
    """The exact mean at zero bias, which is affine in the squared cosine."""
    values: dict[Any, Any] = {**network.environment(), cos_0: sp.Integer(cosine)}
    return float(enclose(mean_exact(), values, 16))
