"""Files of a campaign: one JSON file a finished cell, one checkpoint an unfinished one.

Each is written beside its place and moved there, so that a file is whole or absent.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name, and move what was written there to ``path`` once all went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        yield Path(name)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text)


def read_cell(path: Path, key: str) -> dict[str, Any] | None:
    """A finished cell of that key; None where there is none, or the file is damaged."""
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) and value.get("key") == key else None


def write_checkpoint(path: Path, value: dict[str, Any]) -> None:
    with replacing(path) as temporary:
        torch.save(value, temporary)


def read_checkpoint(path: Path, key: str) -> dict[str, Any] | None:
    """A checkpoint of that key; None where there is none. Loaded as tensors and numbers only."""
    if not path.exists():
        return None
    try:
        value = torch.load(path, weights_only=True)
    except Exception:  # noqa: BLE001 - whatever is wrong with the file, the cell starts anew
        return None
    return value if isinstance(value, dict) and value.get("key") == key else None
