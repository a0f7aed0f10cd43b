"""Curves as polylines: sampled finely enough, their length, and the angle they sweep."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from maxout.numerics.regions.segment import check_polyline
from maxout.theory.errors import MaxoutError

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
      MaxoutError: for points of another shape, NaN or inf, points that repeat the one before, or
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
            raise MaxoutError(f"the curve jumps at parameter {t[:-1][stuck][0]:g}")
        if not rough.any():
            break
        if len(t) + rough.sum() > MAX_POINTS:
            raise MaxoutError(
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
        raise MaxoutError(
            f"the curve must map parameters of shape (m,) to points of shape (m, {inputs}); "
            f"got {points.shape} for m = {len(t)}"
        )
    if not np.isfinite(points).all():
        bad = t[~np.isfinite(points).all(axis=1)][0]
        raise MaxoutError(f"the curve is not finite at parameter {bad:g}")
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
      MaxoutError: for bad points, or, unless ``augmented``, a segment that meets the origin.
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
        raise MaxoutError(
            f"segment {hit[0]} of the curve meets the origin, where the direction of the input "
            "jumps; at zero bias give a curve that stays away from it"
        )
