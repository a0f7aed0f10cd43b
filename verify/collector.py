"""Draws shards of populations on all cores within a memory budget; neither shows in the draws."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

import torch

from maxout.verify.errors import DeviceError, MemoryBudgetError
from maxout.verify.populations import Arrays, Population, Setting, concatenate, shards_for
from maxout.verify.streams import Stream

DTYPES = {"float32": torch.float32, "float64": torch.float64}
DEFAULT_MEMORY = 1 << 30


def resolve_device(name: str) -> torch.device:
    """Return the device called auto, cpu or cuda.

    Raises:
      DeviceError: for cuda where there is none, or an unknown name.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise DeviceError(f"device must be auto, cpu or cuda; got {name!r}")
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise DeviceError("no CUDA device on this machine: use --device cpu or --device auto")
    return torch.device("cuda" if available and name != "cpu" else "cpu")


def resolve_dtype(name: str) -> torch.dtype:
    """Return the torch dtype called float32 or float64; ValueError for another name."""
    if name not in DTYPES:
        raise ValueError(f"dtype must be {' or '.join(DTYPES)}; got {name!r}")
    return DTYPES[name]


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Collector:
    """Samples populations for one run; a context manager that ends its threads.

    Args:
      seed: root seed.
      device: auto, cpu or cuda.
      dtype: float32 or float64, the precision of the networks.
      memory: bytes that may hold draws at one time (not what PyTorch itself occupies).
      workers: threads; by default the cores this process may use. Results do not depend on it.
    """

    def __init__(
        self,
        seed: int,
        device: str = "auto",
        dtype: str = "float64",
        memory: int | None = None,
        workers: int | None = None,
    ) -> None:
        self.seed = seed
        self.setting = Setting(resolve_device(device), resolve_dtype(dtype))
        self.memory = DEFAULT_MEMORY if memory is None else memory
        self.workers = workers or _cores()
        self._shards: dict[str, list[Arrays]] = {}
        self._pools: dict[int, ThreadPoolExecutor] = {}

    def __enter__(self) -> Collector:
        # One thread inside each operation: the parallelism is over shards. PyTorch keeps the number
        # in one process-wide place, so it is put back at the end.
        self._threads = torch.get_num_threads()
        torch.set_num_threads(1)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)
        torch.set_num_threads(self._threads)

    def workers_for(self, population: Population) -> int:
        """Threads whose shards fit the memory budget together.

        Raises:
          MemoryBudgetError: where not even one does.
        """
        needed, what = population.memory(self.setting)
        if needed > self.memory:
            raise MemoryBudgetError(
                f"the memory budget of {self.memory:,} bytes cannot hold {what}: "
                f"give --memory at least {needed:,}"
            )
        return min(self.workers, self.memory // needed)

    def collect(self, population: Population, samples: int) -> Arrays:
        """Return the first ``samples`` samples, drawing the shards that are not there yet."""
        held = self._shards.setdefault(population.name, [])
        missing = range(len(held), shards_for(population, samples))
        if missing:
            held.extend(self._draw(population, missing))
        joined = concatenate(held)
        return {name: values[:samples] for name, values in joined.items()}

    def forget(self, population: Population) -> None:
        """Let go of a population's samples; asked for again, they are drawn again."""
        self._shards.pop(population.name, None)

    def _draw(self, population: Population, shards: Sequence[int]) -> list[Arrays]:
        workers = self.workers_for(population)
        if workers not in self._pools:
            self._pools[workers] = ThreadPoolExecutor(
                workers, initializer=torch.set_num_threads, initargs=(1,)
            )
        pool = self._pools[workers]
        futures = [pool.submit(self._shard, population, shard) for shard in shards]
        try:
            return [future.result() for future in futures]
        except BaseException:
            for future in futures:
                future.cancel()
            raise

    def _shard(self, population: Population, shard: int) -> Arrays:
        return population.draw(Stream(self.seed, population.name, shard), self.setting)
