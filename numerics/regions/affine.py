"""Affine maps of the layers on the pieces found so far, with bounds on their rounding errors.

A map from D coordinates (and 1) to n units is kept as coefficients (pieces, D + 1, n), the offset
last, beside a bound on the absolute error of each coefficient. The bounds are the standard ones of
floating-point arithmetic: a sum of m products has error at most gamma_m sum |products|, with
gamma_m = m u / (1 - m u), in whatever order it is summed. They make the later decisions
("this vertex lies on that side") proofs wherever they are not reported as undecided.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from maxout.numerics.regions.concrete_layers import Array
from maxout.theory.errors import MaxoutError

UNIT = 2.0**-53
"""Unit roundoff of float64."""
LARGEST = 1e100
"""Coordinates and coefficients stay below this, and steps and coefficients other than 0 above its
inverse.

Decisions multiply up to three of them. The bounds on rounding errors know neither overflow nor
underflow, and one would pass for a decision that is sure.
"""


class Maps(NamedTuple):
    """Coefficients (pieces, D + 1, ...) and bounds on their absolute errors, of the same shape."""

    value: Array
    error: Array


def _gamma(terms: int) -> float:
    # Two more terms than the sum has cover the bias and the rounding of the bound itself.
    return (terms + 2) * UNIT / (1 - (terms + 2) * UNIT)


def compose(
    weight: Array, bias: Array, maps: Maps | None, network: np.ndarray | None = None
) -> Maps:
    """Return the maps of weight · x + bias.

    Args:
      weight: (..., fan_in), any leading shape such as (units, rank).
      bias: the same without the last axis.
      maps: the maps of x, coefficients (pieces, D + 1, fan_in); None where x is the input itself,
        D = fan_in, on one piece. Then nothing is rounded.
      network: (pieces,), where the first axis of ``weight`` and ``bias`` tells networks apart:
        which of them each piece belongs to.

    Returns:
      coefficients (pieces, D + 1, ...) with the leading shape of ``weight``.

    Raises:
      MaxoutError: for coefficients above ``LARGEST``, or below its inverse and not 0.
    """
    if maps is None:
        exact = np.concatenate([np.moveaxis(weight, -1, 0), bias[None]])[None]
        _check_range(exact)
        return Maps(exact, np.zeros_like(exact))
    _check_range(weight)
    pieces, columns, fan_in = maps.value.shape
    carried = maps.error + _gamma(fan_in) * np.abs(maps.value)
    if network is None:
        leading = weight.shape[:-1]
        flat = weight.reshape(-1, fan_in).T
        shape = (pieces, columns, -1)
        value = (maps.value.reshape(-1, fan_in) @ flat).reshape(shape)
        error = (carried.reshape(-1, fan_in) @ np.abs(flat)).reshape(shape)
        value[:, -1] += bias.reshape(-1)
    else:
        leading = weight.shape[1:-1]
        matrices = weight.reshape(len(weight), -1, fan_in).swapaxes(1, 2)[network]
        value, error = maps.value @ matrices, carried @ np.abs(matrices)
        value[:, -1] += bias.reshape(len(bias), -1)[network]
    _check_range(value)
    error[:, -1] += 2 * UNIT * np.abs(value[:, -1])
    shape = (pieces, columns, *leading)
    return Maps(value.reshape(shape), error.reshape(shape))


def _check_range(value: Array) -> None:
    size = np.abs(value)
    if not ((size <= LARGEST) & ((size >= 1 / LARGEST) | (size == 0))).all():
        raise MaxoutError(
            f"the network's weights or values come too near an end of float64's range, above "
            f"{LARGEST:g} or below {1 / LARGEST:g}: give another c, or rescale its layers"
        )


def select(maps: Maps, piece: np.ndarray, winner: np.ndarray) -> Maps:
    """Return the maps of the units' maxima.

    Args:
      maps: coefficients (pieces, D + 1, units, rank).
      piece: (cells,), the piece each cell lies in.
      winner: (cells, units), the piece of each unit that is largest on the cell.

    Returns:
      coefficients (cells, D + 1, units).
    """
    _, columns, units, rank = maps.value.shape
    entry = np.arange(units) * rank + winner  # (cells, units)
    row = piece[:, None] * columns + np.arange(columns)  # (cells, D + 1)
    index = row[:, :, None] * (units * rank) + entry[:, None, :]
    return Maps(maps.value.reshape(-1)[index], maps.error.reshape(-1)[index])


def join_maps(parts: Sequence[Maps]) -> Maps:
    """Return the maps of all pieces of the parts, in order."""
    return Maps(
        np.concatenate([part.value for part in parts]),
        np.concatenate([part.error for part in parts]),
    )


def candidates(weight: Array, bias: Array) -> np.ndarray:
    """Return (..., units, rank): False for pieces that can be left out exactly.

    A piece whose weights (..., units, rank, fan_in) equal another's, entry by entry, never rises
    above it alone unless its bias is larger; of equal pieces the first stays. Left in, rounding
    would have to decide a tie.
    """
    rank = weight.shape[-2]
    same = (weight[..., :, None, :] == weight[..., None, :, :]).all(axis=-1)
    first = np.tri(rank, k=-1, dtype=bool)  # [k, j]: j comes before k
    above = bias[..., None, :] > bias[..., :, None]
    equal = bias[..., None, :] == bias[..., :, None]
    return ~(same & (above | (equal & first))).any(axis=-1)
