"""State dicts from files that nobody trusts: no code of theirs is ever run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from maxout.nn.checkpoints import MAX_BYTES, load_checkpoint
from maxout.numerics.reading import FileError, open_regular, size_text
from maxout.theory.errors import MaxoutError

# Where training scripts put the state dict in a checkpoint, in the order looked for.
_NESTED = ("state_dict", "model_state_dict", "model")
_DEEPEST = 4  # of those within one another; a dict in a pickle may even hold itself

MAX_EXPANDED = 1 << 28
"""Bytes of a tensor whose numbers are repeated: a stride of 0 makes any number of them of one."""


def read_state(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """Read a state dict from a .safetensors file or a PyTorch checkpoint.

    A checkpoint is loaded with ``weights_only=True``: its pickle may name tensors and plain
    containers and nothing else, and anything beyond is refused before it runs.

    Returns:
      name -> tensor on the CPU. Of a checkpoint that holds more, the entry "state_dict",
      "model_state_dict" or "model".

    Raises:
      FileError: for a file that is missing, too large, corrupt, not safe, or holds no tensors.
    """
    path = Path(path)
    with open_regular(path, MAX_BYTES) as file:
        if not file.read(1):
            raise FileError(f"{path} is empty")
    if path.suffix == ".safetensors":
        return _safetensors(path)
    return _tensors(load_checkpoint(path), path)


def _safetensors(path: Path) -> dict[str, Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ModuleNotFoundError:
        raise MaxoutError(
            "reading .safetensors needs the library: pip install 'maxout[audit]'"
        ) from None
    try:
        state = load_file(path, device="cpu")
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise FileError(f"{path} is no readable .safetensors file: {error}") from None
    return _tensors(state, path)


def _tensors(value: Any, path: Path) -> dict[str, Tensor]:
    for _ in range(_DEEPEST):
        if not isinstance(value, dict):
            break
        found = {str(name): x for name, x in value.items() if isinstance(x, Tensor)}
        if found:
            _not_swollen(found, path)
            return found
        value = next((value[key] for key in _NESTED if isinstance(value.get(key), dict)), None)
    raise FileError(f"{path} holds no state dict: save model.state_dict()")


def _not_swollen(state: dict[str, Tensor], path: Path) -> None:
    for name, x in state.items():
        if x.layout != torch.strided or x.is_meta:
            continue
        size = x.numel() * x.element_size()
        if size > MAX_EXPANDED and size > x.untyped_storage().nbytes():
            raise FileError(
                f"{path} repeats the numbers of {name[:60]} to {size:,} bytes; at most "
                f"{size_text(MAX_EXPANDED)}"
            )
