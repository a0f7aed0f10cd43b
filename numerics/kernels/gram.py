"""Gram matrices of the infinite-width kernels: NNGP and NTK of a maxout network.

The network: hidden maxout layers of rank K with weights N(0, c/fan_in) and biases
N(0, bias_variance), then a linear output layer with weights N(0, 1/fan_in) and a bias of the same
variance. Layers are numbered 1..L, L the output layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from operator import index
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from maxout.numerics.kernels.angle_integral import Array
from maxout.numerics.kernels.kernel_inputs import matrix, positive
from maxout.numerics.kernels.recursion import Network, Side, block
from maxout.numerics.kernels.winner_table import KERNEL_RANK, kernel_table
from maxout.theory.errors import DomainError

MAX_DEPTH = 10**6
_BLOCK = 1 << 16  # pairs of inputs carried through the layers at a time


def nngp(
    x: ArrayLike,
    other: ArrayLike | None = None,
    *,
    depth: int,
    rank: int,
    c: float | None = None,
    bias_variance: float = 0.0,
) -> Array:
    """Covariance of the output of an infinitely wide maxout network (NNGP kernel).

    Args:
      x: (N, n_0) inputs, one a row.
      other: (M, n_0) further inputs; ``None`` means x itself.
      depth: L >= 2, number of layers with the linear output layer.
      rank: K, an integer from 1 to 10^4.
      c: weight variance times fan_in of the hidden layers; ``None`` means 1/M_K.
      bias_variance: variance of every bias.

    Returns:
      (N, N) matrix, symmetric to the bit and positive semi-definite to rounding; or (N, M).

    Raises:
      MaxoutError: for NaN, wrong shapes, a zero input without bias, parameters outside their
        domain, or a kernel outside the range of float64.
      KernelAccuracyError: where the table of this rank fails its audit.

    Source: this project; docs/kernels.md.
    """
    return _gram(x, other, _network(_depth(depth), rank, c, bias_variance), tangent=False)


def ntk(
    x: ArrayLike,
    other: ArrayLike | None = None,
    *,
    depth: int,
    rank: int,
    c: float | None = None,
    bias_variance: float = 0.0,
) -> Array:
    """Tangent kernel of one output of an infinitely wide maxout network.

    In the NTK parametrization: weights sqrt(c/fan_in) w, biases sqrt(bias_variance) b, with the
    gradient taken by the standard normal w and b. Arguments, result and errors as for ``nngp``.
    """
    return _gram(x, other, _network(_depth(depth), rank, c, bias_variance), tangent=True)


def ntk_standard(
    x: ArrayLike,
    other: ArrayLike | None = None,
    *,
    widths: Sequence[int],
    rank: int,
    c: float | None = None,
    bias_variance: float = 0.0,
    bias_parameters: bool = False,
) -> Array:
    """Tangent kernel with the gradient taken by the weights themselves, to leading order in width.

    It grows with the width: layer l contributes fan_in/(weight variance times fan_in) times what
    it contributes to ``ntk``.

    Args:
      widths: units of each hidden layer, (n_1, ..., n_{L-1}).
      bias_parameters: whether the biases are parameters too.

    Other arguments, result and errors as for ``nngp``.
    """
    hidden = _widths(widths)
    network = _network(len(hidden) + 1, rank, c, bias_variance)
    standard = replace(network, widths=hidden, bias_parameters=bool(bias_parameters))
    return _gram(x, other, standard, tangent=True)


def _network(depth: int, rank: int, c: float | None, bias_variance: float) -> Network:
    bias = positive(bias_variance, "bias_variance", or_zero=True)
    given = None if c is None else positive(c, "c")
    table = kernel_table(KERNEL_RANK(rank))
    gain = 1 / table.second_moment if given is None else given
    return Network(table, (gain,) * (depth - 1) + (1.0,), bias)


def _depth(depth: Any) -> int:
    try:
        value = 0 if isinstance(depth, bool) else index(depth)
    except TypeError:
        value = 0
    if not 2 <= value <= MAX_DEPTH:
        raise DomainError(
            f"depth must be an integer from 2 to {MAX_DEPTH:,}, counting the linear output layer; "
            f"got {depth!r}"
        )
    return value


def _widths(widths: Any) -> tuple[int, ...]:
    try:
        values = tuple(index(w) for w in widths)
    except TypeError:
        values = ()
    if not values or min(values) < 1:
        raise DomainError(f"widths must be one or more positive integers; got {widths!r}")
    return values


def _gram(x: ArrayLike, other: ArrayLike | None, network: Network, *, tangent: bool) -> Array:
    rows = matrix(x, "x")
    left = Side.of(rows, "x", network)
    right = left
    if other is not None:
        columns = matrix(other, "other")
        if columns.shape[1] != rows.shape[1]:
            raise DomainError(
                f"x and other must have the same number of inputs n_0; got {rows.shape[1]} "
                f"and {columns.shape[1]}"
            )
        right = Side.of(columns, "other", network)
    factors = network.tangent_factors(rows.shape[1]) if tangent else None
    out = np.empty((len(left.unit), len(right.unit)))
    height = max(1, _BLOCK // out.shape[1])
    for start in range(0, out.shape[0], height):
        these = slice(start, start + height)
        if other is not None:
            out[these] = block(left, these, right, slice(None), network, factors)
            continue
        part = block(left, these, left, slice(start, None), network, factors)
        square = part[:, : part.shape[0]]
        lower = np.tril_indices(len(square), -1)
        square[lower] = square.T[lower]
        out[these, start:] = part
        out[start:, these] = part.T
    return out
