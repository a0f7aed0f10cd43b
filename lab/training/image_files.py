"""MNIST, Fashion-MNIST, CIFAR and SVHN from files the user has, read by torchvision's loaders.

Split as in the paper: MNIST and Fashion-MNIST 50,000 to train and 10,000 to validate, CIFAR 90 %
and 10 %, SVHN the first 400 of every class to validate; the test part is the data set's own. The
files of CIFAR are pickles: torchvision compares their digests with the published ones before it
opens them.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch

from maxout.lab.training.dataset import DataError, Dataset, Part
from maxout.numerics.reading import open_regular

# name -> (class in torchvision.datasets, classes)
_CLASSES = {
    "mnist": ("MNIST", 10),
    "fashion-mnist": ("FashionMNIST", 10),
    "cifar10": ("CIFAR10", 10),
    "cifar100": ("CIFAR100", 100),
    "svhn": ("SVHN", 10),
}
NAMES = tuple(_CLASSES)
# Where torchvision looks, but for MNIST/raw and FashionMNIST/raw.
_FOLDERS = {"cifar10": ("cifar-10-batches-py",), "cifar100": ("cifar-100-python",), "svhn": (".",)}
MAX_BYTES = 1 << 30  # of a file

HELD_OUT_PER_CLASS = 400  # SVHN

# What damaged or missing files make torchvision and the decoders below it raise.
_FAILURES = (
    OSError, EOFError, RuntimeError, ValueError, AssertionError, KeyError, TypeError, IndexError,
    pickle.UnpicklingError,
)  # fmt: skip


def load(name: str, root: Path) -> Dataset:
    """Read one data set of ``NAMES`` from torchvision's layout under ``root``.

    Raises:
      DataError: where torchvision is not installed, or the files are missing or damaged.
    """
    try:
        datasets = import_module("torchvision.datasets")
    except ImportError:
        raise DataError(
            f"{name} is read by torchvision, which is not installed: install the torchvision that "
            "belongs to your torch"
        ) from None
    except RuntimeError as error:  # what a torchvision made for another torch raises
        raise DataError(
            f"{name} is read by torchvision, which cannot be imported ({error}): install the "
            "torchvision that belongs to your torch"
        ) from None
    loader, classes = _CLASSES[name]
    if not os.path.isdir(root):  # where Path.is_dir raises for a name that is too long
        raise DataError(f"no such folder: {root}")
    _check(root, name, loader)
    try:
        train, test = (_read(getattr(datasets, loader), name, root, part) for part in (True, False))
    except _FAILURES as error:
        lines = str(error).strip().splitlines() or ["damaged file"]
        reason = lines[0].split(" You can use download=True")[0]  # which is not on offer here
        raise DataError(
            f"{name} cannot be read from {root}: {reason} (nothing is downloaded; put "
            "torchvision's files there)"
        ) from None
    kept, held = _SPLITS[name](train, classes)
    return Dataset(name, _take(train, kept), _take(train, held), test, classes, scale=1 / 255)


def _check(root: Path, name: str, loader: str) -> None:
    """Refuse what torchvision would wait for, or would unpickle without comparing a digest.

    Raises:
      FileError: naming what is no regular file. DataError: for an old cache.
    """
    if (old := root / loader / "processed").exists():
        raise DataError(
            f"{old} is the cache of an old torchvision, whose files are pickles: remove it; the "
            f"files of {name} lie in {root / loader / 'raw'}"
        )
    for folder in _FOLDERS.get(name, (f"{loader}/raw",)):
        for place in sorted((root / folder).glob("*")):
            if place.is_dir() and folder == ".":
                continue
            with open_regular(place, MAX_BYTES):
                pass


def _read(dataset: Callable[..., Any], name: str, root: Path, train: bool) -> Part:
    if name == "svhn":
        data = dataset(str(root), split="train" if train else "test", download=False)
        images, labels = data.data, data.labels
    else:
        data = dataset(str(root), train=train, download=False)
        images, labels = data.data, data.targets
    pixels = torch.as_tensor(np.asarray(images))
    if pixels.dim() == 3:  # MNIST: no channels
        pixels = pixels.unsqueeze(1)
    elif name != "svhn":  # CIFAR keeps them last
        pixels = pixels.permute(0, 3, 1, 2)
    return Part(pixels.contiguous(), torch.as_tensor(np.asarray(labels)).to(torch.int64))


def _take(part: Part, index: np.ndarray) -> Part:
    chosen = torch.from_numpy(index)
    return Part(part.inputs[chosen], part.labels[chosen])


def _last(share: float) -> Callable[[Part, int], tuple[np.ndarray, np.ndarray]]:
    """The last ``share`` of the examples to validate."""

    def split(part: Part, classes: int) -> tuple[np.ndarray, np.ndarray]:
        examples = np.arange(len(part.labels))
        cut = len(examples) - round(share * len(examples))
        return examples[:cut], examples[cut:]

    return split


def _first_of_each_class(part: Part, classes: int) -> tuple[np.ndarray, np.ndarray]:
    labels = part.labels.numpy()
    held = np.zeros(len(labels), dtype=bool)
    for label in range(classes):
        members = np.flatnonzero(labels == label)
        if len(members) <= HELD_OUT_PER_CLASS:
            raise DataError(
                f"class {label} has {len(members)} examples; {HELD_OUT_PER_CLASS} are held out"
            )
        held[members[:HELD_OUT_PER_CLASS]] = True
    return np.flatnonzero(~held), np.flatnonzero(held)


_SPLITS = {
    "mnist": _last(1 / 6),
    "fashion-mnist": _last(1 / 6),
    "cifar10": _last(1 / 10),
    "cifar100": _last(1 / 10),
    "svhn": _first_of_each_class,
}
