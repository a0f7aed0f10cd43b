"""What one cell of a training campaign trains, and how."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

import numpy as np

FORMAT = 2  # of the cell's file; a number more makes older cells train again


@dataclass(frozen=True)
class Setting:
    """What one cell trains.

    Attributes:
      data, network, optimizer, scheme: by name.
      seeds: networks trained; seed s has the same draws and the same batches in every scheme.
      epochs: passes through the training part.
      root: seed of all draws.
      rank: K.
      multiplier: of the hidden widths.
      widths: hidden units of a fully connected network; None for the paper's.
      batch: examples of one step.
      rate: learning rate, halved after every ``halving`` epochs.
      augment: whether images are shifted, turned and zoomed.
      normalize: whether inputs are divided by what makes their mean square 1 in the training part.
    """

    data: str
    network: str
    optimizer: str
    scheme: str
    seeds: int = 16
    epochs: int = 10
    root: int = 0
    rank: int = 5
    multiplier: float = 1.0
    batch: int = 32
    rate: float = 0.001
    halving: int = 100
    augment: bool = False
    widths: tuple[int, ...] | None = None
    normalize: bool = False

    @property
    def name(self) -> str:
        """Name of the cell's files."""
        scheme = self.scheme.replace("=", "").replace(":", "-")
        return "-".join((self.data, self.network, self.optimizer, scheme, f"{self.rate:g}"))

    def key(self, fingerprint: str) -> str:
        """Digest of all that decides the cell's numbers."""
        text = json.dumps([FORMAT, fingerprint, asdict(self)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def generator(self, purpose: str, seed: int, *place: int) -> np.random.Generator:
        """Draws of one seed, NumPy's. The scheme and the optimizer have no part in it."""
        name = f"training/{purpose}/{self.data}/{self.network}"
        words = np.frombuffer(hashlib.sha256(name.encode()).digest()[:16], dtype="<u4")
        key = (*map(int, words), seed, *place)
        return np.random.Generator(
            np.random.PCG64(np.random.SeedSequence(self.root, spawn_key=key))
        )
