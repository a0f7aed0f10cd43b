"""Initializers of maxout weights, twins of those in ``torch.nn.init``.

Weights get variance c/fan_in with c = 1/M_{K p}: K the rank, p the cells of the max pooling that
follows. At rank 1 without pooling c = 1, and the draws are those of ``kaiming_normal_`` and
``kaiming_uniform_`` with ``nonlinearity="linear"``, number for number.

Source: Tseran and Montúfar (ICML 2023).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from maxout.init.constants import calculate_gain
from maxout.nn.functional import check_rank, require_floating_point
from maxout.theory.errors import DomainError, MaxoutError

Window = int | tuple[int, ...]


def maxout_normal_(
    tensor: Tensor,
    rank: int,
    *,
    fan_in: int | None = None,
    window: Window = 1,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Fill a weight tensor with draws from N(0, c/fan_in), c = 1/M_K, in place.

    Args:
      tensor: the weights of all pieces, (units * rank, fan_in) or (units * rank, channels, *kernel)
        with a kernel of two or three dimensions; any other shape with ``fan_in``.
      rank: affine pieces K of one unit.
      fan_in: inputs of one piece, for a convolution kernel size * input channels / groups. Left
        out, it is read from a shape above; other shapes are ambiguous: three dimensions may be a
        convolution or (units, rank, fan_in).
      window: cells of the max pooling that follows, an integer or a kernel size such as (2, 2).
      generator: source of the draws; None is the default generator of the tensor's device.

    Returns:
      ``tensor``.

    Raises:
      MaxoutError: for a shape that needs ``fan_in``, a rank that does not divide the rows, an
        integer or meta tensor, or arguments below 1.
    """
    std = standard_deviation(tensor, rank, fan_in, window)
    return nn.init.normal_(tensor, 0.0, std, generator=generator)


def maxout_uniform_(
    tensor: Tensor,
    rank: int,
    *,
    fan_in: int | None = None,
    window: Window = 1,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Fill a weight tensor with uniform draws of half-width √(3c/fan_in), variance c/fan_in.

    Arguments, result and errors as for :func:`maxout_normal_`.
    """
    bound = math.sqrt(3.0) * standard_deviation(tensor, rank, fan_in, window)
    return nn.init.uniform_(tensor, -bound, bound, generator=generator)


def maxout_truncated_normal_(
    tensor: Tensor,
    rank: int,
    *,
    fan_in: int | None = None,
    window: Window = 1,
    cutoff: float = 2.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Fill a weight tensor with truncated normal draws whose variance is c/fan_in after the cut.

    Args:
      cutoff: where the normal is cut, in its own standard deviations; 0.1 to 100.

    Other arguments, result and errors as for :func:`maxout_normal_`.
    """
    std = standard_deviation(tensor, rank, fan_in, window)
    std /= math.sqrt(_truncated_variance(cutoff))
    bound = cutoff * std
    return nn.init.trunc_normal_(tensor, 0.0, std, -bound, bound, generator=generator)


def _truncated_variance(cutoff: float) -> float:
    """Variance of N(0, 1) given that it lies in [-cutoff, cutoff]."""
    # Below 0.1 the difference cancels (it is cutoff²/3), and uniform draws are what is meant.
    if not 0.1 <= cutoff <= 100:
        raise DomainError(f"cutoff must be a number from 0.1 to 100; got {cutoff!r}")
    density = math.exp(-cutoff * cutoff / 2) / math.sqrt(2 * math.pi)
    return 1.0 - 2 * cutoff * density / math.erf(cutoff / math.sqrt(2))


def standard_deviation(tensor: Tensor, rank: int, fan_in: int | None, window: Window) -> float:
    """√(c/fan_in) for weights that can be drawn; the arguments of :func:`maxout_normal_`."""
    require_floating_point(tensor, "tensor")
    if tensor.is_meta:
        raise MaxoutError(
            "tensor is on the meta device and holds no numbers: call to_empty() first"
        )
    rank = check_rank(rank)
    fan_in = _fan_in(tensor, rank) if fan_in is None else check_rank(fan_in, "fan_in")
    return calculate_gain(rank, window) / math.sqrt(fan_in)


def _fan_in(tensor: Tensor, rank: int) -> int:
    shape = tuple(tensor.shape)
    if tensor.dim() not in (2, 4, 5):
        raise DomainError(f"fan_in cannot be read from shape {shape}: pass fan_in=")
    if 0 in shape:
        raise DomainError(f"tensor is empty: shape {shape}")
    if shape[0] % rank:
        raise DomainError(
            f"rank must divide the {shape[0]} rows of shape {shape}; got rank {rank}. "
            "Pass fan_in= for another layout"
        )
    return math.prod(shape[1:])
