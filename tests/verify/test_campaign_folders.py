"""Campaign folders that somebody spoilt: named in one line, exit 2, and nothing in them lost."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from maxout.cli.main import USAGE, run
from maxout.verify.campaigns import shardfile

WORDS = ["verify", "order.half_normal", "--device", "cpu", "--out"]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("campaign") / "out"
    assert run([*WORDS, str(out)]) == 0
    return out


@pytest.fixture
def campaign(made, tmp_path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(made, tmp_path / "out"))


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def shards(campaign: Path) -> list[Path]:
    return sorted(campaign.rglob("*.shard"))


def checksummed(text: bytes) -> bytes:
    body = shardfile.MAGIC + text
    return body + hashlib.sha256(body).hexdigest().encode() + b"\n"


def header(campaign: Path) -> dict:
    return json.loads(shards(campaign)[0].read_bytes().splitlines()[1])


def array(claim: tuple[int, ...]) -> bytes:
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {claim}, }}".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(64)


def lost_manifest(campaign: Path) -> str:
    (campaign / "manifest.json").unlink()
    return "manifest.json is lost: there is a report of a campaign"


def lost_manifest_and_report(campaign: Path) -> str:
    (campaign / "report.json").unlink()
    (campaign / "manifest.json").unlink()
    return f"manifest.json is lost: there is {len(shards(campaign))} shards of a campaign"


def surplus_shard(campaign: Path) -> str:
    name = shards(campaign)[0].with_name("000999.shard")
    shutil.copy(shards(campaign)[0], name)
    return f"{name} is a surplus shard"


def nested_manifest(campaign: Path) -> str:
    (campaign / "manifest.json").write_text('{"a":' * 100_000 + "0" + "}" * 100_000)
    return "manifest.json is not JSON: it is nested too deeply"


def endless_manifest(campaign: Path) -> str:
    with (campaign / "manifest.json").open("wb") as file:
        file.truncate(1 << 40)
    return "manifest.json is larger than 4 MiB"


def manifest_of_numbers(campaign: Path) -> str:
    (campaign / "manifest.json").write_text('{"seed": ' + "9" * 5000 + "}")
    return "manifest.json is not JSON"


def manifest_of_other_things(campaign: Path) -> str:
    (campaign / "manifest.json").write_text(json.dumps({"command": [["x"] * 50], "seed": {}}))
    return "was begun by another version of maxout, which draws other samples: give another folder"


def pipe_for_a_manifest(campaign: Path) -> str:
    (campaign / "manifest.json").unlink()
    os.mkfifo(campaign / "manifest.json")
    return "manifest.json is a pipe"


def folder_for_a_manifest(campaign: Path) -> str:
    (campaign / "manifest.json").unlink()
    (campaign / "manifest.json").mkdir()
    return "manifest.json is a folder"


def part_folder(campaign: Path) -> str:
    (campaign / ".part-x").mkdir()
    return ".part-x is not of this campaign"


def part_folder_of_our_kind(campaign: Path) -> str:
    (campaign / f".part-{'0' * 32}").mkdir()
    return f".part-{'0' * 32} is not of this campaign"


def part_of_somebody(campaign: Path) -> str:
    (campaign / ".part-1-of-my-thesis").write_text("years of work")
    return ".part-1-of-my-thesis is not of this campaign"


def file_for_the_shards(campaign: Path) -> str:
    shutil.rmtree(campaign / "shards")
    (campaign / "shards").write_text("")
    return "shards: Not a directory"


def pipe_for_a_shard(campaign: Path) -> str:
    name = shards(campaign)[0]
    name.unlink()
    os.mkfifo(name)
    return f"{name} is no shard"


def link_to_a_device(campaign: Path) -> str:
    name = shards(campaign)[0]
    name.unlink()
    name.symlink_to("/dev/zero")
    return f"{name} is no shard"


def endless_shard(campaign: Path) -> str:
    with shards(campaign)[0].open("wb") as file:
        file.truncate(1 << 40)
    return f"{shards(campaign)[0]} is larger than 256 MiB"


def empty_header(campaign: Path) -> str:
    shards(campaign)[0].write_bytes(checksummed(b"{}\n"))
    return f"{shards(campaign)[0]} is refused: its header names no arrays"


def header_that_is_a_list(campaign: Path) -> str:
    shards(campaign)[0].write_bytes(checksummed(b"[]\n"))
    return "its header names no arrays"


def nested_header(campaign: Path) -> str:
    shards(campaign)[0].write_bytes(checksummed(b"[" * 60_000 + b"\n"))
    return "nested too deeply"


def no_header(campaign: Path) -> str:
    shards(campaign)[0].write_bytes(checksummed(b""))
    return f"{shards(campaign)[0]} is refused: its header"


def claimed_array(campaign: Path) -> str:
    text = json.dumps(header(campaign)).encode()
    shards(campaign)[0].write_bytes(checksummed(text + b"\n" + array((1 << 43,))))
    return "declares 70,368,744,177,664 bytes of data, and there are 64"


def arrays_that_are_not_there(campaign: Path) -> str:
    text = json.dumps(header(campaign)).encode()
    shards(campaign)[0].write_bytes(checksummed(text + b"\n" + array((8,))))
    return f"{shards(campaign)[0]} is refused: its header or its arrays are damaged"


def names_that_are_no_names(campaign: Path) -> str:
    text = json.dumps({**header(campaign), "arrays": [1, 2]}).encode()
    shards(campaign)[0].write_bytes(checksummed(text + b"\n"))
    return "its header names no arrays"


def arrays_of_other_names(campaign: Path) -> str:
    """In order, and with a right checksum."""
    path = shards(campaign)[0]
    body = path.read_bytes()[len(shardfile.MAGIC) : -shardfile.DIGEST]
    head, _, arrays = body.partition(b"\n")
    found = json.loads(head)
    found["arrays"] = [f"{name}_" for name in found["arrays"]]
    path.write_bytes(checksummed(json.dumps(found).encode() + b"\n" + arrays))
    return f"{path} is refused: its header says arrays = ["


@pytest.mark.parametrize(
    "spoil",
    [
        lost_manifest, lost_manifest_and_report, surplus_shard, nested_manifest, endless_manifest,
        manifest_of_numbers, manifest_of_other_things, pipe_for_a_manifest, folder_for_a_manifest,
        part_folder, part_folder_of_our_kind, part_of_somebody, file_for_the_shards,
        pipe_for_a_shard, link_to_a_device, endless_shard, empty_header, header_that_is_a_list,
        nested_header, no_header, claimed_array, arrays_that_are_not_there, names_that_are_no_names,
        arrays_of_other_names,
    ],
)  # fmt: skip
def test_spoilt_folders_are_named_and_left_alone(campaign, capsys, spoil) -> None:
    expected = spoil(campaign)
    before = {path: path.lstat().st_mtime_ns for path in campaign.rglob("*")}
    assert run([*WORDS, str(campaign)]) == USAGE
    said = capsys.readouterr()
    assert expected in said.err
    assert len(said.err.splitlines()) == 1
    assert str(campaign) in said.err
    assert said.out == ""
    assert {path: path.lstat().st_mtime_ns for path in campaign.rglob("*")} == before


def test_names_that_no_file_can_have(tmp_path, capsys) -> None:
    for name in ("x" * 300, "a" + "/b" * 3000):
        assert run([*WORDS, str(tmp_path / name)]) == USAGE
        assert "File name too long" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


def test_what_a_killed_run_left_is_removed_only_where_all_else_is_in_order(campaign, made) -> None:
    (campaign / f".part-{'0' * 32}").write_bytes(b"half")
    (campaign / "notes").write_text("mine")
    assert run([*WORDS, str(campaign)]) == USAGE
    assert (campaign / f".part-{'0' * 32}").exists()
    (campaign / "notes").unlink()
    assert run([*WORDS, str(campaign)]) == 0
    assert files(campaign) == files(made)


def test_an_array_of_another_length_or_kind_is_refused() -> None:
    for spoilt in (np.arange(4.0), np.array(1.0)):
        with pytest.raises(shardfile.ShardError, match="does not hold 3 samples"):
            shardfile.decode(shardfile.encode({}, {"a": spoilt}), {}, 3)
    whole = shardfile.encode({}, {"a": np.arange(3.0)})
    more = whole[: -shardfile.DIGEST] + b"more"
    more += hashlib.sha256(more).hexdigest().encode() + b"\n"
    with pytest.raises(shardfile.ShardError, match="something follows its arrays"):
        shardfile.decode(more, {}, 3)


# As somebody who may neither read nor write the folder; root is let into everything, and so
# becomes nobody once the package is imported.
_AS_NOBODY = """
import os, sys
from maxout.cli.main import run
import torch, maxout.verify.suite, maxout.verify.campaigns.folder, maxout.verify.sampling.draws
if os.geteuid() == 0:
    os.seteuid(65534)
sys.exit(run(sys.argv[1:]))
"""


@pytest.fixture
def open_to_all():
    """A folder that everybody may enter; pytest's are for their owner alone."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.parametrize(
    ("mode", "there", "expected"),
    [
        (0o555, False, "cannot make {out}/shards: Permission denied"),
        (0o555, True, "cannot write {out}/report.json: Permission denied"),
        (0o000, False, "cannot read {out}: Permission denied"),
    ],
)
def test_folders_without_permission(made, open_to_all, mode, there, expected) -> None:
    out = open_to_all / "out"
    if there:
        shutil.copytree(made, out)
    else:
        out.mkdir()
    out.chmod(mode)
    try:
        done = subprocess.run(
            [sys.executable, "-c", _AS_NOBODY, *WORDS, str(out)],
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        out.chmod(0o755)
    assert done.returncode == USAGE, done.stderr
    assert expected.format(out=out) in done.stderr
    assert len(done.stderr.splitlines()) == 1
