"""Files of finished shards: self-describing, checked, written whole or not at all.

Layout: a line naming the format; a line of JSON, the header; the arrays in NumPy's own format, in
the order of their names in the header, never pickled; SHA-256 of all that in hexadecimal, and a
line feed. The content depends on the samples alone: no times, no names of machines.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import uuid
from pathlib import Path
from typing import Any

import numpy as np

from maxout.verify.errors import CampaignError, ShardError
from maxout.verify.populations import Arrays

MAGIC = b"maxout shard 1\n"
PART = ".part-"
"""Begins the names of files being written; one that a killed run left holds nothing of worth."""

_DIGEST = 65


def encode(header: dict[str, Any], arrays: Arrays) -> bytes:
    """Return a file's bytes."""
    names = sorted(arrays)
    out = io.BytesIO()
    out.write(MAGIC)
    out.write(json.dumps({**header, "arrays": names}, sort_keys=True).encode() + b"\n")
    for name in names:
        values = np.ascontiguousarray(arrays[name])
        np.lib.format.write_array(out, values, version=(1, 0), allow_pickle=False)
    digest = hashlib.sha256(out.getbuffer()).hexdigest()
    return out.getvalue() + digest.encode() + b"\n"


def decode(data: bytes, header: dict[str, Any], samples: int) -> Arrays:
    """Return the arrays of a file that must have this header and so many samples in every array.

    Raises:
      ShardError: saying in what way the bytes are not such a file.
    """
    body, digest = data[:-_DIGEST], data[-_DIGEST:]
    if not data.startswith(MAGIC):
        raise ShardError("it is no shard file of this format")
    if hashlib.sha256(body).hexdigest().encode() + b"\n" != digest:
        raise ShardError("its checksum is wrong: it is truncated or damaged")
    stream = io.BytesIO(body)
    stream.readline()
    found = json.loads(stream.readline())
    names = found.pop("arrays")
    for field, expected in header.items():
        if found.get(field) != expected:
            raise ShardError(f"its {field} is {found.get(field)!r} instead of {expected!r}")
    arrays = {name: np.lib.format.read_array(stream, allow_pickle=False) for name in names}
    if any(len(values) != samples for values in arrays.values()):
        raise ShardError(f"it does not hold {samples} samples")
    return arrays


def read(path: Path, header: dict[str, Any], samples: int) -> Arrays:
    """Read a file that must have this header.

    Raises:
      ShardError: naming the file and what is wrong with it.
    """
    try:
        return decode(path.read_bytes(), header, samples)
    except (ShardError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ShardError(f"{path} is refused: {reason}; delete it to have it drawn again") from None


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that at every instant it is there complete or not at all.

    Raises:
      CampaignError: where it cannot be written (a full disk, say); nothing is then left of it.
    """
    part = path.parent / f"{PART}{uuid.uuid4().hex}"
    try:
        try:
            with open(part, "xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise CampaignError(
            f"cannot write {path}: {error.strerror}; what is finished is kept: "
            "make room and run the same command again"
        ) from None


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
