"""Arrays in NumPy's files, .npy and .npz: plain numbers, whose headers are held against the bytes
that are there before anything is allocated. Nothing is ever unpickled.
"""

from __future__ import annotations

import ast
import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

from maxout.numerics.reading import FileError, Name, open_regular, size_text

MAX_HEADER = 10_000  # bytes, as in NumPy
MAX_MEMBERS = 10_000
_PIECE = 1 << 22  # bytes of one read: no name or table of an archive needs more

# One tuple of digits and no other bracket: nothing of it can nest.
_HEADER = re.compile(r"\{[\w'\"<>|=:, ]*\([\d, ]*\)[\w'\"<>|=:, ]*\}\s*")
_DTYPE = re.compile(r"[<>|=]?[biuf]\d{1,2}")


def read_npy(path: Name, limit: int) -> np.ndarray:
    """Return the array of booleans, integers or floats in an .npy file of at most ``limit`` bytes.

    Raises:
      FileError: naming the file and what is wrong with it.
    """
    with open_regular(path, limit) as file:
        try:
            return _whole(file, os.fstat(file.fileno()).st_size)
        except (FileError, OSError) as error:
            raise FileError(f"{os.fspath(path)} is not an .npy file of numbers: {error}") from None


def read_npz(path: Name, limit: int, known: Callable[[list[str]], None]) -> dict[str, np.ndarray]:
    """Return the arrays in an .npz file, which may have ``limit`` bytes, unpacked as packed.

    Args:
      known: called with the arrays' names before any is read; raises FileError for bad ones.

    Raises:
      FileError: naming the file and what is wrong with it.
    """
    with open_regular(path, limit) as file:
        try:
            with open_archive(file) as archive:
                members = checked_members(archive, limit)
                names = [name.removesuffix(".npy") for name in members]
                known(names)
                return {
                    name: _member(archive, member)
                    for name, member in zip(names, members.values(), strict=True)
                }
        except zipfile.BadZipFile as error:
            raise FileError(f"{os.fspath(path)} is not an .npz file: {error}") from None
        except FileError as error:
            raise FileError(f"cannot use {os.fspath(path)}: {error}") from None


def open_archive(file: BinaryIO) -> zipfile.ZipFile:
    """Open a zip archive whose table of members is small.

    Raises:
      zipfile.BadZipFile: for anything else.
    """
    try:
        return zipfile.ZipFile(_InPieces(file))
    except zipfile.BadZipFile:
        raise
    except _UNZIP as error:
        raise zipfile.BadZipFile(str(error) or "it is damaged") from None


def checked_members(archive: zipfile.ZipFile, limit: int) -> dict[str, zipfile.ZipInfo]:
    """Return an archive's members by name, all of which together unpack to ``limit`` bytes at most.

    Raises:
      FileError: for too much, too many, names that repeat, and packings that NumPy does not make
        (a few bytes in bz2 or lzma can unpack to gigabytes at once).
    """
    members: dict[str, zipfile.ZipInfo] = {}
    if len(archive.infolist()) > MAX_MEMBERS:
        raise FileError(f"it has more than {MAX_MEMBERS:,} members")
    for member in archive.infolist():
        name = member.filename
        if name in members:
            raise FileError(f"it has {name[:60]!r} twice")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise FileError(
                f"{name[:60]!r} is packed by method {member.compress_type}, not by zlib"
            )
        if member.flag_bits & 1:
            raise FileError(f"{name[:60]!r} is encrypted")
        members[name] = member
    if sum(member.file_size for member in members.values()) > limit:
        raise FileError(f"it unpacks to more than {size_text(limit)}")
    return members


def read_array(stream: BinaryIO, size: int) -> tuple[np.ndarray, int]:
    """Read one array from a stream.

    Args:
      size: bytes that the stream still has.

    Returns:
      The array, and the bytes it took.

    Raises:
      FileError: without a name, for a header that is none or declares more than is there.
    """
    dtype, shape, fortran, used = _header(stream)
    count = math.prod(shape)
    if count * dtype.itemsize > size - used:
        raise FileError(
            f"its header declares {count * dtype.itemsize:,} bytes of data, and there are "
            f"{max(size - used, 0):,}"
        )
    if 0 in shape and max(shape) > 1 << 31:
        raise FileError(f"its header declares the shape {shape}")
    flat = np.empty(count, dtype)
    room = flat.view(np.uint8).data
    while room:
        part = stream.read(min(len(room), _PIECE))
        if not part:
            raise FileError("it is truncated")
        room[: len(part)] = part
        room = room[len(part) :]
    return flat.reshape(shape, order="F" if fortran else "C"), used + flat.nbytes


def _whole(stream: BinaryIO, size: int) -> np.ndarray:
    found, used = read_array(stream, size)
    if used != size:
        raise FileError(f"{size - used:,} bytes follow its data")
    return found


def _header(stream: BinaryIO) -> tuple[np.dtype[Any], tuple[int, ...], bool, int]:
    """dtype, shape, whether in Fortran's order, and the bytes of the header."""
    start = stream.read(8)
    if len(start) < 8 or start[:6] != b"\x93NUMPY" or start[6] not in (1, 2, 3):
        raise FileError("it is no array of NumPy's")
    length = "<H" if start[6] == 1 else "<I"
    told = stream.read(struct.calcsize(length))
    if len(told) < struct.calcsize(length):
        raise FileError("it is truncated")
    (size,) = struct.unpack(length, told)
    if size > MAX_HEADER:
        raise FileError(f"its header claims {size:,} bytes; at most {MAX_HEADER:,}")
    text = stream.read(size).decode("latin-1")
    if re.search(r"'descr': '\|?O", text):
        raise FileError("it holds pickled objects, which are never loaded")
    descr = re.search(r"'descr': *'([^']{1,20})'", text)
    if descr and not _DTYPE.fullmatch(descr[1]):
        raise FileError(f"it must hold real numbers; it holds {descr[1]}")
    try:
        if not _HEADER.fullmatch(text):
            raise ValueError(text)
        said = ast.literal_eval(text.strip())
        dtype, shape, fortran = np.dtype(said["descr"]), said["shape"], said["fortran_order"]
        if dtype.kind not in "biuf" or not isinstance(shape, tuple) or len(shape) > 32:
            raise ValueError(text)
    except (ValueError, SyntaxError, TypeError, KeyError):
        raise FileError("its header is damaged") from None
    return dtype, shape, bool(fortran), len(start) + len(told) + size


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    try:
        with archive.open(member) as stream:
            found = _whole(stream, member.file_size)  # type: ignore[arg-type]
            stream.read(1)  # past the end its checksum is compared
            return found
    except FileError as error:
        raise FileError(f"{member.filename.removesuffix('.npy')[:60]}: {error}") from None
    except _UNZIP as error:
        raise zipfile.BadZipFile(f"{member.filename[:60]!r} is damaged: {error}") from None


# What damaged archives make zipfile raise.
_UNZIP = (
    OSError, EOFError, RuntimeError, NotImplementedError, ValueError, OverflowError, IndexError,
    struct.error, zlib.error, zipfile.BadZipFile,
)  # fmt: skip


class _InPieces:
    """A file that hands out little at a time: zipfile reads what an archive's end tells it to."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        found = self._file.read(_PIECE + 1) if size < 0 or size > _PIECE else self._file.read(size)
        if len(found) > _PIECE:
            raise zipfile.BadZipFile(f"a part that is no data has more than {size_text(_PIECE)}")
        return found
