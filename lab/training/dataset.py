"""What a data set of the training experiments is: checked, and split once and for all."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from maxout.theory.errors import MaxoutError

SPLITS = ("train", "validation", "test")


class DataError(MaxoutError):
    """A data set is missing, damaged, or not fit to train on. One line that says what to do."""


@dataclass(frozen=True)
class Part:
    """Examples of one split: inputs (examples, *shape) as stored, labels (examples,) int64."""

    inputs: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Dataset:
    """A classification data set in three parts.

    Attributes:
      name: what ``data.load`` knows it by.
      train, validation, test: its parts. Inputs may be stored as bytes to save memory.
      classes: number of labels, which are 0, ..., classes - 1.
      scale: what stored inputs are multiplied by when used (1/255 for bytes).
    """

    name: str
    train: Part
    validation: Part
    test: Part
    classes: int
    scale: float = 1.0

    def __post_init__(self) -> None:
        for split in SPLITS:
            _check(f"{self.name} ({split})", getattr(self, split), self.classes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one input: (features,) or (channels, height, width)."""
        return tuple(self.train.inputs.shape[1:])

    @property
    def is_image(self) -> bool:
        return len(self.shape) == 3

    def values(self, stored: Tensor) -> Tensor:
        """Stored inputs as the float32 numbers a network sees."""
        return stored.to(torch.float32) * self.scale

    def fingerprint(self) -> str:
        """Digest of every number in the parts, so that cells of other data are told apart."""
        digest = hashlib.sha256(f"{self.shape} {self.classes} {self.scale!r}".encode())
        for split in SPLITS:
            part = getattr(self, split)
            for tensor in (part.inputs, part.labels):
                digest.update(np.ascontiguousarray(tensor.numpy()).tobytes())
        return digest.hexdigest()[:16]


def _check(name: str, part: Part, classes: int) -> None:
    if len(part.inputs) != len(part.labels):
        raise DataError(f"{name}: {len(part.inputs)} inputs but {len(part.labels)} labels")
    if not len(part.inputs):
        raise DataError(f"{name}: no examples")
    if part.inputs.is_floating_point():
        bad = ~torch.isfinite(part.inputs.flatten(1)).all(dim=1)
        if bad.any():
            first = int(bad.nonzero()[0, 0])
            raise DataError(
                f"{name}: {int(bad.sum())} examples hold NaN or infinity, the first at {first}: "
                "clean the data first"
            )
    low, high = int(part.labels.min()), int(part.labels.max())
    if low < 0 or high >= classes:
        raise DataError(f"{name}: labels must lie in 0..{classes - 1}; got {low}..{high}")
