"""Initializers of maxout kernels for JAX: functions of (key, shape, dtype), as its own are.

``jax.nn.initializers.variance_scaling`` with the scale 1/M_K; Flax and Equinox take them as they
take JAX's. Needs JAX.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from jax.nn.initializers import Initializer, variance_scaling

from maxout.init.constants import Window, calculate_gain

Axes = int | Sequence[int]
Law = Literal["normal", "truncated_normal", "uniform"]


def maxout_normal(
    rank: int, *, window: Window = 1, in_axis: Axes = -2, out_axis: Axes = -1, **options: Any
) -> Initializer:
    """Return an initializer: draws from N(0, c/fan_in), c = 1/M_K.

    Args:
      rank: affine pieces K of one unit.
      window: cells of the max pooling that follows, or its kernel size.
      in_axis, out_axis: axes of the kernel that hold inputs and outputs. The default is a Dense or
        Conv layer of units * K features, (*kernel, in, units * K); a kernel (in, units, K) has
        ``in_axis=-3, out_axis=(-2, -1)``. What is left of the axes multiplies fan_in.
      options: ``batch_axis`` and ``dtype``, as ``variance_scaling`` takes them.

    Raises:
      DomainError: for a rank or a window that is not an integer of at least 1.
    """
    return _scaled("normal", rank, window, in_axis, out_axis, options)


def maxout_truncated_normal(
    rank: int, *, window: Window = 1, in_axis: Axes = -2, out_axis: Axes = -1, **options: Any
) -> Initializer:
    """``maxout_normal`` from a normal cut at two standard deviations, of the same variance."""
    return _scaled("truncated_normal", rank, window, in_axis, out_axis, options)


def maxout_uniform(
    rank: int, *, window: Window = 1, in_axis: Axes = -2, out_axis: Axes = -1, **options: Any
) -> Initializer:
    """``maxout_normal`` from a uniform law of the same variance."""
    return _scaled("uniform", rank, window, in_axis, out_axis, options)


def _scaled(
    law: Law, rank: int, window: Window, in_axis: Axes, out_axis: Axes, options: dict[str, Any]
) -> Initializer:
    scale = calculate_gain(rank, window) ** 2
    return variance_scaling(scale, "fan_in", law, in_axis=in_axis, out_axis=out_axis, **options)
