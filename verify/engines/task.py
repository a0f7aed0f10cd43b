"""The work of one block, as a function of a few words: what an executor carries to a worker."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

from threadpoolctl import threadpool_limits

from maxout.verify.sampling.devices import LateSetting
from maxout.verify.sampling.populations import Arrays, Population, Setting, Together
from maxout.verify.sampling.streams import Stream
from maxout.verify.suite_errors import EngineError

_gpu: list[int] = []
"""Which of several CUDA devices this process draws on, where it was told."""


@dataclass(frozen=True)
class Task:
    """Shards of a population that follow one another.

    Attributes:
      seed: root seed.
      first, shards: the first of them, and how many.
      device, dtype: of the networks, by name.
      versions: ``versions()`` where the run is judged; others would draw other digits.
    """

    seed: int
    population: Population
    first: int
    shards: int
    device: str
    dtype: str
    versions: tuple[str, ...]


@cache
def versions() -> tuple[str, ...]:
    """What the digits of this process depend on."""
    packages = ("maxout", "numba", "numpy", "scipy", "torch")
    found = (f"{package} {version(package)}" for package in packages)
    return (f"Python {platform.python_version()}", *found)


def draw(task: Task) -> list[Arrays]:
    """Draw a task's shards, the same in any process; called where the executor pleases.

    The process keeps matrix products to one thread from then on: several would round otherwise.

    Raises:
      EngineError: where this process has other versions than the one that judges.
    """
    if other := set(versions()) - set(task.versions):
        wanted = sorted(set(task.versions) - set(versions()))
        raise EngineError(
            f"a worker has {', '.join(sorted(other))} where {', '.join(wanted)} judges: install "
            "the same versions on all machines"
        )
    setting = _setting(task.device, task.dtype)
    numbers = range(task.first, task.first + task.shards)
    return draw_shards(task.seed, task.population, numbers, setting)


def draw_shards(
    seed: int, population: Population, shards: Sequence[int], setting: Setting
) -> list[Arrays]:
    """Draw shards in this process."""
    streams = [Stream(seed, population.name, shard) for shard in shards]
    if isinstance(population, Together):
        return population.draw_together(streams, setting)
    return [population.draw(stream, setting) for stream in streams]


def take_gpu(index: int) -> None:
    """Let this process draw on one of several CUDA devices."""
    _gpu[:] = [index]


@cache
def _setting(device: str, dtype: str) -> Setting:
    threadpool_limits(1, user_api="blas")
    return LateSetting(device, dtype, _gpu[0] if _gpu else None)
