"""Draws shards of populations on all cores within a memory budget; neither shows in the draws."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol

from maxout.verify.engines.engine import Ahead, Engine, Item
from maxout.verify.engines.task import Task, draw_shards, versions
from maxout.verify.sampling.devices import LateSetting, cores
from maxout.verify.sampling.early import Early
from maxout.verify.sampling.freshness import Freshness
from maxout.verify.sampling.memory_budget import Budget
from maxout.verify.sampling.populations import (
    Arrays,
    Population,
    Together,
    concatenate,
    shards_for,
)
from maxout.verify.suite_errors import MemoryBudgetError

DEFAULT_MEMORY = 1 << 30


class Shelf(Protocol):
    """Where finished blocks of shards are kept, so that they need not be drawn again."""

    def shards(self, population: Population) -> int:
        """Shards of one block."""

    def has(self, population: Population, block: int) -> bool: ...

    def read(self, population: Population, block: int) -> Arrays: ...

    def write(self, population: Population, block: int, arrays: Arrays) -> None: ...


@dataclass
class _Held:
    """Samples at hand, from the first block on."""

    parts: list[Arrays] = field(default_factory=list)

    def first(self, samples: int) -> Arrays:
        self.parts = [concatenate(self.parts)] if len(self.parts) > 1 else self.parts
        return {name: values[:samples] for name, values in self.parts[0].items()}


class Collector:
    """Samples populations for one run; a context manager that ends its threads.

    Args:
      seed: root seed.
      device: auto, cpu or cuda.
      dtype: float32 or float64, the precision of the networks.
      memory: bytes that may hold draws at one time (not what PyTorch itself occupies).
      workers: threads; by default the cores this process may use. Results do not depend on it.
      shelf: keeps finished blocks, a campaign's folder; none by default.
      engine: draws instead of threads, in other processes or on other machines; the collector
        closes it.
    """

    def __init__(
        self,
        seed: int,
        device: str = "auto",
        dtype: str = "float64",
        memory: int | None = None,
        workers: int | None = None,
        shelf: Shelf | None = None,
        engine: Engine | None = None,
    ) -> None:
        self.seed = seed
        self.setting = LateSetting(device, dtype)
        self.memory = DEFAULT_MEMORY if memory is None else memory
        self.engine = engine
        self.workers = engine.workers if engine else workers or cores()
        self.shelf = shelf
        self._budget = Budget(self.memory)
        self._held: dict[str, _Held] = {}
        self._blocks: dict[str, int] = {}
        self._fresh = Freshness()
        self._ahead: Ahead | None = None
        self._early: Early | None = None
        self._dtype = dtype
        self.expect(())

    def expect(self, items: Iterable[Item]) -> None:
        """Have blocks drawn ahead that will be asked for in any case, in this order."""
        shelf = self.shelf
        unfinished = (item for item in items if not (shelf and shelf.has(*item)))
        if self.engine:
            self._ahead = Ahead(self.engine, self._task, self.shards, self._together, unfinished)
        elif not shelf:  # what was drawn ahead would be lost where a campaign is killed
            # Launches of several blocks keep a GPU busy by themselves.
            single = (item for item in unfinished if self._together(item[0]) == 1)
            self._early = Early(single, self._start, 4 * self.workers)

    def _task(self, population: Population, block: int, blocks: int) -> Task:
        size, device = self.shards(population), self.setting.device.type
        shards = block * size, blocks * size
        return Task(self.seed, population, *shards, device, self._dtype, versions())

    def _start(self, population: Population, block: int) -> Future[Arrays]:
        size = self.shards(population)
        return self._pool.submit(self._whole, population, range(block * size, (block + 1) * size))

    def _whole(self, population: Population, shards: Sequence[int]) -> Arrays:
        return concatenate([arrays for s in shards for arrays in self._draw(population, [s])])

    def __enter__(self) -> Collector:
        self._pool = ThreadPoolExecutor(self.workers)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._early:
            self._early.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self.setting.close()
        if self.engine:
            self.engine.close()

    def shards(self, population: Population) -> int:
        """Shards of one block: those that are kept together."""
        return self.shelf.shards(population) if self.shelf else 1

    def require_memory(self, population: Population) -> int:
        """Return the bytes that drawing one shard takes.

        Raises:
          MemoryBudgetError: where the budget does not hold them.
        """
        needed, what = population.memory(self.setting)
        if needed > self.memory:
            raise MemoryBudgetError(
                f"the memory budget of {self.memory:,} bytes cannot hold {what}: "
                f"give --memory at least {needed:,}"
            )
        return needed

    def blocks_for(self, population: Population, samples: int) -> int:
        """Blocks that hold at least so many samples."""
        return -(-shards_for(population, samples) // self.shards(population))

    def collect(
        self,
        population: Population,
        samples: int,
        drawn: Callable[[int], None] | None = None,
    ) -> Arrays:
        """Return the first ``samples`` samples, drawing the shards that are not there yet.

        Args:
          drawn: called with the number of samples at hand as it grows.
        """
        held = self._held.setdefault(population.name, _Held())
        had = self._blocks.get(population.name, 0)
        needed = range(had, self.blocks_for(population, samples))
        shelf = self.shelf
        early = self._early.take(population, needed) if self._early else {}
        ready = {b for b in needed if shelf.has(population, b)} if shelf else set()
        fresh = self.draw((population, b) for b in needed if b not in ready and b not in early)
        for block in needed:
            if self._early:
                self._early.go_on()
            if shelf and block in ready:
                held.parts.append(shelf.read(population, block))
            elif block in early:
                held.parts.append(self._shelved(population, block, early[block].result()))
            else:
                held.parts.append(next(fresh))
            self._fresh.check(f"{population.name}, block {block}", held.parts[-1])
            self._blocks[population.name] = block + 1
            if drawn:
                drawn(min(samples, (block + 1) * self.shards(population) * population.shard_size))
        return held.first(samples)

    def forget(self, population: Population) -> None:
        """Let go of a population's samples; asked for again, they are read or drawn again."""
        self._held.pop(population.name, None)
        self._blocks.pop(population.name, None)

    def draw(self, wanted: Iterable[tuple[Population, int]]) -> Iterator[Arrays]:
        """Draw blocks, shelve each as it is finished, and yield them in the order asked for.

        Only so many are asked for ahead as keep the threads busy.
        """
        if self._ahead:
            yield from self._from_engine(self._ahead, wanted)
            return
        window: deque[tuple[Population, list[int], list[Future[list[Arrays]]]]] = deque()
        try:
            for population, blocks in self._batches(wanted):
                size, together = self.shards(population), self._together(population)
                shards = range(blocks[0] * size, (blocks[-1] + 1) * size)
                futures = [
                    self._pool.submit(self._draw, population, shards[first : first + together])
                    for first in range(0, len(shards), together)
                ]
                window.append((population, blocks, futures))
                if sum(len(later) for _, _, later in list(window)[1:]) >= self.workers:
                    yield from self._finish(*window.popleft())
            while window:
                yield from self._finish(*window.popleft())
        finally:
            for _, _, futures in window:
                for future in futures:
                    future.cancel()

    def _from_engine(self, ahead: Ahead, wanted: Iterable[Item]) -> Iterator[Arrays]:
        items = list(wanted)
        for shards, (population, block) in zip(ahead.draw(items), items, strict=True):
            yield self._shelved(population, block, concatenate(shards))

    def _shelved(self, population: Population, block: int, arrays: Arrays) -> Arrays:
        if self.shelf:
            self.shelf.write(population, block, arrays)
        return arrays

    def _batches(
        self, wanted: Iterable[tuple[Population, int]]
    ) -> Iterator[tuple[Population, list[int]]]:
        """Blocks that follow one another, as many as are drawn together; on the CPU one by one."""
        batch: list[int] = []
        population = None
        for other, block in wanted:
            if population is not None and (
                other.name != population.name
                or block != batch[-1] + 1
                or (len(batch) + 1) * self.shards(population) > self._together(population)
            ):
                yield population, batch
                batch = []
            population = other
            batch = [*batch, block]
        if population is not None:
            yield population, batch

    def _together(self, population: Population) -> int:
        return population.together(self.setting) if isinstance(population, Together) else 1

    def _finish(
        self, population: Population, blocks: list[int], futures: list[Future[list[Arrays]]]
    ) -> Iterator[Arrays]:
        shards = [arrays for future in futures for arrays in future.result()]
        size = self.shards(population)
        for index, block in enumerate(blocks):
            arrays = concatenate(shards[index * size : (index + 1) * size])
            yield self._shelved(population, block, arrays)

    def _draw(self, population: Population, shards: Sequence[int]) -> list[Arrays]:
        with self._budget.hold(self.require_memory(population)):
            return draw_shards(self.seed, population, shards, self.setting)
