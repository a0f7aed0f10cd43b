"""Real networks: weights and biases drawn, propagated, and differentiated automatically.

Nothing here knows the theory: a network is a forward pass, and its Jacobian comes from
``torch.func.jvp``. Networks are computed in tiles of a fixed number, so that neither memory nor the
number of workers can change a rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from maxout.theory.errors import DoesNotApplyError, DomainError
from maxout.theory.network import Network, require_plain
from maxout.verify.sampling import fine_kernels
from maxout.verify.sampling.biases import LAWS
from maxout.verify.sampling.draws import Draws
from maxout.verify.sampling.scales import weight_variance
from maxout.verify.sampling.streams import BIASES, INPUTS, WEIGHTS, Stream

DrawBiases = Callable[[int, int, Any], np.ndarray | None]
"""(first network, networks, dtype) -> biases that broadcast to (networks, units, pieces), or None
where zero."""

TILE_BYTES = 8 << 20
"""Weights of one tile, unless a single network has more: small enough to stay in the cache."""


@dataclass(frozen=True)
class Layer:
    """One layer's draws: weights (networks, units, pieces, fan_in) are standard normal.

    ``scale`` is their standard deviation in the network; ``biases`` broadcast to
    (networks, units, pieces), or are None where zero.
    """

    weights: torch.Tensor
    scale: float
    biases: torch.Tensor | None = None


def forward(layers: list[Layer], x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Propagate inputs (networks, n_0), each through its own network.

    Returns:
      Activations of the last hidden layer (networks, n_{L-1}) and outputs (networks, n_L).
    """
    hidden = x
    for layer in layers[:-1]:
        hidden = preactivations(layer, hidden).max(dim=-1).values
    return hidden, preactivations(layers[-1], hidden).squeeze(-1)


def preactivations(layer: Layer, x: torch.Tensor) -> torch.Tensor:
    networks, units, pieces, fan_in = layer.weights.shape
    matrices = layer.weights.reshape(networks, units * pieces, fan_in)
    # A row times a matrix: the batched product is several times slower on columns.
    rows = torch.bmm(x.unsqueeze(1), matrices.transpose(1, 2)) * layer.scale
    values = rows.view(networks, units, pieces)
    return values if layer.biases is None else values + layer.biases


Pair = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Tile:
    """A tile of networks, with an input and a unit direction for each, (networks, n_0).

    ``others`` are further directions at the same inputs, in the order of the sampler's.
    """

    layers: list[Layer]
    x: torch.Tensor
    u: torch.Tensor
    others: tuple[torch.Tensor, ...] = ()

    def push(self) -> tuple[Pair, Pair]:
        """Return (last hidden activations, outputs) and their derivatives along u."""
        values, along = self.push_all()
        return values, along[0]

    def push_all(self) -> tuple[Pair, list[Pair]]:
        """Return (last hidden activations, outputs) and their derivatives along every direction.

        The derivatives are those of ``torch.func.jvp``, reached by reverse mode alone: v -> J^T v
        is linear, and its own transpose is J. Forward mode would multiply every weight matrix by an
        expanded zero as well, one network at a time, and keeps process-wide state that two threads
        would corrupt.
        """
        values, pull = torch.func.vjp(lambda x: forward(self.layers, x), self.x)[:2]
        anywhere = tuple(torch.zeros_like(value) for value in values)
        push = torch.func.vjp(lambda *v: pull(v)[0], *anywhere)[1]
        return values, [push(direction) for direction in (self.u, *self.others)]

    def hidden_jacobian(self) -> torch.Tensor:
        """Return the Jacobian of the last hidden layer, (networks, n_{L-1}, n_0)."""
        hidden, pull = torch.func.vjp(lambda x: forward(self.layers, x)[0], self.x)[:2]
        units = torch.eye(hidden.shape[1], dtype=hidden.dtype, device=hidden.device)
        rows = [pull(unit.expand_as(hidden))[0] for unit in units]
        return torch.stack(rows, dim=1)


@dataclass(frozen=True)
class Sampler:
    """Draws networks of one architecture, with inputs of one norm and directions at one angle.

    Attributes:
      network: the architecture.
      biases: name of a law in ``maxout.verify.sampling.biases.LAWS``; must suit ``network.bias``.
      cosine: of the angle between the input x and the direction u; both are otherwise uniform.
      norm: of x.
      others: cosines of further directions at the same input: u and these lie in one half plane.
    """

    network: Network
    biases: str
    cosine: float = 0.6
    norm: float = 1.0
    others: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        self.require_blocks()
        if self.biases not in LAWS:
            raise DomainError(f"no bias law is called {self.biases!r}; there are {', '.join(LAWS)}")
        if self.network.bias not in ("any", self.biases):
            raise DoesNotApplyError(
                f"networks with bias {self.network.bias!r} cannot be drawn with {self.biases!r}"
            )
        if self.network.inputs == 1 and any(abs(cosine) != 1 for cosine in self.cosines):
            raise DomainError("with one input the cosine of the angle must be 1 or -1")

    def require_blocks(self) -> None:
        """Return if networks with such blocks are drawn here."""
        require_plain(self.network, "this sampler")

    @cached_property
    def variance(self) -> float:
        """c as a float."""
        return weight_variance(self.network)

    @property
    def cosines(self) -> tuple[float, ...]:
        """Cosines of all directions."""
        return (self.cosine, *self.others)

    @property
    def endings(self) -> tuple[str, ...]:
        """What names of arrays end in, direction by direction."""
        return ("", *(f"/{cosine}" for cosine in self.others))

    @property
    def shapes(self) -> list[tuple[int, int, int]]:
        """(units, pieces, fan_in) of every layer."""
        hidden = [(units, self.network.rank, fan) for fan, units in self.network.hidden()]
        return [*hidden, (self.network.outputs, 1, self.network.widths[-1])]

    @property
    def scales(self) -> list[float]:
        """Standard deviations of every layer's weights."""
        hidden = [math.sqrt(self.variance / fan_in) for fan_in, _ in self.network.hidden()]
        return [*hidden, 1 / math.sqrt(self.network.widths[-1])]

    @property
    def weights(self) -> int:
        """Weights of one network."""
        return sum(math.prod(shape) for shape in self.shapes)

    def bytes_per_network(self, dtype: torch.dtype) -> int:
        """Memory of one network: its weights, and a few copies of its widest layer's values."""
        values = max(units * pieces for units, pieces, _ in self.shapes)
        return dtype.itemsize * (self.weights + 8 * values + 4 * self.network.inputs)

    def tile_size(self, dtype: torch.dtype) -> int:
        """Networks of one tile."""
        return max(1, TILE_BYTES // self.bytes_per_network(dtype))

    def tile_bytes(self, dtype: torch.dtype) -> int:
        """Memory of one tile."""
        return self.tile_size(dtype) * self.bytes_per_network(dtype)

    def tiles(
        self, stream: Stream, count: int, device: torch.device, dtype: torch.dtype
    ) -> Iterator[Tile]:
        """Draw ``count`` networks, the first tiles first.

        The same draws on any device: they are made on the CPU and copied.
        """
        layers = range(1, len(self.shapes) + 1)
        weights = [stream.generator(layer, WEIGHTS) for layer in layers]
        biases = [*self.biases_of(stream), _no_biases]
        inputs = stream.generator(0, INPUTS)
        numbers = torch.empty(0, dtype=dtype).numpy().dtype
        size = self.tile_size(dtype)
        for start in range(0, count, size):
            networks = min(size, count - start)
            drawn = []
            for (units, pieces, fan_in), scale, weight, bias in zip(
                self.shapes, self.scales, weights, biases, strict=True
            ):
                matrix = weight.weights(start, (networks, units * pieces, fan_in), numbers)
                tensor = torch.from_numpy(matrix).to(device).unflatten(1, (units, pieces))
                offset = bias(start, networks, numbers)
                drawn.append(
                    Layer(
                        tensor,
                        scale,
                        None if offset is None else torch.from_numpy(offset).to(device),
                    )
                )
            x, *along = (
                torch.from_numpy(v).to(device, dtype)
                for v in self.directions(inputs, start, networks)
            )
            yield Tile(drawn, x, along[0], tuple(along[1:]))

    def biases_of(self, stream: Stream) -> list[DrawBiases]:
        """Return what draws the biases of each hidden layer."""
        law = LAWS[self.biases]
        if law is None:
            return [_no_biases] * (len(self.shapes) - 1)

        def of_layer(layer: int) -> DrawBiases:
            units, pieces, _ = self.shapes[layer - 1]
            scale = self.scales[layer - 1]
            generator = stream.generator(layer, BIASES)

            def draw(first: int, networks: int, dtype: np.dtype) -> np.ndarray:
                shape = (networks, units, pieces)
                found = law(layer, shape, scale, lambda: generator.of_networks(first, shape))
                return found.astype(dtype)

            return draw

        return [of_layer(layer) for layer in range(1, len(self.shapes))]

    def directions(self, draws: Draws, start: int, networks: int) -> tuple[np.ndarray, ...]:
        """Draw inputs x and unit directions of networks from ``start`` on, (networks, n_0) each.

        In float64, the same bits on every processor.
        """
        return self.along(draws.fine_of_networks(start, (networks, 2, self.network.inputs)))

    def along(self, pair: np.ndarray) -> tuple[np.ndarray, ...]:
        """``directions`` of pairs of normal vectors (networks, 2, n_0), which it overwrites."""
        fine_kernels.orthonormal(pair)
        first, second = pair[:, 0], pair[:, 1]
        if all(abs(cosine) == 1 for cosine in self.cosines):  # one input has no second direction
            return self.norm * first, *(cosine * first for cosine in self.cosines)
        return self.norm * first, *(
            cosine * first + math.sqrt(1 - cosine * cosine) * second for cosine in self.cosines
        )


def _no_biases(first: int, networks: int, dtype: np.dtype) -> None:
    return None
