"""Convolutions of maxout units."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from maxout.nn.functional import check_layout, check_rank, largest_piece, require_floating_point
from maxout.nn.linear import draw_pieces_
from maxout.theory.errors import DomainError


class _MaxoutConv(nn.Module):
    """What the convolutions share; the base beside it in each class convolves.

    The parameters are those of ``nn.ConvNd(in_channels, out_channels * rank, ...)``, so that state
    dicts pass between the two, and rank 1 is the plain layer bit for bit. Unlike there,
    ``out_channels`` counts the units, not the rows of ``weight``.
    """

    dimensions: int
    in_channels: int
    weight: Tensor
    bias: Tensor | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        rank: int,
        stride: int | tuple[int, ...] = 1,
        padding: str | int | tuple[int, ...] = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        layout: str = "contiguous",
        device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        units = check_rank(out_channels, "out_channels")
        # Needed by reset_parameters, which the base's constructor calls.
        self.rank = check_rank(rank)
        self.layout = check_layout(layout)
        check_rank(in_channels, "in_channels")
        groups = check_rank(groups, "groups")
        if units % groups:
            raise DomainError(f"groups must divide the {units} out_channels; got {groups}")
        if groups > 1 and self.rank > 1 and layout == "strided":
            raise DomainError(
                "with groups > 1 the pieces of a strided unit would read different input groups; "
                "use layout='contiguous'"
            )
        super().__init__(
            in_channels,
            units * self.rank,
            kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
            bias=bias,
            padding_mode=padding_mode,
            device=device,
            dtype=dtype,
        )
        self.out_channels = units

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw the weights anew, N(0, 1/(M_K fan_in)), and set the biases to zero."""
        draw_pieces_(self.weight, self.bias, self.rank, generator)

    def forward(self, input: Tensor) -> Tensor:
        """(batch, in_channels, *space) -> (batch, out_channels, *space); batch may be missing."""
        require_floating_point(input, "input")
        spatial = self.dimensions
        unbatched = input.dim() == spatial + 1
        if not (unbatched or input.dim() == spatial + 2) or (
            input.shape[-1 - spatial] != self.in_channels
        ):
            raise DomainError(
                f"input must be a batch of {self.in_channels} channels and {spatial} spatial "
                f"dimensions; got shape {tuple(input.shape)}"
            )
        pieces = super().forward(input)
        return largest_piece(pieces, self.rank, -1 - spatial, self.layout)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, rank={self.rank}, layout={self.layout!r}"


_ARGUMENTS = """

    Args:
      in_channels: input channels; fan_in of a piece is kernel size * in_channels / groups.
      out_channels: maxout units, a multiple of ``groups``.
      kernel_size, stride, padding, dilation, groups, bias, padding_mode, device, dtype: as in
        the plain layer.
      rank: affine pieces K of one unit.
      layout: "contiguous" or "strided" (only without groups); see :func:`maxout.nn.maxout`.

    Attributes:
      weight: (out_channels * rank, in_channels / groups, *kernel_size), drawn N(0, 1/(M_K fan_in)).
      bias: (out_channels * rank,), zero; or None.

    Raises:
      DomainError: for sizes below 1, an unknown layout, groups that do not divide the units; in
        ``forward`` for a shape that does not fit or an input that is not floating point.

    Source of the initialization: Tseran and Montúfar (ICML 2023).
    """


class MaxoutConv1d(_MaxoutConv, nn.Conv1d):
    __doc__ = f"""Maxout units on one spatial dimension; ``nn.Conv1d`` at rank 1.{_ARGUMENTS}"""
    dimensions = 1


class MaxoutConv2d(_MaxoutConv, nn.Conv2d):
    __doc__ = f"""Maxout units on two spatial dimensions; ``nn.Conv2d`` at rank 1.{_ARGUMENTS}"""
    dimensions = 2


class MaxoutConv3d(_MaxoutConv, nn.Conv3d):
    __doc__ = f"""Maxout units on three spatial dimensions; ``nn.Conv3d`` at rank 1.{_ARGUMENTS}"""
    dimensions = 3
