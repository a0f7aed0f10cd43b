"""PyTorch's files from people nobody trusts: bounded, and no code of theirs is ever run."""

from __future__ import annotations

import pickle
import pickletools
import warnings
import zipfile
from typing import Any, BinaryIO

import torch

from maxout.numerics.array_files import checked_members, open_archive
from maxout.numerics.reading import FileError, Name, open_regular, size_text

MAX_BYTES = 1 << 34
MAX_PICKLE = 1 << 26
"""Bytes of the part that names the tensors and says their shapes."""

_PICKLES = 5  # of the format before PyTorch 1.6, one after another
# Makes as many bytes as a number says. No state dict has one.
_SWELLING = ("bytearray",)


def load_checkpoint(path: Name) -> Any:
    """Return what ``torch.save`` wrote: tensors on the CPU, plain containers and numbers.

    Loaded with ``weights_only=True``: anything beyond is refused before it runs. Members of the
    archive are looked at first: stored as they are, so that none can unpack to more than the file
    has.

    Raises:
      FileError: for a file that is missing, too large, corrupt or not safe.
    """
    with open_regular(path, MAX_BYTES) as file:
        try:
            _look(file)
            file.seek(0)
            with warnings.catch_warnings():
                # About protocols it may not know: what it does not know, it refuses.
                warnings.simplefilter("ignore")
                return torch.load(file, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError as error:
            # The first line; what follows advises to load it unsafely.
            reason = str(error).splitlines()[0].split(" In PyTorch 2.6")[0]
            reason = reason.split(" This file can still be loaded")[0]
            raise FileError(
                f"{path} cannot be loaded safely, and was not: it is corrupt or asks for code to be"
                f" run ({reason[:160]}). Save model.state_dict() by torch.save or as .safetensors"
            ) from None
        except (
            RuntimeError, OSError, EOFError, ValueError, KeyError, IndexError, TypeError,
            AttributeError, AssertionError, OverflowError, MemoryError, zipfile.BadZipFile,
        ) as error:  # fmt: skip  # whatever torch.load meets in a file that is no checkpoint
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise FileError(f"{path} is no readable PyTorch checkpoint: {reason[:160]}") from None


def _look(file: BinaryIO) -> None:
    """Refuse what claims more than the file has; FileError says what."""
    start = file.read(4)
    file.seek(0)
    if start == b"PK\x03\x04":
        with open_archive(file) as archive:
            members = checked_members(archive, MAX_BYTES)
            for name, member in members.items():
                if member.compress_type != zipfile.ZIP_STORED:
                    raise FileError(f"{name[:60]!r} is compressed, as PyTorch never does")
                if not name.endswith("data.pkl"):
                    continue
                if member.file_size > MAX_PICKLE:
                    raise FileError(f"{name[:60]!r} is larger than {size_text(MAX_PICKLE)}")
                with archive.open(member) as stream:
                    _look_at_pickle(stream)
        stored = sum(member.file_size for member in members.values())
        if stored > file.seek(0, 2):
            raise FileError(f"its members claim {stored:,} bytes, more than it has")
    elif start[:1] == b"\x80":
        for _ in range(_PICKLES):
            if not file.read(1):
                break
            file.seek(-1, 1)
            _look_at_pickle(file)
    else:
        raise FileError("it is neither an archive nor a pickle")


def _look_at_pickle(stream: Any) -> None:
    for code, argument, _ in pickletools.genops(stream):
        if code.name == "GLOBAL" and str(argument).endswith(_SWELLING):
            raise pickle.UnpicklingError(f"it asks for {argument}")
