"""State dicts from files that nobody trusts: no code of theirs is ever run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from maxout.nn.checkpoints import MAX_BYTES, load_checkpoint
from maxout.numerics.reading import FileError, open_regular, read_json, size_text
from maxout.theory.errors import MaxoutError

# Where training scripts put the state dict in a checkpoint, in the order looked for.
_NESTED = ("state_dict", "model_state_dict", "model")
_DEEPEST = 4  # of those within one another; a dict in a pickle may even hold itself

MAX_EXPANDED = 1 << 28
"""Bytes of a tensor whose numbers are repeated: a stride of 0 makes any number of them of one."""


# What a file of another kind begins with, and what to do with it.
_FOREIGN = (
    (b"\x89HDF\r\n\x1a\n", "HDF5 (Keras): load it there and save arrays by torch.save"),
    (b"\x93NUMPY", "an .npy array: name it in a dictionary and save that by torch.save"),
    (b"\x84\xa5nodes", "thinc's bytes: load them by model.from_bytes and audit the model"),
    (b"\x82\xa5nodes", "thinc's bytes: load them by model.from_bytes and audit the model"),
    (b"GGUF", "GGUF: its weights are quantized"),
)
_INDEX = ".safetensors.index.json"
MAX_INDEX = 1 << 26


def read_state(path: str | os.PathLike[str], key: str | None = None) -> dict[str, Tensor]:
    """Read a state dict from a .safetensors file, its index of shards, or a PyTorch checkpoint.

    A checkpoint is loaded with ``weights_only=True``: its pickle may name tensors and plain
    containers and nothing else, and anything beyond is refused before it runs.

    Args:
      key: entry of the checkpoint that holds the state dict, "ema.model" for one inside another.

    Returns:
      name -> tensor on the CPU. Of a checkpoint that holds more, the entry "state_dict",
      "model_state_dict" or "model"; its other tensors, such as a best accuracy, are left.

    Raises:
      FileError: for a file that is missing, too large, corrupt, not safe, of another kind, or that
        holds no tensors.
    """
    path = Path(path)
    with open_regular(path, MAX_BYTES) as file:
        start = file.read(8)
        if not start:
            raise FileError(f"{path} is empty")
    for magic, kind in _FOREIGN:
        if start.startswith(magic):
            raise FileError(f"{path} is {kind}")
    if path.name.endswith(_INDEX):
        return _entry(_sharded(path), path, key)
    if path.suffix == ".safetensors":
        return _entry(_safetensors(path), path, key)
    return _entry(load_checkpoint(path), path, key)


def _sharded(path: Path) -> dict[str, Tensor]:
    """The tensors of all files that an index names; they must lie beside it."""
    value = read_json(path, MAX_INDEX)
    shards = value.get("weight_map") if isinstance(value, dict) else None
    if not isinstance(shards, dict) or not all(isinstance(x, str) for x in shards.values()):
        raise FileError(f'{path} must hold {{"weight_map": {{"tensor": "file", ...}}}}')
    state: dict[str, Tensor] = {}
    for name in sorted(set(shards.values())):
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise FileError(f"{path} names {name[:60]!r}, which is no .safetensors file beside it")
        with open_regular(path.parent / name, MAX_BYTES):
            pass
        state |= _safetensors(path.parent / name)
    if missing := sorted(shards.keys() - state.keys()):
        raise FileError(f"{path} names {missing[0][:60]!r}, which its files do not hold")
    return state


def _safetensors(path: Path) -> dict[str, Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ModuleNotFoundError:
        raise MaxoutError(
            "reading .safetensors needs the library: pip install 'maxout[audit]'"
        ) from None
    try:
        state: dict[str, Tensor] = load_file(path, device="cpu")
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise FileError(f"{path} is no readable .safetensors file: {error}") from None
    return state


def _entry(value: Any, path: Path, key: str | None) -> dict[str, Tensor]:
    if key is not None:
        for word in key.split("."):
            if not isinstance(value, dict) or word not in value:
                raise FileError(f"{path} has no entry {key[:60]!r}; {_there_is(value)}")
            value = value[word]
        found = _tensors(value)
        if not found:
            raise FileError(f"{path}: entry {key[:60]!r} holds no tensors; {_there_is(value)}")
        _not_swollen(found, path)
        return found
    for _ in range(_DEEPEST):
        if not isinstance(value, dict):
            break
        # A dictionary in there first: beside it, scripts keep tensors of another kind.
        inner = next((value[k] for k in _NESTED if isinstance(value.get(k), dict)), None)
        if inner is None:
            found = _tensors(value)
            if not found:
                break
            _not_swollen(found, path)
            return found
        value = inner
    raise FileError(f"{path} holds no state dict: save model.state_dict(); {_there_is(value)}")


def _tensors(value: Any) -> dict[str, Tensor]:
    if not isinstance(value, dict):
        return {}
    return {str(name): x for name, x in value.items() if isinstance(x, Tensor)}


def _there_is(value: Any) -> str:
    """What may be named, in words."""
    if not isinstance(value, dict) or not value:
        return f"it holds a {type(value).__name__}"
    names = [f"{str(k)[:40]} ({type(v).__name__})" for k, v in list(value.items())[:6]]
    more = f" and {len(value) - 6} more" if len(value) > 6 else ""
    return f"it holds {', '.join(names)}{more}; take one by --key NAME"


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
