"""Populations of sampled networks: gains, lengths, and how each direction grows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maxout.verify.sampling.populations import Arrays, Setting, concatenate, shard_size
from maxout.verify.sampling.streams import Stream

if TYPE_CHECKING:  # planning draws nothing, and does without PyTorch
    from maxout.verify.sampling.networks import Sampler

LAUNCH_BYTES = 1 << 28
LAUNCH_DRAWS = 1 << 35
"""Draws of one launch on a GPU, at most: on paper 0.07 s of an H100, at 58 instructions each."""


@dataclass(frozen=True)
class _Sampled:
    sampler: Sampler

    @property
    def shard_size(self) -> int:
        return shard_size(self.sampler.weights)

    def _describe(self, kind: str) -> str:
        s = self.sampler
        return f"{kind}/{s.network}/{s.biases}/{','.join(map(str, s.cosines))}/{s.norm}"

    def memory(self, setting: Setting) -> tuple[int, str]:
        tile = self.sampler.tile_size(setting.dtype)
        networks = "one network" if tile == 1 else f"a tile of {tile} networks"
        return self.sampler.tile_bytes(setting.dtype), f"{networks} {self.sampler.network}"


@dataclass(frozen=True)
class Networks(_Sampled):
    """Sampled networks: ``gain`` ||J u||^2, ``hidden`` the same before the output layer, and
    ``length`` ||x||^2 of the last hidden layer; ``gain/COSINE`` and ``hidden/COSINE`` along the
    sampler's other directions.

    Drawn by ``device_networks`` in float32 on a GPU and otherwise by ``layerwise``, on the CPU:
    weights written there and copied to a GPU would take longer."""

    @property
    def arrays(self) -> tuple[str, ...]:
        along = (f"{name}{end}" for name in ("gain", "hidden") for end in self.sampler.endings)
        return ("length", *along)

    @property
    def name(self) -> str:
        return self._describe("networks")

    def memory(self, setting: Setting) -> tuple[int, str]:
        if not self._on_device(setting):
            return super().memory(setting)
        networks = self.together(setting) * self.shard_size
        held = networks * self._device_bytes()
        return held, f"a launch of {networks} networks {self.sampler.network}"

    def together(self, setting: Setting) -> int:
        """Shards that are best drawn by one call: as many as keep a GPU busy."""
        if not self._on_device(setting):
            return 1
        by_draws = LAUNCH_DRAWS // (self.shard_size * self.sampler.weights)
        by_bytes = LAUNCH_BYTES // (self.shard_size * self._device_bytes())
        return max(1, min(by_draws, by_bytes))

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        return self.draw_together([stream], setting)[0]

    def draw_together(self, streams: Sequence[Stream], setting: Setting) -> list[Arrays]:
        """Draw shards that follow one another."""
        from maxout.verify.sampling import layerwise

        if self._on_device(setting):
            from maxout.verify.sampling import device_networks  # Triton is not everywhere

            return device_networks.squared_norms(
                self.sampler, streams, self.shard_size, setting.device
            )
        tiles = (
            layerwise.squared_norms(self.sampler, s, self.shard_size, setting.dtype)
            for s in streams
        )
        return [concatenate([*found]) for found in tiles]

    def _on_device(self, setting: Setting) -> bool:
        return setting.device.type != "cpu" and setting.dtype.itemsize == 4

    def _device_bytes(self) -> int:
        # Rows in both precisions on either side, values of two layers, and of all pieces of one.
        s = self.sampler
        widest = max(units for units, _, _ in s.shapes)
        most = max(units * pieces for units, pieces, _ in s.shapes)
        return (1 + len(s.cosines)) * (12 * s.network.inputs + 8 * widest + 4 * most + 32)


@dataclass(frozen=True)
class Along:
    """Networks seen along one of their directions: the draws are those of ``networks``.

    One network is one observation of every direction. Verdicts about two of them are dependent,
    which the sum of their alphas does not mind.
    """

    networks: Networks
    cosine: float

    @property
    def arrays(self) -> tuple[str, ...]:
        return self.networks.arrays

    @property
    def name(self) -> str:
        return self.networks.name

    @property
    def shard_size(self) -> int:
        return self.networks.shard_size

    def memory(self, setting: Setting) -> tuple[int, str]:
        return self.networks.memory(setting)

    def together(self, setting: Setting) -> int:
        return self.networks.together(setting)

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        return self.networks.draw(stream, setting)

    def draw_together(self, streams: Sequence[Stream], setting: Setting) -> list[Arrays]:
        return self.networks.draw_together(streams, setting)

    def view(self, arrays: Arrays) -> Arrays:
        """The arrays of this direction, named as if it were the only one."""
        s = self.networks.sampler
        ending = s.endings[s.cosines.index(self.cosine)]
        return {
            "gain": arrays[f"gain{ending}"],
            "hidden": arrays[f"hidden{ending}"],
            "length": arrays["length"],
        }


@dataclass(frozen=True)
class Spectra(_Sampled):
    """Sampled networks of one width n, inputs included: ``growth`` (samples, n).

    Column j is ln |R_jj| a layer, where the hidden layers' Jacobian maps an orthonormal frame that
    starts with x onto Q R: the growth of the j-th direction apart from those before it.
    """

    @property
    def arrays(self) -> tuple[str, ...]:
        return ("growth",)

    @property
    def name(self) -> str:
        return self._describe("spectra")

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        import torch

        parts: list[Arrays] = []
        layers = len(self.sampler.network.widths)
        for tile in self.sampler.tiles(stream, self.shard_size, setting.device, setting.dtype):
            jacobian = tile.hidden_jacobian().double()
            x = tile.x.double()
            others = torch.eye(x.shape[1], dtype=x.dtype, device=x.device)[1:]
            columns = torch.cat([x.unsqueeze(1), others.expand(len(x), -1, -1)], dim=1).mT
            frame = torch.linalg.qr(columns).Q
            upper = torch.linalg.qr(jacobian @ frame).R
            growth = upper.diagonal(dim1=1, dim2=2).abs().log() / layers
            parts.append({"growth": growth.cpu().numpy()})
        return concatenate(parts)
