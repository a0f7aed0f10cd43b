"""Networks whose layers have dropout or a skip connection: drawn, propagated, differentiated.

Nothing here knows the theory: a block is the code that a user would write, with PyTorch's own
normalizations, and its derivative is automatic. Plain layers have faster ways (``layerwise``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from maxout.theory.block import PLAIN
from maxout.theory.errors import DoesNotApplyError
from maxout.theory.network import Network
from maxout.verify.sampling.biases import LAWS
from maxout.verify.sampling.populations import Arrays, Setting, concatenate, shard_size
from maxout.verify.sampling.scales import weight_variance
from maxout.verify.sampling.streams import BIASES, BRANCH_ENDS, INPUTS, MASKS, WEIGHTS, Stream

if TYPE_CHECKING:  # planning draws nothing, and does without PyTorch
    import torch

TILE_BYTES = 8 << 20


@dataclass(frozen=True)
class _Layer:
    """Draws of one block: ``pieces`` (networks, units, K, fan_in) and ``biases`` or None, scaled.

    ``mask`` (networks, units) has 0 and 1/(1-p) or is None; ``end`` (networks, n, units) is the
    linear layer of a branch or None.
    """

    pieces: torch.Tensor
    biases: torch.Tensor | None
    mask: torch.Tensor | None
    end: torch.Tensor | None


@dataclass(frozen=True)
class BlockNetworks:
    """Sampled networks, their arrays squared norms.

    ``gain/COSINE`` of J u at every cosine; ``length`` of the last hidden layer x^(L-1); ``centred``
    of its part across (1, ..., 1), and ``centred/start`` of x's; with dropout also
    ``length/eval``, the length in evaluation mode.

    Attributes:
      network: the architecture, with its blocks.
      biases: name of a law in ``biases.LAWS``; must suit ``network.bias``.
      cosines: of the angles between the input and each direction, which lie in one half plane.
      norm: of the input.
    """

    network: Network
    biases: str
    cosines: tuple[float, ...]
    norm: float = 1.0

    def __post_init__(self) -> None:
        block = self.network.block
        if block.norm == "rms" or (block.norm == "layer" and block.skip == "none"):
            raise DoesNotApplyError(
                f"blocks are drawn without normalization, or with skip and norm layer; got {block}"
            )

    @property
    def arrays(self) -> tuple[str, ...]:
        modes = ("length/eval",) if self.network.block.dropout else ()
        return (
            "length",
            "centred",
            "centred/start",
            *modes,
            *(f"gain/{cosine}" for cosine in self.cosines),
        )

    @property
    def name(self) -> str:
        cosines = ",".join(map(str, self.cosines))
        return f"blocks/{self.network}/{self.biases}/{cosines}/{self.norm}"

    @property
    def shapes(self) -> list[tuple[int, int, int]]:
        """(units of the maximum, fan_in, units of the block) of every block."""
        network = self.network
        inner = network.block.inner
        return [(inner or width, fan_in, width) for fan_in, width in network.hidden()]

    @property
    def weights(self) -> int:
        """Weights of one network."""
        network = self.network
        ends = network.block.skip == "linear"
        blocks = sum(m * (network.rank * n + ends * width) for m, n, width in self.shapes)
        return blocks + network.outputs * network.widths[-1]

    @property
    def shard_size(self) -> int:
        return shard_size(self.weights)

    def memory(self, setting: Setting) -> tuple[int, str]:
        tile = self._tile()
        return 8 * tile * self.weights * 2, f"a tile of {tile} networks {self.network}"

    def _tile(self) -> int:
        return max(1, TILE_BYTES // (8 * self.weights))

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        import torch

        parts = []
        for layers, output, x, along in self._tiles(stream, setting):

            def outputs(x: torch.Tensor, layers: Any = layers, output: Any = output) -> Any:
                hidden = self._hidden(layers, x)
                return hidden, torch.bmm(output, hidden.unsqueeze(2)).squeeze(2)

            (hidden, values), pull = torch.func.vjp(outputs, x)[:2]
            nothing = torch.zeros_like(hidden)
            push = torch.func.vjp(
                lambda v, pull=pull, nothing=nothing: pull((nothing, v))[0],
                torch.zeros_like(values),
            )[1]
            found = {
                "length": _squared(hidden),
                "centred": _squared(hidden - hidden.mean(dim=1, keepdim=True)),
                "centred/start": _squared(x - x.mean(dim=1, keepdim=True)),
            }
            for cosine, direction in zip(self.cosines, along, strict=True):
                found[f"gain/{cosine}"] = _squared(push(direction)[0])
            if self.network.block.dropout:
                off = [_Layer(la.pieces, la.biases, None, la.end) for la in layers]
                found["length/eval"] = _squared(self._hidden(off, x))
            parts.append(found)
        return concatenate(parts)

    def _hidden(self, layers: list[_Layer], x: torch.Tensor) -> torch.Tensor:
        import torch
        from torch.nn.functional import layer_norm

        block = self.network.block
        beta = float(block.branch_scale)

        for layer in layers:
            networks, units, rank, fan_in = layer.pieces.shape
            matrices = layer.pieces.reshape(networks, units * rank, fan_in)
            inside = layer_norm(x, x.shape[1:], eps=0.0) if block.skip == "pre-norm" else x
            values = torch.bmm(matrices, inside.unsqueeze(2)).view(networks, units, rank)
            if layer.biases is not None:
                values = values + layer.biases
            branch = values.max(dim=2).values
            if layer.end is not None:
                branch = torch.bmm(layer.end, branch.unsqueeze(2)).squeeze(2)
            if block.skip == "normalized":
                branch = layer_norm(branch, branch.shape[1:], eps=0.0)
            x = branch if block.skip == "none" else x + beta * branch
            if layer.mask is not None:
                x = x * layer.mask
        return x

    def _tiles(self, stream: Stream, setting: Setting) -> Iterator[tuple[Any, ...]]:
        """Layers, output weights, inputs and directions, tile by tile."""
        import torch

        from maxout.verify.sampling.networks import Sampler

        network = self.network
        kind = torch.empty(0, dtype=setting.dtype).numpy().dtype
        first, *others = self.cosines
        ends = Sampler(
            network.but(block=PLAIN), self.biases, first, self.norm, tuple(others)
        )  # of inputs and directions alone
        inputs = stream.generator(0, INPUTS)
        variance = weight_variance(network)

        def there(values: np.ndarray) -> torch.Tensor:
            return torch.from_numpy(np.ascontiguousarray(values, dtype=kind)).to(setting.device)

        for start in range(0, self.shard_size, self._tile()):
            networks = min(self._tile(), self.shard_size - start)

            def matrix(
                layer: int, role: int, rows: int, columns: int, start: int, networks: int
            ) -> np.ndarray:
                draws = stream.generator(layer, role)
                return draws.weights(start, (networks, rows, columns), kind)

            layers = [
                self._layer(index, *shape, variance, stream, start, networks, matrix, there)
                for index, shape in enumerate(self.shapes, start=1)
            ]
            last = network.widths[-1]
            drawn = matrix(network.depth, WEIGHTS, network.outputs, last, start, networks)
            x, *along = ends.directions(inputs, start, networks)
            yield layers, there(drawn / math.sqrt(last)), there(x), [there(u) for u in along]

    def _layer(
        self, index: int, units: int, fan_in: int, width: int, variance: float,
        stream: Stream, start: int, networks: int, matrix: Any, there: Any,
    ) -> _Layer:  # fmt: skip
        network = self.network
        block, rank = network.block, network.rank
        scale = math.sqrt(variance / fan_in)
        pieces = there(matrix(index, WEIGHTS, units * rank, fan_in, start, networks) * scale)
        law, biases, mask, end = LAWS[self.biases], None, None, None
        shape = (networks, units, rank)
        if law is not None:
            normals = stream.generator(index, BIASES)
            biases = there(law(index, shape, scale, lambda: normals.of_networks(start, shape)))
        if block.dropout:
            # A normal beyond its quantile: an event of chance 1 - p, the same on every processor.
            p = float(block.dropout)
            drawn = stream.generator(index, MASKS).fine_of_networks(start, (networks, width))
            mask = there((drawn > ndtri(p)) / (1 - p))
        if block.skip == "linear":
            end = there(
                matrix(index, BRANCH_ENDS, width, units, start, networks) / math.sqrt(units)
            )
        return _Layer(pieces.view(networks, units, rank, fan_in), biases, mask, end)


def _squared(values: torch.Tensor) -> np.ndarray:
    return values.double().square().sum(dim=1).cpu().numpy()
