"""What tests of the verifier share."""

import importlib.util
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from maxout.verify.experiment import Experiment
from maxout.verify.experiments import experiments


@pytest.fixture(scope="session")
def plan() -> Callable[[str], dict[str, list[Experiment]]]:
    """The experiments of a suite, by statement, built once: what they predict stays with them."""
    return cache(experiments)


@pytest.fixture(scope="session")
def processors() -> ModuleType:
    """``tools/processors.py``, which emulates other processors."""
    path = Path(__file__).resolve().parents[2] / "tools" / "processors.py"
    spec = importlib.util.spec_from_file_location("processors", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
