"""Hostile files at every option that reads one: exit 2, a line that names the file, no memory."""

import io
import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from maxout.cli.main import USAGE, run
from maxout.nn import checkpoints
from maxout.nn.auditing import files as audited
from maxout.theory.errors import MaxoutError

DRAW = ("regions", "--rank", "3", "--widths", "3", "--inputs", "2")
CURVE = ("curve", "--rank", "3", "--widths", "3", "--inputs", "2")

# Command -> the name that its file must have.
COMMANDS = {
    "load": (("regions", "--load", "{file}"), "x.npz"),
    "points of regions": ((*DRAW, "--points", "{file}"), "x.csv"),
    "points of a curve": ((*CURVE, "--points", "{file}"), "x.csv"),
    "table of inputs": (("kernel", "--rank", "3", "--data", "{file}"), "x.csv"),
    "array of inputs": (("kernel", "--rank", "3", "--data", "{file}"), "x.npy"),
    "training": (("figure", "training-gradients", "--data", "{folder}"), "gradients.csv"),
    "checkpoint": (("audit", "{file}", "--layer", "w:rank=5"), "x.pt"),
    "safetensors": (("audit", "{file}", "--layer", "w:rank=5"), "x.safetensors"),
    "layers": (("audit", "nowhere.pt", "--layers", "{file}"), "x.json"),
}


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def noise(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 99)


@pytest.mark.parametrize("make", [pipe, endless, sparse, noise, Path.mkdir])
@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_no_such_file_is_named(tmp_path, capsys, command, make) -> None:
    words, name = COMMANDS[command]
    make(tmp_path / name)
    places = {"file": str(tmp_path / name), "folder": str(tmp_path)}
    assert run([word.format(**places) for word in words]) == USAGE
    said = capsys.readouterr()
    assert str(tmp_path / name) in said.err
    assert len(said.err.splitlines()) == 1
    assert said.out == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_names_that_are_too_long_are_named(tmp_path, capsys, command) -> None:
    words, name = COMMANDS[command]
    long = "x" * 300
    places = {"file": f"{tmp_path}/{long}{Path(name).suffix}", "folder": f"{tmp_path}/{long}"}
    assert run([word.format(**places) for word in words]) == USAGE
    said = capsys.readouterr()
    assert long in said.err
    assert "File name too long" in said.err
    assert len(said.err.splitlines()) == 1


# In a process with little memory, so that what is allocated first and looked at later fails.

_WITH_LITTLE_MEMORY = """
import resource, sys
import maxout.cli.main as main
if sys.argv[2] == "audit":
    import maxout.nn.auditing.run
else:
    import scipy.special, maxout.numerics.regions, maxout.numerics.kernels
with open("/proc/self/statm") as file:
    used = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[1]), resource.RLIM_INFINITY))
sys.exit(main.run(sys.argv[2:]))
"""
ROOM = 200 << 20


def header(shape: str) -> bytes:
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def npz_bomb(path: Path) -> None:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("weight_1.npy", "w", force_zip64=True) as member,
    ):
        member.write(header("(134217728, 1, 1)"))
        for _ in range(256):
            member.write(bytes(1 << 22))


def npz_claim(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weight_1.npy", header("(8796093022208, 1, 1)") + bytes(64))


def npy_claim(path: Path) -> None:
    path.write_bytes(header("(8796093022208, 1)") + bytes(64))


def npy_header_claim(path: Path) -> None:
    path.write_bytes(b"\x93NUMPY\x02\x00" + b"\xff\xff\xff\xff")


def many_points(path: Path) -> None:
    path.write_bytes(b"1,1\n" * (1 << 22) + b"1,two\n")


@pytest.mark.parametrize(
    ("words", "make", "expected"),
    [
        (("regions", "--load", "{file}.npz"), npz_bomb, "unpacks to more than 256 MiB"),
        (("regions", "--load", "{file}.npz"), npz_claim, "weight_1: its header declares"),
        (("kernel", "--rank", "3", "--data", "{file}.npy"), npy_claim, "its header declares"),
        (("kernel", "--rank", "3", "--data", "{file}.npy"), npy_header_claim, "header claims"),
        ((*DRAW, "--points", "{file}.csv"), many_points, "line 4194305 of"),
    ],
)
def test_claims_take_no_memory(tmp_path, words, make, expected) -> None:
    file = tmp_path / "x"
    words = [word.format(file=file) for word in words]
    path = next(word for word in words if word.startswith(str(file)))
    make(Path(path))
    done = subprocess.run(
        [sys.executable, "-c", _WITH_LITTLE_MEMORY, str(ROOM), *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == USAGE, done.stderr
    assert expected in done.stderr
    assert path in done.stderr
    assert len(done.stderr.splitlines()) == 1


# Checkpoints.


def saved(value: object, old: bool = False) -> bytes:
    out = io.BytesIO()
    torch.save(value, out, _use_new_zipfile_serialization=not old)
    return out.getvalue()


def repacked(path: Path, method: int) -> None:
    """A checkpoint of zeros whose members are packed."""
    inside = zipfile.ZipFile(io.BytesIO(saved({"w": torch.zeros(1 << 20, 5)})))
    with zipfile.ZipFile(path, "w", method) as archive:
        for member in inside.infolist():
            archive.writestr(member.filename, inside.read(member))


def packed(path: Path) -> None:
    repacked(path, zipfile.ZIP_DEFLATED)


def packed_otherwise(path: Path) -> None:
    repacked(path, zipfile.ZIP_BZIP2)


def claimed_members(path: Path) -> None:
    """Members that lie in one place, each of nearly all the file's size."""
    data = bytearray(saved({"w": torch.zeros(1 << 10, 5)}))
    at = data.rindex(b"PK\1\2")
    while at >= 0:
        data[at + 20 : at + 28] = struct.pack("<II", len(data) - 99, len(data) - 99)
        at = data.rfind(b"PK\1\2", 0, at)
    path.write_bytes(data)


def swelling(path: Path) -> None:
    """A pickle that asks for a terabyte by one number."""
    text = b"\x80\x02c__builtin__\nbytearray\n\x8a\x06" + (1 << 40).to_bytes(6, "little")
    path.write_bytes(text + b"\x85R.")


def swelling_beside(path: Path) -> None:
    data = pickle.dumps({"w": 1}, 2)
    text = b"\x80\x02c__builtin__\nbytearray\n\x8a\x06" + (1 << 40).to_bytes(6, "little")
    old = saved({"w": torch.zeros(2, 5)}, old=True)
    path.write_bytes(old[: old.index(b".") + 1] + text + b"\x85R." + data)


def repeated(path: Path) -> None:
    torch.save({"w": torch.zeros(1).expand(1 << 35, 5)}, path)


def within_itself(path: Path) -> None:
    value: dict = {"epoch": 3}
    value["state_dict"] = value
    torch.save(value, path)


def tape_archive(path: Path) -> None:
    import tarfile

    with tarfile.open(path, "w") as archive:
        archive.add(__file__, "storages")


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (packed, "is compressed, as PyTorch never does"),
        (packed_otherwise, "is packed by method 12"),
        (claimed_members, "no readable PyTorch checkpoint"),
        (swelling, "cannot be loaded safely, and was not"),
        (swelling_beside, "cannot be loaded safely, and was not"),
        (repeated, "repeats the numbers of w to 687,194,767,360 bytes; at most 256 MiB"),
        (within_itself, "holds no state dict"),
        (tape_archive, "is neither an archive nor a pickle"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_checkpoints_that_are_refused(tmp_path, capsys, make, expected) -> None:
    path = tmp_path / "x.pt"
    make(path)
    assert run(["audit", str(path), "--layer", "w:rank=5"]) == USAGE
    said = capsys.readouterr().err
    assert str(path) in said
    assert expected in said
    assert len(said.splitlines()) == 1


def test_a_large_list_of_tensors_is_refused(tmp_path, monkeypatch) -> None:
    torch.save({f"{number}": torch.zeros(1) for number in range(99)}, tmp_path / "x.pt")
    assert len(audited.read_state(tmp_path / "x.pt")) == 99
    monkeypatch.setattr(checkpoints, "MAX_PICKLE", 1 << 10)
    with pytest.raises(MaxoutError, match=r"data\.pkl' is larger than 1 KiB"):
        audited.read_state(tmp_path / "x.pt")


def test_descriptions_that_are_nested_or_long(tmp_path, capsys) -> None:
    path = tmp_path / "x.json"
    for text, expected in (
        ('{"layers":' * 9999, "nested too deeply"),
        (json.dumps({"layers": ["x" * (1 << 20)]}), "is larger than 1 MiB"),
        ('{"layers": [{"name": "a", "rank": NaN}]}', "NaN is no number"),
    ):
        path.write_text(text)
        assert run(["audit", "nowhere.pt", "--layers", str(path)]) == USAGE
        assert expected in capsys.readouterr().err


def test_tables_of_trainings_that_are_none(tmp_path, capsys) -> None:
    columns = "data,network,optimizer,scheme,epoch,layer,mean,lower,median,upper\n"
    path = tmp_path / "gradients.csv"
    for text, expected in (
        (columns + "x" * 200_000, "is not a CSV file: field larger than"),
        (columns + "a,b,c,d,0,1,1,1,1,two\n", "line 2 of"),
        ("a,b\n", "has no column"),
        ("", "has no column"),
        (columns, "has no rows"),
    ):
        path.write_text(text)
        assert run(["figure", "training-gradients", "--data", str(tmp_path)]) == USAGE
        said = capsys.readouterr().err
        assert expected in said
        assert str(path) in said


def test_arrays_of_another_shape_are_refused(tmp_path, capsys) -> None:
    for array in (np.ones(3), np.ones((2, 2, 2)), np.float64(1), np.ones((2, 2), bool)):
        np.save(tmp_path / "x.npy", array)
        assert run(["kernel", "--rank", "3", "--data", str(tmp_path / "x.npy")]) == USAGE
        assert "a matrix of real numbers is needed" in capsys.readouterr().err


def test_an_endless_integer_is_told_in_our_words(tmp_path, capsys) -> None:
    """Python's own complaint advises a call of sys.set_int_max_str_digits."""
    path = tmp_path / "x.json"
    for digits in (401, 5000):
        path.write_text(f'{{"layers": [{{"name": "fc1", "rank": {"9" * digits}}}]}}')
        assert run(["audit", "nowhere.pt", "--layers", str(path)]) == USAGE
        said = capsys.readouterr().err
        assert f"{path} is not JSON: it holds an integer of {digits:,} digits; at most 400" in said
