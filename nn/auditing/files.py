"""State dicts from files that nobody trusts: no code of theirs is ever run."""

from __future__ import annotations

import os
import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

# Where training scripts put the state dict in a checkpoint, in the order looked for.
_NESTED = ("state_dict", "model_state_dict", "model")


def read_state(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """Read a state dict from a .safetensors file or a PyTorch checkpoint.

    A checkpoint is loaded with ``weights_only=True``: its pickle may name tensors and plain
    containers and nothing else, and anything beyond is refused before it runs.

    Returns:
      name -> tensor on the CPU. Of a checkpoint that holds more, the entry "state_dict",
      "model_state_dict" or "model".

    Raises:
      ValueError: for a file that is missing, corrupt, not safe, or holds no tensors.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a .safetensors file or a PyTorch checkpoint")
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror or error}") from None
    if not head:
        raise ValueError(f"{path} is empty")
    return _safetensors(path) if path.suffix == ".safetensors" else _checkpoint(path)


def _safetensors(path: Path) -> dict[str, Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ModuleNotFoundError:
        raise ValueError(
            "reading .safetensors needs the library: pip install 'maxout[audit]'"
        ) from None
    try:
        state = load_file(path, device="cpu")
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise ValueError(f"{path} is no readable .safetensors file: {error}") from None
    return _tensors(state, path)


def _checkpoint(path: Path) -> dict[str, Tensor]:
    try:
        with warnings.catch_warnings():
            # About protocols it may not know: what it does not know, it refuses.
            warnings.simplefilter("ignore")
            value = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        # The first line; what follows advises to load it unsafely.
        reason = str(error).splitlines()[0].split(" In PyTorch 2.6")[0]
        raise ValueError(
            f"{path} cannot be loaded safely, and was not: it is corrupt or asks for code to be run"
            f" ({reason[:160]}). Save model.state_dict() by torch.save or as .safetensors"
        ) from None
    except (
        RuntimeError, OSError, EOFError, ValueError, KeyError, IndexError, TypeError,
        AttributeError, AssertionError, UnicodeDecodeError, OverflowError, MemoryError,
        zipfile.BadZipFile,
    ) as error:  # fmt: skip  # whatever torch.load meets in a file that is no checkpoint
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(f"{path} is no readable PyTorch checkpoint: {reason[:160]}") from None
    return _tensors(value, path)


def _tensors(value: Any, path: Path) -> dict[str, Tensor]:
    if isinstance(value, dict):
        found = {str(name): x for name, x in value.items() if isinstance(x, Tensor)}
        if found:
            return found
        for key in _NESTED:
            if isinstance(value.get(key), dict):
                return _tensors(value[key], path)
    raise ValueError(f"{path} holds no state dict: save model.state_dict()")
