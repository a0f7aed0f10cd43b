"""Data sets of the training experiments by name: from installed packages or from files."""

from __future__ import annotations

from pathlib import Path

from maxout.lab.training import image_files, installed
from maxout.lab.training.dataset import DataError, Dataset


def load(name: str, root: str | Path | None = None) -> Dataset:
    """Load a data set and split it.

    Args:
      name: one of ``names()``.
      root: folder of the files of MNIST, Fashion-MNIST, CIFAR or SVHN, as torchvision lays them
        out; nothing is ever downloaded. The other sets come with installed packages.

    Raises:
      DataError: for an unknown name, a missing package, missing or damaged files, NaN in the data.
    """
    if name in installed.LOADERS:
        return installed.LOADERS[name]()
    if name in image_files.NAMES:
        if root is None:
            raise DataError(f"{name} is read from files: say where they are with --data-root DIR")
        return image_files.load(name, Path(root))
    raise DataError(f"data must be one of {', '.join(names())}; got {name[:60]!r}")


def names() -> tuple[str, ...]:
    """Every data set that :func:`load` knows."""
    return (*installed.LOADERS, *image_files.NAMES)
