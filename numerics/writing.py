"""Files that are written: whole or not at all among those of a long run, plainly where a person
names them. Every writer of the package stands on this."""

from __future__ import annotations

import csv
import errno
import io
import os
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from maxout.numerics.reading import FileError, Name

PART_NAME = re.compile(r"\.part-[0-9a-f]{32}")
"""Names of files being written; one that a killed run left holds nothing of worth."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file of a run that can be resumed: at every instant it is complete or not there.

    Raises:
      FileError: where it cannot be written (a full disk, say); nothing is then left of it.
    """
    part = path.parent / f".part-{uuid.uuid4().hex}"
    try:
        try:
            with open(part, "xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        advice = "make room and " if error.errno in _FULL else ""
        raise FileError(
            f"cannot write {path}: {error.strerror or error}; what is finished is kept: "
            f"{advice}run the same command again to go on"
        ) from None


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def writing_to(path: Name) -> Iterator[None]:
    """While something is written to a place that a person named, which may be /dev/stdout.

    Raises:
      FileError: naming the place, for what the system refuses.
    """
    try:
        yield
    except OSError as error:
        raise FileError(f"cannot write {os.fspath(path)}: {error.strerror or error}") from None


def write_text(path: Name, text: str) -> None:
    """Write to a place that a person named; FileError as ``writing_to``."""
    with writing_to(path):
        Path(path).write_text(text, encoding="utf-8")


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A CSV file with one header line; None is an empty field."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()
