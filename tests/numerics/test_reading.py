"""Readers of files that nobody trusts: bounded, by what is there and not by what is claimed."""

import os
import socket
import struct
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from maxout.numerics.array_files import MAX_HEADER, read_npy, read_npz
from maxout.numerics.reading import (
    FileError,
    open_regular,
    read_bytes,
    read_json,
    read_table,
    read_text,
)

LIMIT = 1 << 16


def anything(names: list[str]) -> None:
    """Accept all names."""


READERS = {
    "bytes": lambda path: read_bytes(path, LIMIT),
    "text": lambda path: read_text(path, LIMIT),
    "json": lambda path: read_json(path, LIMIT),
    "table": lambda path: read_table(path, LIMIT),
    "npy": lambda path: read_npy(path, LIMIT),
    "npz": lambda path: read_npz(path, LIMIT, anything),
}


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


ODD = {
    "a pipe": (pipe, "is a pipe: name a regular file"),
    "a device": (endless, "is a device: name a regular file"),
    "a socket": (listening, "is not a regular file"),
    "a folder": (Path.mkdir, "is a folder: name a regular file"),
    "1 TiB of nothing": (sparse, "is larger than 64 KiB"),
    "nothing": (lambda path: None, "cannot read .*: No such file"),
    "a loop": (lambda path: path.symlink_to(path), "cannot read .*: Too many levels"),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", ODD)
def test_only_regular_files_of_a_limited_size_are_read(tmp_path, reader, kind) -> None:
    make, expected = ODD[kind]
    path = tmp_path / "x"
    make(path)
    with pytest.raises(FileError, match=expected) as caught:
        READERS[reader](path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_names_that_no_file_can_have(reader, name) -> None:
    with pytest.raises(FileError, match="cannot read"):
        READERS[reader](name)


def test_files_that_grow_or_do_not_tell_their_size(tmp_path, monkeypatch) -> None:
    path = tmp_path / "x"
    path.write_bytes(bytes(99))
    regular = SimpleNamespace(st_mode=path.stat().st_mode, st_size=0)
    monkeypatch.setattr(os, "fstat", lambda descriptor: regular)
    with pytest.raises(FileError, match="is larger than 16 bytes"):
        read_bytes(path, 16)


def test_what_is_read_is_what_is_there(tmp_path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"\xef\xbb\xbf" + bytes(range(32, 127)))
    assert read_bytes(path, LIMIT) == path.read_bytes()
    assert read_text(path, LIMIT) == bytes(range(32, 127)).decode()
    with open_regular(path, 98) as file:
        assert len(file.read()) == 98
    assert file.closed


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "is not JSON"),
        (b"[" * 50_000, "nested too deeply"),
        (b'{"a":' * 10_000, "is not JSON"),
        (b'{"a": NaN}', "NaN is no number"),
        (b"1" * 6_000, "is not JSON"),
        (b"\xff", "is not JSON"),
    ],
)
def test_json_that_is_none(tmp_path, data, expected) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(data)
    with pytest.raises(FileError, match=expected):
        read_json(path, LIMIT)


def test_tables(tmp_path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"\xef\xbb\xbf# two points\r\n1, 2.5\r\n\r\n-.5e3,4")
    assert read_table(path, LIMIT).tolist() == [[1, 2.5], [-500, 4]]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "holds no numbers"),
        (b"# only words\n\n", "holds no numbers"),
        (b"1,2\n3\n", "line 2 of .* has 1 numbers, those before 2"),
        (b"1,two\n", "line 1 of .* must be finite numbers separated by commas; got 'two'"),
        (b"1,,2\n", "got ''"),
        (b"1_0,2\n", "got '1_0'"),
        ("١,٢\n".encode(), "got '١'"),
        (b"1,nan\n", "got 'nan'"),
        (b"1,1e999\n", "got '1e999'"),
        (b"1,2\0\n", "is not a text file"),
        (b"\xff\xfe1\n", "line 1 of"),
        (b"x" * 60_000, "got 'x{60}'$"),
    ],
)
def test_tables_that_are_none(tmp_path, data, expected) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    with pytest.raises(FileError, match=expected):
        read_table(path, LIMIT)


def test_tables_of_very_long_lines(tmp_path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"1," * 100_000 + b"1\n")
    with pytest.raises(FileError, match="line 1 of .* has more than 100,000 numbers"):
        read_table(path, 1 << 20)


def npy(
    header: str | bytes, data: bytes = b"", version: int = 1, claim: int | None = None
) -> bytes:
    """The bytes of an .npy file, its header as given, which claims to be ``claim`` bytes long."""
    text = header.encode("latin-1") if isinstance(header, str) else header
    size = struct.pack("<" + "HII"[version - 1], len(text) if claim is None else claim)
    return b"\x93NUMPY" + bytes([version, 0]) + size + text + data


def described(shape: str, descr: str = "<f8", order: str = "False") -> str:
    return f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}"


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", "<f2", "<i4", ">u2", "|b1"])
@pytest.mark.parametrize("shape", [(), (3,), (0,), (2, 3), (4, 0, 2)])
@pytest.mark.parametrize("order", "CF")
def test_arrays_come_back(tmp_path, dtype, shape, order) -> None:
    made = np.asarray(
        np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype), order=order
    )
    path = tmp_path / "x.npy"
    np.save(path, made)
    found = read_npy(path, LIMIT)
    assert found.dtype == made.dtype
    assert found.tolist() == made.tolist()
    np.savez_compressed(tmp_path / "x.npz", x=made, y=made)
    both = read_npz(tmp_path / "x.npz", LIMIT, anything)
    assert both["x"].tolist() == both["y"].tolist() == made.tolist()


HEADERS = {
    "64 TiB": (npy(described("(8796093022208,)"), bytes(8)), "declares 70,368,744,177,664 bytes"),
    "one too many": (npy(described("(2,)"), bytes(15)), "declares 16 bytes of data, .* are 15"),
    "more than a number": (npy(described("(9" + "9" * 5000 + ",)")), "its header is damaged"),
    "overflow": (npy(described("(4294967296, 4294967296, 16)")), "declares"),
    "negative": (npy(described("(-1,)"), bytes(8)), "its header is damaged"),
    "huge and empty": (npy(described("(0, 99999999999999)")), "declares the shape"),
    "no tuple": (npy(described("4"), bytes(32)), "its header is damaged"),
    "booleans": (npy(described("(True,)"), bytes(8)), "its header is damaged"),
    "code": (npy("{'descr': '<f8', 'fortran_order': exit(), 'shape': ()}"), "header is damaged"),
    "nested": (npy("(" * 9000), "its header is damaged"),
    "minus signs": (npy(described("(" + "-" * 9000 + "1,)")), "its header is damaged"),
    "too long": (npy(described("(1,)") + " " * MAX_HEADER), "its header claims 10,0"),
    "4 GiB of header": (npy("", claim=(1 << 32) - 1, version=2), "its header claims 4,294,967,295"),
    "header of nothing": (npy("", claim=100), "its header is damaged"),
    "objects": (npy(described("(1,)", "|O")), "pickled objects, which are never loaded"),
    "words": (npy(described("(1,)", "<U9")), "must hold real numbers; it holds <U9"),
    "complex": (npy(described("(1,)", "<c16")), "must hold real numbers; it holds <c16"),
    "wide": (npy(described("(1,)", "<f99")), "its header is damaged"),
    "records": (
        npy("{'descr': [('a', '<f8', (99999, 99999))], 'fortran_order': False, 'shape': (1,)}"),
        "its header is damaged",
    ),
    "version": (npy(described("(1,)"), bytes(8))[:6] + b"\x09\0" + bytes(100), "no array of"),
    "nothing": (b"", "no array of"),
    "cut": (npy(described("(1,)"), bytes(8))[:9], "it is truncated"),
    "more": (npy(described("(1,)"), bytes(9)), "1 bytes follow its data"),
}


@pytest.mark.parametrize("kind", HEADERS)
def test_headers_are_held_against_what_is_there(tmp_path, kind) -> None:
    data, expected = HEADERS[kind]
    path = tmp_path / "x.npy"
    path.write_bytes(data)
    with pytest.raises(FileError, match=expected) as caught:
        read_npy(path, LIMIT)
    assert str(path) in str(caught.value)
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("weight_1.npy", data)
    with pytest.raises(FileError, match=expected) as caught:
        read_npz(tmp_path / "x.npz", LIMIT, anything)
    assert "weight_1" in str(caught.value)
    assert str(tmp_path / "x.npz") in str(caught.value)


def archive(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytearray:
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return bytearray(path.read_bytes())


def bomb(path: Path) -> None:
    archive(path, {"a.npy": npy(described("(131072,)"), bytes(1 << 20))})


def bomb_in_parts(path: Path) -> None:
    member = npy(described("(4096,)"), bytes(1 << 15))
    archive(path, {f"{number}.npy": member for number in range(40)})


def bomb_that_tells_less(path: Path) -> None:
    data = archive(path, {"a.npy": npy(described("(131072,)"), bytes(1 << 20))})
    at = data.rindex(b"PK\1\2") + 24
    data[at : at + 4] = struct.pack("<I", 1000)
    path.write_bytes(data)


def other_packing(path: Path) -> None:
    archive(path, {"a.npy": npy(described("(1,)"), bytes(8))}, zipfile.ZIP_LZMA)


def unknown_packing(path: Path) -> None:
    data = archive(path, {"a.npy": npy(described("(1,)"), bytes(8))}, zipfile.ZIP_STORED)
    for signature, offset in ((b"PK\1\2", 10), (b"PK\3\4", 8)):
        at = data.index(signature) + offset
        data[at : at + 2] = struct.pack("<H", 99)
    path.write_bytes(data)


def flipped_bit(path: Path) -> None:
    data = archive(path, {"a.npy": npy(described("(512,)"), os.urandom(4096))})
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def flipped_bit_at_the_end(path: Path) -> None:
    data = archive(path, {"a.npy": npy(described("(1,)"), bytes(8))}, zipfile.ZIP_STORED)
    data[data.index(b"PK\1\2") - 1] ^= 4
    path.write_bytes(data)


def encrypted(path: Path) -> None:
    data = archive(path, {"a.npy": npy(described("(1,)"), bytes(8))}, zipfile.ZIP_STORED)
    for signature, offset in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)


def twice(path: Path) -> None:
    data = archive(path, {"a.npy": npy(described("(1,)"), bytes(8)), "b.npy": b""})
    path.write_bytes(data.replace(b"b.npy", b"a.npy"))


def many(path: Path) -> None:
    archive(path, {str(number): b"" for number in range(10_001)})


def truncated(path: Path) -> None:
    data = archive(path, {"a.npy": npy(described("(1,)"), bytes(8))})
    path.write_bytes(data[:-9])


def table_of_four_gigabytes(path: Path) -> None:
    data = archive(path, {"a.npy": npy(described("(1,)"), bytes(8))})
    at = data.rindex(b"PK\5\6") + 12
    data[at : at + 4] = b"\xff\xff\xff\xfe"
    path.write_bytes(data)


ARCHIVES = {
    bomb: "it unpacks to more than 128 KiB",
    bomb_in_parts: "it unpacks to more than 128 KiB",
    bomb_that_tells_less: "'a.npy' is damaged: Bad CRC-32",
    other_packing: "'a.npy' is packed by method 14",
    unknown_packing: "'a.npy' is packed by method 99",
    flipped_bit: "'a.npy' is damaged",
    flipped_bit_at_the_end: "'a.npy' is damaged: Bad CRC-32",
    encrypted: "'a.npy' is encrypted",
    twice: "it has 'a.npy' twice",
    many: "it has more than 10,000 members",
    truncated: "is not an .npz file",
    table_of_four_gigabytes: "is not an .npz file",
}


@pytest.mark.parametrize("make", ARCHIVES, ids=lambda make: make.__name__)
def test_archives_that_are_refused(tmp_path, make) -> None:
    path = tmp_path / "x.npz"
    make(path)
    with pytest.raises(FileError, match=ARCHIVES[make]) as caught:
        read_npz(path, 1 << (21 if make is many else 17), anything)
    assert str(path) in str(caught.value)


def test_every_flipped_bit_of_an_archive_is_seen_or_changes_nothing(tmp_path) -> None:
    path = tmp_path / "x.npz"
    np.savez_compressed(path, a=np.arange(6.0))
    whole = path.read_bytes()
    for position in range(len(whole)):
        spoilt = bytearray(whole)
        spoilt[position] ^= 1 << position % 8
        path.write_bytes(spoilt)
        try:
            found = read_npz(path, LIMIT, anything)
        except FileError as error:
            assert str(path) in str(error)  # noqa: PT017 - most flips are errors, not all
        else:  # a date, an attribute, a version: nothing that is read
            assert [x.tolist() for x in found.values()] in ([], [list(range(6))])
