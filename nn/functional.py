"""The maxout function: the largest of ``rank`` affine pieces, unit by unit."""

from __future__ import annotations

import torch
from torch import Tensor

from maxout.init.constants import check_rank
from maxout.theory.errors import DomainError

LAYOUTS = ("contiguous", "strided")


def maxout(x: Tensor, rank: int, dim: int = -1, layout: str = "contiguous") -> Tensor:
    """Take the largest of the ``rank`` pieces of each unit along one dimension.

    Args:
      x: floating point, ``units * rank`` long along ``dim``.
      rank: affine pieces K of one unit. Rank 1 returns ``x`` itself.
      dim: the dimension that holds the channels.
      layout: where the pieces of unit i lie among n units: "contiguous" i K, ..., i K + K - 1
        (Lasagne, Chainer, Paddle, thinc), or "strided" i, i + n, ..., i + (K - 1) n (TensorFlow
        addons).

    Returns:
      ``x`` with ``dim`` shortened to ``units``. Not a number if any piece is. Pieces that tie share
      the gradient in equal parts.

    Raises:
      DomainError: for a rank that does not divide the channels, an unknown layout, a dimension out
        of range, or numbers that are not floating point.

    Source: Goodfellow et al., Maxout Networks (ICML 2013).
    """
    rank = check_rank(rank)
    check_layout(layout)
    require_floating_point(x, "x")
    if not -x.dim() <= dim < x.dim():
        raise DomainError(f"dim must be one of the {x.dim()} dimensions of x; got {dim}")
    channels = x.shape[dim]
    if channels % rank:
        raise DomainError(
            f"rank must divide the {channels} channels of dimension {dim}; got rank {rank}"
        )
    return largest_piece(x, rank, dim, layout)


def largest_piece(x: Tensor, rank: int, dim: int, layout: str) -> Tensor:
    """:func:`maxout` for arguments that were checked before."""
    if rank == 1:
        return x
    if dim < 0:
        dim += x.dim()
    units = x.shape[dim] // rank
    if layout == "contiguous":
        return torch.unflatten(x, dim, (units, rank)).amax(dim + 1)
    return torch.unflatten(x, dim, (rank, units)).amax(dim)


def check_layout(layout: str) -> str:
    if layout not in LAYOUTS:
        raise DomainError(f"layout must be one of {', '.join(LAYOUTS)}; got {layout!r}")
    return layout


def require_floating_point(x: Tensor, name: str) -> None:
    if not x.is_floating_point():
        raise DomainError(
            f"{name} must hold floating-point numbers; got {x.dtype}: convert it with .float()"
        )
