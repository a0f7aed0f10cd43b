"""Campaigns killed at random instants end with the bytes of one that was left in peace."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from maxout.verify.sampling.devices import cores

KEYS = ("order.mean", "order.orthant")
KILLS = 50
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
NOT_PERMITTED = 77


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@dataclass
class Server:
    """Starts campaigns in processes that need not import PyTorch anew."""

    process: subprocess.Popen
    room: Path

    def start(self, out: Path, **options) -> int:
        words = ["verify", *KEYS, "--device", "cpu", "--out", str(out)]
        request = {"words": words, "said": str(self.said), "drawn": str(self.drawn), **options}
        self.said.write_text("")
        self.process.stdin.write(json.dumps(request) + "\n")
        return int(self.process.stdout.readline())

    def wait(self) -> int:
        return int(self.process.stdout.readline())

    @property
    def said(self) -> Path:
        return self.room / "said"

    @property
    def drawn(self) -> Path:
        return self.room / "drawn"

    def draws(self) -> list[str]:
        return self.drawn.read_text().splitlines() if self.drawn.exists() else []


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    room = tmp_path_factory.mktemp("server")
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("fork_server.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        # No threads before forking.
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    assert process.stdout.readline() == "ready\n"
    yield Server(process, room)
    process.stdin.close()
    process.stdout.close()
    assert process.wait(timeout=30) == 0


@pytest.fixture(scope="module")
def clean(server, tmp_path_factory) -> tuple[Path, float, set[str]]:
    """An undisturbed campaign, the seconds it took, and what it drew."""
    out = tmp_path_factory.mktemp("clean") / "out"
    begun = time.monotonic()
    server.start(out)
    assert server.wait() == 0, server.said.read_text()
    draws = server.draws()
    server.drawn.unlink()
    assert len(draws) == len(set(draws)) > 20
    return out, time.monotonic() - begun, set(draws)


@pytest.mark.slow
def test_killed_at_random_instants_fifty_times(server, clean, tmp_path) -> None:
    undisturbed, seconds, needed = clean
    expected = files(undisturbed)
    rolls = random.Random(1)  # the instants fall anew in every run all the same
    killed = finished = 0
    out = tmp_path / "out"
    kills_here = 0
    while killed < KILLS or out.exists():
        before = {p: p.stat() for p in out.rglob("*.shard")}
        pid = server.start(out)
        chosen = rolls.choice(SIGNALS)
        if killed < KILLS:
            time.sleep(rolls.uniform(0, seconds))
            with contextlib.suppress(ProcessLookupError):  # it may have finished
                os.kill(pid, chosen)
        status = server.wait()
        # Whatever is there is whole, right, and was not made again.
        found = {name: data for name, data in files(out).items() if "/.part-" not in f"/{name}"}
        assert found.items() <= expected.items()
        for path, stat in before.items():
            assert (path.stat().st_ino, path.stat().st_mtime_ns) == (stat.st_ino, stat.st_mtime_ns)
        if status == 0:
            assert files(out) == expected
            # Lost: at most what the threads had in hand at each kill.
            draws = server.draws()
            assert set(draws) == needed
            lost = len(draws) - len(needed)
            assert lost <= kills_here * (cores() + 1)
            finished += 1
            kills_here = 0
            shutil.rmtree(out)
            server.drawn.unlink()
            continue
        assert status == (130 if chosen == signal.SIGINT else -chosen), server.said.read_text()
        if chosen == signal.SIGINT:
            assert server.said.read_text().strip() == "maxout: interrupted"
        killed += 1
        kills_here += 1
    assert finished > 1


@pytest.mark.slow
def test_a_file_size_limit_leaves_a_campaign_that_goes_on(server, clean, tmp_path) -> None:
    undisturbed, *_ = clean
    expected = files(undisturbed)
    sizes = sorted(len(data) for name, data in expected.items() if name.endswith(".shard"))
    out = tmp_path / "out"
    server.start(out, file_limit=sizes[0] + 1)
    assert server.wait() == 2
    (line,) = server.said.read_text().splitlines()
    assert line.startswith("maxout: cannot write ")
    assert "File too large" in line
    assert "run the same command again" in line
    assert files(out).items() <= expected.items()
    server.start(out)
    assert server.wait() == 0
    assert files(out) == expected


@pytest.mark.slow
def test_a_full_disk_leaves_a_campaign_that_goes_on(server, clean, tmp_path) -> None:
    undisturbed, *_ = clean
    expected = files(undisturbed)
    half = sum(map(len, expected.values())) // 2
    out, copy = tmp_path / "out", tmp_path / "copy"
    out.mkdir()
    server.start(out, disk=half, at=str(out), to=str(copy))
    status = server.wait()
    if status == NOT_PERMITTED:
        pytest.skip("this machine permits no file system of our own; the limit above stands in")
    assert status == 0, server.said.read_text()
    complaint, first, *_ = server.said.read_text().splitlines()
    assert "No space left on device" in complaint
    assert complaint.startswith("maxout: cannot write ")
    assert first.startswith("first exit 2 with ")
    assert 1 < int(first.split()[-2]) < len(expected)
    assert files(copy) == expected
