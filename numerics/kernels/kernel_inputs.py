"""Arrays of inputs as the kernels see them: checked, with the covariance of the first layer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from maxout.numerics.kernels.angle_integral import Array
from maxout.theory.errors import DomainError

# Above this cosine (in size) the angle of two inputs is taken from their difference: arccos would
# lose more than a factor 7 = 1/sqrt(1 - 0.99^2) of the rounding there.
_NEAR = 0.99
_GATHER = 1 << 20  # numbers gathered at a time for such pairs


@dataclass(frozen=True)
class Inputs:
    """Inputs as unit vectors with the norm they had.

    Attributes:
      unit: (N, d) rows of norm one.
      norm: (N,) Euclidean norm each row had.
    """

    unit: Array
    norm: Array

    @classmethod
    def of(cls, x: Array, name: str, gain: float, bias_variance: float) -> Inputs:
        """From rows (sqrt(gain/n_0) x, sqrt(bias_variance)): their Gram matrix is layer 1's."""
        rows = math.sqrt(gain / x.shape[1]) * x
        if bias_variance:
            bias = np.full((len(rows), 1), math.sqrt(bias_variance))
            rows = np.hstack([rows, bias])
        size = np.max(np.abs(rows), axis=1)
        if not np.all(size > 0):
            where = int(np.argmin(size))
            raise DomainError(
                f"{name}[{where}] is zero and so is bias_variance: its correlation with other "
                "inputs is undefined; drop it or give a positive bias_variance"
            )
        unit = rows / size[:, None]
        length = np.linalg.norm(unit, axis=1)
        return cls(unit / length[:, None], size * length)


def matrix(x: ArrayLike, name: str) -> Array:
    """The inputs as a float64 matrix, or a ``DomainError`` that says what is wrong with them."""
    try:
        values = np.asarray(x, dtype=np.float64)
    except (TypeError, ValueError):
        raise DomainError(f"{name} must be an array of real numbers, one input a row") from None
    if values.ndim != 2 or 0 in values.shape:
        raise DomainError(
            f"{name} must have shape (number of inputs, n_0), neither of them 0; "
            f"got shape {values.shape}"
        )
    if not np.all(np.isfinite(values)):
        raise DomainError(f"{name} has NaN or infinite entries; remove or impute them")
    return values


def angles(left: Array, right: Array) -> Array:
    """Angles of unit rows, (N, d) and (M, d) -> (N, M), to rounding near 0 and pi as well."""
    cosine = np.clip(left @ right.T, -1.0, 1.0)
    theta = np.arccos(cosine)
    rows, columns = np.nonzero(np.abs(cosine) > _NEAR)
    step = max(1, _GATHER // left.shape[1])
    for start in range(0, rows.size, step):
        i, j = rows[start : start + step], columns[start : start + step]
        sign = np.sign(cosine[i, j])
        chord = np.linalg.norm(left[i] - sign[:, None] * right[j], axis=1)
        small = 2 * np.arcsin(np.minimum(chord / 2, 1.0))
        theta[i, j] = np.where(sign > 0, small, np.pi - small)
    return theta


def positive(value: Any, name: str, *, or_zero: bool = False) -> float:
    """A finite float above zero (or zero), or a ``DomainError`` that says so."""
    wanted = "a finite number >= 0" if or_zero else "a positive finite number"
    try:
        number = math.nan if isinstance(value, (bool, str)) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not (math.isfinite(number) and (number > 0 or (or_zero and number == 0))):
        raise DomainError(f"{name} must be {wanted}; got {value!r}")
    return number
