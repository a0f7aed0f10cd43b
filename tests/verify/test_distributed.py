"""Several processes under torchrun: the bytes and the verdicts of one process, whoever dies."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from maxout.verify import suite
from maxout.verify.distributed import Team
from maxout.verify.run_setting import RunSetting

KEYS = ["jacobian.lyapunov.rest", "order.orthant"]


def torchrun(*words: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command += ["--standalone", "--max-restarts", "3", "-m", "maxout.torchrun"]
    return subprocess.Popen(
        [*command, *KEYS, "--device", "cpu", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> tuple[Path, dict]:
    out = tmp_path_factory.mktemp("alone") / "out"
    return out, suite.run(RunSetting(keys=KEYS, device="cpu"), out=out).to_json()


@pytest.mark.slow
def test_two_processes_say_what_one_says(alone) -> None:
    with torchrun("--json") as process:
        said, complaints = process.communicate(timeout=300)
    assert process.returncode == 0, complaints
    assert json.loads(said) == alone[1]  # printed once, by the first process


@pytest.mark.slow
def test_a_killed_worker_costs_no_more_than_its_shard(alone, tmp_path) -> None:
    out = tmp_path / "out"
    with torchrun("--json", "--out", str(out)) as process:
        deadline = time.monotonic() + 200
        while not (early := sorted(out.rglob("*.shard"))) and time.monotonic() < deadline:
            time.sleep(0.002)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        workers = [
            pid
            for pid in children
            if b"maxout.torchrun" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        assert len(workers) == 2
        stats = {path: path.stat().st_mtime_ns for path in early}
        os.kill(int(workers[-1]), signal.SIGKILL)
        said, complaints = process.communicate(timeout=300)
    assert process.returncode == 0, complaints
    assert "SIGKILL" in complaints or "-9" in complaints  # it did die, and torchrun saw it
    assert json.loads(said) == alone[1]
    assert files(out) == files(alone[0])
    assert {path: path.stat().st_mtime_ns for path in early} == stats


def team(size: int = 1) -> Team:
    return Team(torch.distributed.HashStore(), 0, size)


def test_every_item_is_dealt_once() -> None:
    one = team()
    other = Team(one.store, 1, 2)
    first, second = one.deal("cards", 10), other.deal("cards", 10)
    found = [next(first), next(second), next(second), next(first), *first, *second]
    assert sorted(found) == list(range(10))
    assert list(one.deal("other cards", 2)) == [0, 1]


def test_a_meeting_of_one_begins_at_once() -> None:
    team().meet("alone")


def test_what_is_told_is_heard_to_the_last_bit() -> None:
    one = team()
    values = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308]
    one.tell("numbers", values)
    assert one.hear("numbers") == values


def test_without_torchrun_it_says_how_to_start() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "maxout.torchrun", "order.mean"],
        capture_output=True,
        text=True,
        check=False,
        env={k: v for k, v in os.environ.items() if k not in ("RANK", "WORLD_SIZE")},
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "torchrun --nproc-per-node N -m maxout.torchrun" in done.stderr
