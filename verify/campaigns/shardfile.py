"""Files of finished shards: self-describing, checked, written whole or not at all.

Layout: a line naming the format; a line of JSON, the header; the arrays in NumPy's own format, in
the order of their names in the header, never pickled; SHA-256 of all that in hexadecimal, and a
line feed. The content depends on the samples alone: no times, no names of machines.
"""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from maxout.numerics.array_files import read_array
from maxout.numerics.reading import FileError, parse_json, read_bytes
from maxout.verify.sampling.populations import Arrays
from maxout.verify.suite_errors import ShardError

MAGIC = b"maxout shard 1\n"
MAX_BYTES = 1 << 28
MAX_HEADER = 1 << 16

DIGEST = 65


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
    body, digest = data[:-DIGEST], data[-DIGEST:]
    if not data.startswith(MAGIC):
        raise ShardError("it is no shard file of this format")
    if hashlib.sha256(body).hexdigest().encode() + b"\n" != digest:
        raise ShardError("its checksum is wrong: it is truncated or damaged")
    stream = io.BytesIO(body)
    stream.readline()
    try:
        found = parse_json(stream.readline(MAX_HEADER))
        names = _names(found)
        for field, expected in header.items():
            if found.get(field) != expected:
                raise ShardError(
                    f"its header says {field} = {_short(found.get(field))} instead of "
                    f"{_short(expected)}"
                )
        arrays = {name: read_array(stream, len(body) - stream.tell())[0] for name in names}
    except FileError as error:
        raise ShardError(f"its header or its arrays are damaged: {error}") from None
    if any(values.ndim < 1 or len(values) != samples for values in arrays.values()):
        raise ShardError(f"it does not hold {samples} samples")
    if stream.tell() != len(body):
        raise ShardError("something follows its arrays")
    return arrays


def _names(header: Any) -> list[str]:
    """Names of the arrays that a header lists."""
    names = header.get("arrays") if isinstance(header, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ShardError("its header names no arrays")
    if names != sorted(set(names)):
        raise ShardError("its header names arrays twice or in no order")
    return names


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def read(path: Path, header: dict[str, Any], samples: int) -> Arrays:
    """Read a file that must have this header.

    Raises:
      ShardError: naming the file and what is wrong with it.
    """
    try:
        return decode(read_bytes(path, MAX_BYTES), header, samples)
    except FileError as error:
        raise ShardError(f"{error}; delete it to have it drawn again") from None
    except ShardError as error:
        raise ShardError(f"{path} is refused: {error}; delete it to have it drawn again") from None
