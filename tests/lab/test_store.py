"""Files of a training: whole or absent, and never believed without a look."""

import json
import os
import resource
import signal

import pytest
import torch

from maxout.lab.training import store
from maxout.numerics.reading import FileError

CELL = {
    "key": "k",
    "setting": {"data": "iris", "network": "fc", "optimizer": "sgd", "scheme": "maxout"},
    "chance": 0.3,
    "test": [0.9, 1.0],
    "final": [0.9, 1],
    "diverged_epoch": [None, 3],
    "loss": [],
    "gradients": [],
}


def test_a_cell_comes_back(tmp_path) -> None:
    store.write_json(tmp_path / "cell.json", CELL)
    assert store.read_cell(tmp_path / "cell.json", "k") == CELL
    assert store.read_cell(tmp_path / "cell.json", "other") is None
    assert store.read_cell(tmp_path / "none.json", "k") is None


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", '{"key": "k"}', "[" * 50_000, "\xff",
        *(json.dumps({**CELL, name: value}) for name, value in (
            ("setting", {}), ("setting", {**CELL["setting"], "data": 3}), ("chance", "0.3"),
            ("test", []), ("test", 0.9), ("test", [0.9]), ("final", ["0.9", "1"]),
            ("diverged_epoch", None), ("loss", 3), ("gradients", None),
        )),
    ],
)  # fmt: skip
def test_a_damaged_cell_is_trained_again(tmp_path, text) -> None:
    (tmp_path / "cell.json").write_text(text, encoding="latin-1")
    assert store.read_cell(tmp_path / "cell.json", "k") is None


def test_a_damaged_checkpoint_is_not_used(tmp_path) -> None:
    path = tmp_path / "cell.checkpoint"
    assert store.read_checkpoint(path, "k") is None
    store.write_checkpoint(path, {"key": "k", "x": torch.ones(3)})
    found = store.read_checkpoint(path, "k")
    assert found is not None
    assert found["x"].tolist() == [1, 1, 1]
    path.write_bytes(path.read_bytes()[:-99])
    assert store.read_checkpoint(path, "k") is None


@pytest.mark.parametrize("read", [store.read_cell, store.read_checkpoint])
def test_what_is_no_file_is_named(tmp_path, read) -> None:
    path = tmp_path / "x"
    os.mkfifo(path)
    with pytest.raises(FileError, match="x is a pipe"):
        read(path, "k")
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises(FileError, match="x is a device"):
        read(path, "k")
    path.unlink()
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(FileError, match="x is larger than"):
        read(path, "k")


@pytest.fixture
def little_room():
    """Files of this process may have 100 bytes: what a full disk does, for any user."""
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, old)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: store.write_json(path, list(range(999))),
        lambda path: store.write_text(path, "x" * 999),
        lambda path: store.write_checkpoint(path, {"x": torch.zeros(999)}),
    ],
    ids=["json", "text", "checkpoint"],
)
def test_a_full_disk_is_named_and_nothing_is_left(tmp_path, little_room, write) -> None:
    path = tmp_path / "x"
    path.write_text("before")
    with pytest.raises(FileError, match=r"cannot write .*x: File too large; what is finished is"):
        write(path)
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    assert path.read_text() == "before"
