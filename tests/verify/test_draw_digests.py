"""All that is drawn for the quick suite is the same bytes on other processors, by emulation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from maxout.verify.experiments import experiments

TOOLS = Path(__file__).resolve().parents[2] / "tools"


def digests(**changed: str) -> dict[str, str]:
    command = [sys.executable, str(TOOLS / "draw_digests.py"), "--draws", "3000"]
    done = subprocess.run(
        command, env={**os.environ, **changed}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def here() -> dict[str, str]:
    return digests()


def test_every_population_draws_and_no_two_draw_the_same(here) -> None:
    names = {p.name for es in experiments("quick").values() for e in es for p in e.populations}
    assert names == set(here)
    assert len(set(here.values())) == len(here) > 70


@pytest.mark.parametrize("name", ["AVX2", "no AVX"])
def test_draws_are_the_same_bytes_elsewhere(here, name, processors) -> None:
    assert digests(**processors.environment(name)) == here
