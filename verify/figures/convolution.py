"""Convolutional maxout networks with circular padding, many at once, every layer's gradient.

With circular padding every cell of a layer is read by as many patches as a patch has cells, so
E||u'||^2 <= (units ratio) c M_K ||u||^2 and >= (units ratio) c ||u||^2 as without convolution: the
weights of a patch are independent of the past, whatever other cells share them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from maxout.nn import MaxoutConv2d
from maxout.verify.figures.figure import Array
from maxout.verify.figures.sampled import measure, push
from maxout.verify.streams import INPUTS, Stream, fill_normal

_TOGETHER = 25  # networks of one pass


@dataclass(frozen=True)
class Convolutions:
    """Networks of equal layers at zero bias and c = 1.

    Attributes:
      channels: of every layer and of the input.
      side: cells of a side of the square image.
      kernel: cells of a side of a patch, at most ``side``.
      rank, depth: K and the number of hidden layers.
    """

    channels: int
    side: int
    kernel: int
    rank: int
    depth: int

    def gains(self, seed: int, count: int, progress: Callable[[float], None]) -> Array:
        """Draw ||du^(l)||^2 of unit directions u, (count, depth)."""
        layer = MaxoutConv2d(
            self.channels, self.channels, self.kernel, self.rank,
            padding=self.kernel // 2, padding_mode="circular", bias=False, dtype=torch.float64,
        )  # fmt: skip
        stream = Stream(seed, "figure.convolutions", 0)
        weights = [stream.generator(index) for index in range(1, self.depth + 1)]
        inputs = stream.generator(0, INPUTS)
        deviation = 1 / math.sqrt(self.channels * self.kernel**2)

        def one(drawn: list[torch.Tensor], x: torch.Tensor) -> tuple[torch.Tensor, ...]:
            found = []
            for weight in drawn:
                x = torch.func.functional_call(layer, {"weight": weight}, (x,))
                found.append(x)
            return tuple(found)

        many = torch.func.vmap(one)
        parts = []
        for start in range(0, count, _TOGETHER):
            size = min(_TOGETHER, count - start)
            shape = (size, *layer.weight.shape)
            drawn = [
                fill_normal(generator, torch.empty(shape, dtype=torch.float64)) * deviation
                for generator in weights
            ]
            pair = torch.empty(size, 2, self.channels, self.side, self.side, dtype=torch.float64)
            fill_normal(inputs, pair)
            x, u = pair[:, 0], pair[:, 1]
            u = u / u.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
            with torch.no_grad():
                parts.append(measure(*push(lambda y, w=drawn: many(w, y), x, u)).gain)
            progress((start + size) / count)
        return np.concatenate(parts)
