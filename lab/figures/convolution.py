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

from maxout.lab.figures.figure_data import Array
from maxout.lab.figures.sampled import REAL, measure, over_shards, push
from maxout.nn import MaxoutConv2d
from maxout.verify.sampling.streams import INPUTS, Stream


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
        deviation = 1 / math.sqrt(self.channels * self.kernel**2)

        def work(stream: Stream, size: int) -> Array:
            # Of this thread alone: functional_call puts the weights into the module for a while.
            layer = MaxoutConv2d(
                self.channels, self.channels, self.kernel, self.rank,
                padding=self.kernel // 2, padding_mode="circular", bias=False, dtype=REAL,
            )  # fmt: skip

            def one(drawn: list[torch.Tensor], x: torch.Tensor) -> tuple[torch.Tensor, ...]:
                found = []
                for weight in drawn:
                    x = torch.func.functional_call(layer, {"weight": weight}, (x,))
                    found.append(x)
                return tuple(found)

            drawn = [
                torch.from_numpy(
                    stream.generator(index).standard_normal((size, *layer.weight.shape), np.float32)
                ).to(REAL)
                * deviation
                for index in range(1, self.depth + 1)
            ]
            shape = (size, 2, self.channels, self.side, self.side)
            pair = torch.from_numpy(stream.generator(0, INPUTS).standard_normal(shape)).to(REAL)
            x, u = pair[:, 0], pair[:, 1]
            u = u / u.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
            with torch.no_grad():
                return measure(*push(lambda y: torch.func.vmap(one)(drawn, y), x, u)).gain

        return np.concatenate(over_shards(work, seed, "figure.convolutions", count, progress))
