"""Files that nobody trusts, read within stated bounds: regular files only, and never more than so
many bytes of them, whatever they claim of themselves. Every reader of the package stands on this.
"""

from __future__ import annotations

import errno
import io
import json
import math
import os
import stat
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, NoReturn

import numpy as np

from maxout.theory.errors import MaxoutError, while_on

MAX_COLUMNS = 100_000
MAX_JSON_DIGITS = 400
"""Of one integer, as of one that is typed."""

# A FIFO without a writer would keep open() waiting, and a terminal could become the process's own.
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)

Name = str | os.PathLike[str]


class FileError(MaxoutError):
    """A file that cannot be read, or is not what it should be. One line that names the file."""


def size_text(limit: int) -> str:
    """A limit in the largest unit that it fills: "64 MiB"."""
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if limit >= unit:
            return f"{limit / unit:.4g} {name}"
    return f"{limit} bytes"


@contextmanager
def open_regular(path: Name, limit: int) -> Iterator[BinaryIO]:
    """Open a regular file of at most ``limit`` bytes for reading.

    Raises:
      FileError: for a missing or larger file, and for anything but a regular file.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.ENODEV):
            raise FileError(f"{os.fspath(path)} is not a regular file") from None
        raise FileError(f"cannot read {os.fspath(path)}: {error.strerror or error}") from None
    except ValueError as error:  # a NUL in the name
        raise FileError(f"cannot read {os.fspath(path)!r}: {error}") from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            kind = next((said for test, said in _KINDS if test(found.st_mode)), "something else")
            raise FileError(f"{os.fspath(path)} is {kind}: name a regular file")
        if found.st_size > limit:
            refuse_size(path, limit)
        with while_on(os.fspath(path)), os.fdopen(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


def refuse_size(path: Name, limit: int) -> NoReturn:
    raise FileError(f"{os.fspath(path)} is larger than {size_text(limit)}")


def read_bytes(path: Name, limit: int) -> bytes:
    """Return a file's content.

    Raises:
      FileError: as ``open_regular``, or where reading fails.
    """
    with open_regular(path, limit) as file:
        try:
            data = file.read(limit + 1)
        except OSError as error:
            raise FileError(f"cannot read {os.fspath(path)}: {error.strerror or error}") from None
    if len(data) > limit:  # it grew, or never told its size
        refuse_size(path, limit)
    return data


def read_text(path: Name, limit: int) -> str:
    """Return a file's text; FileError as ``read_bytes``, or where it is not UTF-8."""
    try:
        return read_bytes(path, limit).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(f"{os.fspath(path)} is not a text file") from None


def read_json(path: Name, limit: int) -> Any:
    """Return the value in a JSON file; FileError where it holds anything else, NaN among it."""
    data = read_bytes(path, limit)
    try:
        return parse_json(data)
    except FileError as error:
        raise FileError(f"{os.fspath(path)} is not JSON: {error}") from None


def parse_json(data: bytes) -> Any:
    """Return the value of a JSON text; FileError, without a name, where it is anything else."""
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_constant, parse_int=_integer)
    except RecursionError:
        raise FileError("it is nested too deeply") from None
    except ValueError as error:  # UnicodeDecodeError among them
        raise FileError(str(error)) from None


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _integer(digits: str) -> int:
    if len(digits) > MAX_JSON_DIGITS:
        raise ValueError(
            f"it holds an integer of {len(digits):,} digits; at most {MAX_JSON_DIGITS}"
        )
    return int(digits)


def read_table(path: Name, limit: int) -> np.ndarray:
    """Return numbers (rows, columns) of a CSV file; empty lines and lines after # are left out.

    Raises:
      FileError: as ``read_bytes``, naming the line that is not finite numbers or has not as many as
        those before, or where there are none.
    """
    data = read_bytes(path, limit)
    if b"\0" in data:
        raise FileError(f"{os.fspath(path)} is not a text file")
    numbers, columns = array("d"), 0
    for line, text in enumerate(io.BytesIO(data), start=1):
        text = text.removeprefix(b"\xef\xbb\xbf") if line == 1 else text
        if not text.strip() or text.lstrip().startswith(b"#"):
            continue
        before = len(numbers)
        if text.count(b",") >= MAX_COLUMNS:
            raise FileError(
                f"line {line} of {os.fspath(path)} has more than {MAX_COLUMNS:,} numbers"
            )
        numbers.extend(_number(cell, path, line) for cell in text.split(b","))
        found = len(numbers) - before
        if columns and found != columns:
            raise FileError(
                f"line {line} of {os.fspath(path)} has {found} numbers, those before {columns}"
            )
        columns = found
    if not columns:
        raise FileError(f"{os.fspath(path)} holds no numbers")
    return np.frombuffer(numbers, dtype=np.float64).reshape(-1, columns)


def _number(cell: bytes, path: Name, line: int) -> float:
    try:
        # 1_000 is a number to Python alone; digits of other scripts are not ASCII.
        value = float(cell) if b"_" not in cell else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        said = cell[:160].decode("utf-8", "replace").strip()[:60]
        raise FileError(
            f"line {line} of {os.fspath(path)} must be finite numbers separated by commas; "
            f"got {said!r}"
        )
    return value
