"""Networks with a normalization in every block, sampled and differentiated.

As in ``networks``: a forward pass whose derivatives are automatic, and nothing of the theory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch

from maxout.theory.errors import DoesNotApplyError
from maxout.verify.sampling.networks import Layer, Sampler, Tile, preactivations
from maxout.verify.sampling.populations import Arrays, Setting, concatenate, shard_size
from maxout.verify.sampling.streams import Stream


@dataclass(frozen=True)
class NormalizedSampler(Sampler):
    """Draws networks whose blocks are normalized; a linear layer inside a block is one of rank 1.

    With a linear layer the biases are zero.
    """

    def require_blocks(self) -> None:
        block = self.network.block
        if block.norm == "none" or block.skip != "none" or block.dropout != 0:
            raise DoesNotApplyError(
                "this sampler needs a normalization in every block, and no dropout and no skip; "
                f"got {block}"
            )
        if self.linear and self.biases != "zero":
            raise DoesNotApplyError("networks with a linear layer in a block have zero biases here")

    @property
    def linear(self) -> bool:
        """Whether a linear layer stands before the normalization."""
        return self.network.block.norm_place == "linear"

    @cached_property
    def shapes(self) -> list[tuple[int, int, int]]:
        network = self.network
        found = []
        for fan_in, units in network.hidden():
            inner = (network.block.inner or units) if self.linear else units
            found.append((inner, network.rank, fan_in))
            found += [(units, 1, inner)] if self.linear else []
        return [*found, (network.outputs, 1, network.widths[-1])]

    @property
    def scales(self) -> list[float]:
        *hidden, (_, _, last) = self.shapes
        return [
            *(math.sqrt((self.variance if pieces > 1 or not self.linear else 1) / fan_in)
              for _, pieces, fan_in in hidden),
            1 / math.sqrt(last),
        ]  # fmt: skip


def normalize(values: torch.Tensor, norm: str, epsilon: float = 0.0) -> torch.Tensor:
    """Divide by the root of the mean square, or of the variance, over all dimensions but the first.

    Args:
      norm: "rms" or "layer", which subtracts the mean first.
      epsilon: is added to the mean square or the variance.
    """
    over = tuple(range(1, values.dim()))
    if norm == "layer":
        values = values - values.mean(over, keepdim=True)
    return values / (values.square().mean(over, keepdim=True) + epsilon).sqrt()


def normalized_forward(
    sampler: NormalizedSampler, layers: list[Layer], x: torch.Tensor, epsilon: float = 0.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Propagate inputs (networks, n_0), each through its own network.

    Returns:
      What the last block gives, (networks, n_{L-1}), and outputs, (networks, n_L).
    """
    block = sampler.network.block
    *hidden, readout = layers
    for index, layer in enumerate(hidden):
        x = preactivations(layer, x)
        if block.norm_place == "before":
            x = normalize(x, block.norm, epsilon)
        x = x.max(dim=-1).values
        ends = block.norm_place == "behind" or (sampler.linear and index % 2 == 1)
        if ends:
            x = normalize(x, block.norm, epsilon)
    return x, preactivations(readout, x).squeeze(-1)


@dataclass(frozen=True)
class NormalizedNetworks:
    """``gain`` ||J u||^2, ``length`` ||y||^2/n of the last block, and ``weights`` (samples, L):
    ||dN/dW^(l)||^2 of the first output by the weights of every layer.
    """

    sampler: NormalizedSampler

    @property
    def arrays(self) -> tuple[str, ...]:
        return ("gain", "length", "weights")

    @property
    def name(self) -> str:
        s = self.sampler
        return f"normalized networks/{s.network}/{s.biases}/{s.cosine}/{s.norm}"

    @property
    def shard_size(self) -> int:
        return shard_size(self.sampler.weights)

    def memory(self, setting: Setting) -> tuple[int, str]:
        held = 4 * self.sampler.tile_bytes(setting.dtype)  # weights, their gradients, and products
        return held, f"normalized networks {self.sampler.network}"

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        tiles = self.sampler.tiles(stream, self.shard_size, setting.device, setting.dtype)
        return concatenate([self._differentiated(tile) for tile in tiles])

    def _differentiated(self, tile: Tile) -> Arrays:
        def run(x: torch.Tensor, weights: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
            layers = [
                Layer(w, layer.scale, layer.biases)
                for w, layer in zip(weights, tile.layers, strict=True)
            ]
            return normalized_forward(self.sampler, layers, x)

        drawn = [layer.weights for layer in tile.layers]
        # Reverse mode alone, as in ``Tile.push_all``.
        (last, outputs), pull = torch.func.vjp(lambda x: run(x, drawn), tile.x)[:2]
        nowhere = torch.zeros_like(last)
        push = torch.func.vjp(lambda v: pull((nowhere, v))[0], torch.zeros_like(outputs))[1]
        (along,) = push(tile.u)
        first, by_weights = torch.func.vjp(lambda w: run(tile.x, w)[1][:, 0], drawn)[:2]
        (gradients,) = by_weights(torch.ones_like(first))
        squares = [
            _squared_norm(g) / layer.scale**2
            for g, layer in zip(gradients, tile.layers, strict=True)
        ]
        return {
            "gain": _squared_norm(along).cpu().numpy(),
            "length": (_squared_norm(last) / last.shape[1]).cpu().numpy(),
            "weights": torch.stack(squares, dim=1).cpu().numpy(),
        }


def _squared_norm(values: torch.Tensor) -> torch.Tensor:
    return values.double().square().flatten(1).sum(dim=1)
