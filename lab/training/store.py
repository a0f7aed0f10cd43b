"""Files of a campaign: one JSON file a finished cell, one checkpoint an unfinished one.

Each is written beside its place and moved there, so that a file is whole or absent.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import torch

from maxout.nn.checkpoints import MAX_BYTES, load_checkpoint
from maxout.numerics.reading import FileError, open_regular, parse_json, read_bytes
from maxout.numerics.writing import replacing, writing_to

MAX_CELL = 1 << 26  # bytes


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """As ``replacing``, in a folder that is made where it is not there."""
    with writing_to(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        yield file


def write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, indent=1, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    with _replacing(path) as file:
        file.write(text.encode())


def read_cell(path: Path, key: str) -> dict[str, Any] | None:
    """A finished cell of that key; None where there is none, or the file is damaged.

    Raises:
      FileError: where something stands there that is no file, or too large.
    """
    if not os.path.lexists(path):
        return None
    data = read_bytes(path, MAX_CELL)
    try:
        value = parse_json(data)
    except FileError:
        return None
    return value if _is_cell(value, key) else None


def _is_cell(value: Any, key: str) -> bool:
    """Whether it has what the tables are made of."""
    if not isinstance(value, dict) or value.get("key") != key:
        return False
    setting = value.get("setting")
    if not isinstance(setting, dict) or not all(
        isinstance(setting.get(name), str) for name in ("data", "network", "optimizer", "scheme")
    ):
        return False
    seeds = [value.get(name) for name in ("test", "final", "diverged_epoch")]
    if not all(isinstance(some, list) and some for some in seeds):
        return False
    return (
        len({len(some) for some in seeds if some}) == 1
        and all(isinstance(x, int | float) for some in seeds[:2] for x in some or ())
        and isinstance(value.get("chance"), int | float)
        and isinstance(value.get("loss"), list)
        and isinstance(value.get("gradients"), list)
    )


def write_checkpoint(path: Path, value: dict[str, Any]) -> None:
    # Not to a name: PyTorch's own writer tells of a full disk by a bare RuntimeError.
    with _replacing(path) as file:
        torch.save(value, file)


def read_checkpoint(path: Path, key: str) -> dict[str, Any] | None:
    """A checkpoint of that key; None where there is none, or the file is damaged.

    Raises:
      FileError: where something stands there that is no file, or too large.
    """
    if not os.path.lexists(path):
        return None
    with open_regular(path, MAX_BYTES):
        pass
    try:
        value = load_checkpoint(path)
    except FileError:  # whatever is wrong with the file, the cell starts anew
        return None
    return value if isinstance(value, dict) and value.get("key") == key else None
