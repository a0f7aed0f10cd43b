"""A fully connected layer of maxout units."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from maxout.nn.functional import check_layout, check_rank, largest_piece, require_floating_point
from maxout.nn.initializers import maxout_normal_
from maxout.theory.errors import DomainError


class MaxoutLinear(nn.Linear):
    """Units x -> max over k of (W_{i,k} · x + b_{i,k}).

    The parameters are those of ``nn.Linear(in_features, out_features * rank)``, so that state dicts
    pass between the two, and rank 1 is the plain layer bit for bit. Unlike there, ``out_features``
    counts the units, not the rows of ``weight``.

    Args:
      in_features: inputs, which are the fan_in of every piece.
      out_features: maxout units.
      rank: affine pieces K of one unit.
      bias: whether pieces have a bias.
      layout: "contiguous" or "strided"; see :func:`maxout.nn.maxout`.
      device, dtype: as in ``nn.Linear``. On the meta device nothing is drawn.

    Attributes:
      weight: (out_features * rank, in_features), drawn N(0, 1/(M_K in_features)).
      bias: (out_features * rank,), zero; or None.

    Raises:
      DomainError: for sizes below 1 or an unknown layout; in ``forward`` for an input that does not
        end in ``in_features`` or is not floating point.

    Source of the initialization: Tseran and Montúfar (ICML 2023).
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        rank: int,
        bias: bool = True,
        layout: str = "contiguous",
        device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        check_rank(in_features, "in_features")
        units = check_rank(out_features, "out_features")
        # Needed by reset_parameters, which the next line calls.
        self.rank = check_rank(rank)
        self.layout = check_layout(layout)
        super().__init__(in_features, units * self.rank, bias, device, dtype)
        self.out_features = units

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw the weights anew, N(0, 1/(M_K fan_in)), and set the biases to zero."""
        draw_pieces_(self.weight, self.bias, self.rank, generator)

    def forward(self, input: Tensor) -> Tensor:
        """(..., in_features) -> (..., out_features)."""
        require_floating_point(input, "input")
        if input.dim() == 0 or input.shape[-1] != self.in_features:
            raise DomainError(
                f"input must end in {self.in_features} features; got shape {tuple(input.shape)}"
            )
        return largest_piece(super().forward(input), self.rank, -1, self.layout)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, rank={self.rank}, layout={self.layout!r}"


def draw_pieces_(
    weight: Tensor, bias: Tensor | None, rank: int, generator: torch.Generator | None
) -> None:
    """Initialize one layer's parameters in place; nothing to draw on the meta device."""
    if weight.is_meta:
        return
    maxout_normal_(weight, rank, fan_in=weight[0].numel(), generator=generator)
    if bias is not None:
        nn.init.zeros_(bias)
