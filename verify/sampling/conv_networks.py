"""Convolutional networks: drawn, propagated, and differentiated.

Nothing here knows the theory: patches are PyTorch's own (``unfold``), which many small networks
multiply faster than a convolution of as many groups.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from maxout.theory.conv_network import ConvNetwork
from maxout.theory.errors import DoesNotApplyError
from maxout.verify.sampling.biases import LAWS
from maxout.verify.sampling.populations import Arrays, Setting, concatenate, shard_size
from maxout.verify.sampling.scales import weight_variance
from maxout.verify.sampling.streams import BIASES, INPUTS, WEIGHTS, Stream

if TYPE_CHECKING:  # planning draws nothing, and does without PyTorch
    import torch

TILE_BYTES = 8 << 20
MAX_AXES = 2
ALONG = "gain/along"
"""The array of ||J(x) u||^2 with u along x."""


@dataclass(frozen=True)
class ConvNetworks:
    """Sampled networks, their arrays squared norms.

    ``length/b/a`` of the last hidden map's cell a over its channels (a = 0: the mean of all cells),
    of an input that is zero but at cell b (b = 0: the same norm everywhere); ``gain/b`` of J u with
    u of norm 1 like that, in an independent direction, and x the same everywhere.

    Attributes:
      network: the architecture.
      biases: name of a law in ``biases.LAWS``, of every channel's pieces.
      positions: the b, counted from 1.
      cells: the a, counted from 1.
      norm: of the inputs.
    """

    network: ConvNetwork
    biases: str
    positions: tuple[int, ...]
    cells: tuple[int, ...]
    norm: float = 1.0

    def __post_init__(self) -> None:
        if (axes := len(self.network.sizes[0])) > MAX_AXES:
            raise DoesNotApplyError(f"maps are drawn with up to {MAX_AXES} axes; got {axes}")

    @property
    def arrays(self) -> tuple[str, ...]:
        lengths = (f"length/{b}/{a}" for b in self.positions for a in self.cells)
        return (*lengths, *(f"gain/{b}" for b in self.positions), ALONG)

    @property
    def name(self) -> str:
        where = f"{','.join(map(str, self.positions))}/{','.join(map(str, self.cells))}"
        return f"convolutions/{self.network}/{self.biases}/{where}/{self.norm}"

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(units, fan_in) of the channels of every convolution."""
        channels, lying = self.network.channels, self.network.convolution
        return [
            (units, lying.taps * before // lying.groups)
            for before, units in zip(channels, channels[1:], strict=False)
        ]

    @property
    def numbers(self) -> int:
        """Weights of one network, and the features of its maps."""
        network = self.network
        hidden = network.rank * (
            sum(units * fan for units, fan in self.shapes) + sum(network.widths)
        )
        return hidden + network.inputs + network.outputs * network.widths[-1]

    @property
    def shard_size(self) -> int:
        return shard_size(self.numbers)

    def memory(self, setting: Setting) -> tuple[int, str]:
        tile = self._tile()
        return 8 * tile * self.numbers * 4, f"a tile of {tile} networks {self.network}"

    def _tile(self) -> int:
        return max(1, TILE_BYTES // (8 * self.numbers))

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        import torch

        parts = []
        for layers, output, inputs in self._tiles(stream, setting):
            found = {}
            for b in self.positions:
                hidden = self._hidden(layers, self.norm * inputs("x", b))
                cells = hidden.square().mean(dim=1)
                for a in self.cells:
                    found[f"length/{b}/{a}"] = cells[:, a - 1] if a else cells.mean(dim=1)

            def outputs(x: torch.Tensor, layers: Any = layers, output: Any = output) -> Any:
                hidden = self._hidden(layers, x)
                return torch.bmm(output, hidden.reshape(len(hidden), -1, 1)).squeeze(2)

            x = inputs("x", 0)
            values, pull = torch.func.vjp(outputs, self.norm * x)[:2]
            # Forwards by going backwards twice: levels of forward derivatives are one for all
            # threads.
            push = torch.func.vjp(lambda v, pull=pull: pull(v)[0], torch.zeros_like(values))[1]
            directions = {f"gain/{b}": inputs("u", b) for b in self.positions}
            for array, direction in {**directions, ALONG: x}.items():
                found[array] = push(direction)[0].square().sum(dim=1)
            parts.append({name: found[name].double().cpu().numpy() for name in self.arrays})
        return concatenate(parts)

    def _hidden(self, layers: list[Any], x: torch.Tensor) -> torch.Tensor:
        """The last hidden map, (networks, channels, cells), of (networks, channels, cells)."""
        import torch
        from torch.nn.functional import pad, unfold

        lying, sizes = self.network.convolution, self.network.sizes

        def plane(values: tuple[int, ...], one: int) -> tuple[int, ...]:
            return (one,) * (MAX_AXES - len(values)) + values

        kernel, stride, dilation = (
            plane(v, 1) for v in (lying.kernel, lying.stride, lying.dilation)
        )
        high, wide = plane(lying.padding, 0)
        mode = "circular" if lying.padding_mode == "circular" else "constant"
        for (weight, bias), size in zip(layers, sizes, strict=False):
            networks, units = weight.shape[0], weight.shape[1] // self.network.rank
            maps = pad(x.reshape(networks, -1, *plane(size, 1)), (wide, wide, high, high), mode)
            patches = unfold(maps, kernel, dilation=dilation, stride=stride)
            grouped = patches.reshape(networks * lying.groups, -1, patches.shape[2])
            features = torch.bmm(weight.reshape(len(grouped), -1, weight.shape[2]), grouped)
            pieces = features.reshape(networks, units, -1, features.shape[2])
            x = (pieces if bias is None else pieces + bias.unsqueeze(3)).max(dim=2).values
        return x

    def _tiles(self, stream: Stream, setting: Setting) -> Iterator[tuple[Any, Any, Any]]:
        """Layers, output weights, and what makes inputs and directions, tile by tile."""
        import torch

        network = self.network
        kind = torch.empty(0, dtype=setting.dtype).numpy().dtype
        variance = weight_variance(network)
        law, last = LAWS[self.biases], network.widths[-1]

        def there(values: np.ndarray) -> torch.Tensor:
            return torch.from_numpy(np.ascontiguousarray(values, dtype=kind)).to(setting.device)

        for start in range(0, self.shard_size, self._tile()):
            networks = min(self._tile(), self.shard_size - start)
            layers = []
            for index, (units, fan_in) in enumerate(self.shapes, start=1):
                scale = math.sqrt(variance / fan_in)
                rows = (networks, units * network.rank, fan_in)
                weight = stream.generator(index, WEIGHTS).weights(start, rows, kind)
                bias = None
                if law is not None:
                    shape = (networks, units, network.rank)
                    normals = stream.generator(index, BIASES)
                    bias = there(
                        law(index, shape, scale, partial(normals.of_networks, start, shape))
                    )
                layers.append((there(weight * scale), bias))
            draws = stream.generator(network.depth, WEIGHTS)
            output = draws.weights(start, (networks, network.outputs, last), kind)
            ends = (networks, 2, network.channels[0], math.prod(network.sizes[0]))
            pair = stream.generator(0, INPUTS).fine_of_networks(start, ends)
            pair /= np.linalg.norm(pair, axis=2, keepdims=True)

            def inputs(which: str, position: int, pair: np.ndarray = pair) -> torch.Tensor:
                """Of norm 1, (networks, channels, cells)."""
                cells = pair[:, "xu".index(which)]
                if position:
                    alone = np.zeros_like(cells)
                    alone[:, :, position - 1] = cells[:, :, position - 1]
                else:
                    alone = cells / math.sqrt(cells.shape[2])
                return there(alone)

            yield layers, there(output / math.sqrt(last)), inputs
