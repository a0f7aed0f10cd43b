"""Commands are run as a user runs them: in a process of their own."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def maxout() -> Callable[..., Done]:
    def run(*words: str, **options: Any) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "maxout", *words],
            capture_output=True,
            text=True,
            check=False,
            **options,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run
