"""What tests of the verifier share."""

from collections.abc import Callable
from functools import cache

import pytest

from maxout.verify.experiment import Experiment
from maxout.verify.experiments import experiments


@pytest.fixture(scope="session")
def plan() -> Callable[[str], dict[str, list[Experiment]]]:
    """The experiments of a suite, by statement, built once: what they predict stays with them."""
    return cache(experiments)
