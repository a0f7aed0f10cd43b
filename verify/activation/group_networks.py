"""Networks whose hidden units pick among their features otherwise than maxout, drawn directly."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from maxout.theory.network import Network
from maxout.verify.sampling.populations import Arrays, Setting, shard_size
from maxout.verify.sampling.streams import WEIGHTS, Stream

KEPT = {"groupsort": None, "lwta": 1, "mfm23": 2}
"""How many of a group's features are passed on, the largest ones; None for all, in order."""


@dataclass(frozen=True)
class GroupNetworks:
    """``gain`` ||J(x)u||^2 and ``length`` ||x^(L-1)||^2 over its dimension.

    x has norm ``norm`` and stands at the angle of cosine ``cosine`` to u. With the bias "any" all
    features have fixed biases, different in a group, next to weights of the same law.

    Attributes:
      c: of the network, as a number: it is evaluated where the experiment is described.
    """

    kind: str
    network: Network
    c: float
    cosine: float
    norm: float

    @property
    def arrays(self) -> tuple[str, ...]:
        return ("gain", "length")

    @property
    def name(self) -> str:
        return f"groups/{self.kind}/{self.network}/{self.cosine}/{self.norm}"

    @property
    def shard_size(self) -> int:
        # Products and sorts take as long again as the draws.
        return shard_size(2 * sum(rows * fan_in for rows, fan_in in self._shapes()))

    def memory(self, setting: Setting) -> tuple[int, str]:
        largest = max(rows * fan_in for rows, fan_in in self._shapes())
        return 8 * 3 * largest * self.shard_size, f"a shard of networks {self.network}"

    def _passed(self, groups: int) -> int:
        """Numbers that so many groups pass on."""
        kept = KEPT[self.kind]
        return groups * (2 if kept == 2 else self.network.rank)

    def _shapes(self) -> list[tuple[int, int]]:
        """(features, fan_in) of each hidden layer, and of the output layer."""
        fan_ins = [self.network.inputs, *map(self._passed, self.network.widths)]
        rows = [self.network.rank * groups for groups in self.network.widths]
        return list(zip([*rows, self.network.outputs], fan_ins, strict=True))

    def draw(self, stream: Stream, setting: Setting) -> Arrays:
        # Networks come last: sums over a fan-in are then additions of long rows.
        both = np.zeros((self.network.inputs, 2, self.shard_size))
        both[0, 0] = self.norm
        both[0, 1], both[1, 1] = self.cosine, math.sqrt(1 - self.cosine**2)
        *hidden, output = self._shapes()
        for layer, shape in enumerate(hidden, start=1):
            features = math.sqrt(self.c) * self._product(stream, layer, shape, both)
            groups = features.reshape(-1, self.network.rank, 2, self.shard_size)
            if self.network.bias == "any":
                groups[:, :, 0] += np.linspace(-0.5, 1.0, self.network.rank)[:, None]
            both = self._picked(groups)
        outputs = self._product(stream, len(hidden) + 1, output, both[:, 1:])
        return {
            "gain": np.sum(outputs[:, 0] ** 2, axis=0),
            "length": np.mean(both[:, 0] ** 2, axis=0),
        }

    def _product(
        self, stream: Stream, layer: int, shape: tuple[int, int], both: np.ndarray
    ) -> np.ndarray:
        """Weights N(0, 1/fan_in) times vectors (fan_in, vectors, samples)."""
        generator, (rows, fan_in) = stream.generator(layer, WEIGHTS), shape
        found = np.empty((rows, both.shape[1], self.shard_size))
        for row in found:
            weights = generator.standard_normal((fan_in, self.shard_size))
            np.einsum("js,jvs->vs", weights, both, out=row)
        return found / math.sqrt(fan_in)

    def _picked(self, groups: np.ndarray) -> np.ndarray:
        """What the groups pass on, and its derivative along u: (numbers, 2, samples)."""
        values, kept = groups[:, :, :1], KEPT[self.kind]
        if kept == 1:
            passed = np.where(values == values.max(axis=1, keepdims=True), groups, 0.0)
        elif kept is None:
            passed = np.take_along_axis(groups, np.argsort(values, axis=1), axis=1)
        else:
            least = np.argmin(values, axis=1, keepdims=True)
            others = np.concatenate([(least + i) % self.network.rank for i in (1, 2)], axis=1)
            passed = np.take_along_axis(groups, others, axis=1)
        return passed.reshape(-1, 2, self.shard_size)
