"""Blocks drawn elsewhere: asked for ahead of time, and merged in the order of the streams."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError
from dataclasses import dataclass
from typing import Any, Protocol

from maxout.verify.engines.task import Task, draw
from maxout.verify.sampling.populations import Arrays, Population
from maxout.verify.suite_errors import EngineError

Item = tuple[Population, int]
"""A population and the number of one of its blocks."""


class Executor(Protocol):
    """What is used of ``concurrent.futures.Executor``; what ``submit`` returns has ``result``."""

    def submit(self, function: Callable[..., Any], /, *given: Any) -> Any: ...


class Engine(Protocol):
    """Draws tasks.

    Attributes:
      workers: that draw at one time, about.
    """

    @property
    def workers(self) -> int: ...

    def submit(self, task: Task) -> Any:
        """Begin a task; what comes back is for ``result``."""

    def result(self, ticket: Any) -> list[Arrays]:
        """Wait for a task.

        Raises:
          EngineError: where the engine lost it for good.
        """

    def close(self) -> None: ...


class ExecutorEngine:
    """An engine of somebody's executor, which is theirs to shut down.

    Retries, and workers that come and go, are the executor's own.

    Args:
      workers: that it has, about; twice as many blocks are asked for ahead.
    """

    def __init__(self, executor: Executor, workers: int = 32) -> None:
        self._executor = executor
        self.workers = workers
        self._open: dict[int, Any] = {}

    def submit(self, task: Task) -> Any:
        ticket = self._executor.submit(draw, task)
        self._open[id(ticket)] = ticket
        return ticket

    def result(self, ticket: Any) -> list[Arrays]:
        self._open.pop(id(ticket), None)
        try:
            found: list[Arrays] = ticket.result()
        except (BrokenExecutor, CancelledError, ConnectionError) as error:
            raise EngineError(lost(error)) from error
        return found

    def close(self) -> None:
        """Leave the executor as it is, but for what was asked of it and is not needed."""
        for ticket in self._open.values():
            ticket.cancel()


def lost(error: BaseException) -> str:
    """What to say of an engine that gave up."""
    return (
        f"the workers are lost ({type(error).__name__}: {error}); start again: with --out what is "
        "finished is not drawn again"
    )


MOST_SHARDS = 64
"""Shards of one task, at most: some tenths of a second to some seconds of one core."""

MOST_SAMPLES = 1 << 20
"""Samples of one task, at most: some ten megabytes on their way."""


class Ahead:
    """Blocks of an engine in flight, several in a task.

    Those that are asked for come first, then those that will be: while experiments are judged
    here, the first looks of the next ones are drawn there.

    Args:
      task: of so many blocks from a first one on.
      size: shards of one block.
      together: shards that are best drawn by one call: on a GPU more than ``MOST_SHARDS``.
      ahead: blocks that the run will need whatever it finds, in the order of need.
    """

    def __init__(
        self,
        engine: Engine,
        task: Callable[[Population, int, int], Task],
        size: Callable[[Population], int],
        together: Callable[[Population], int],
        ahead: Iterator[Item],
    ) -> None:
        self._engine, self._task, self._size, self._together = engine, task, size, together
        self._runs = _runs(ahead)
        self._later: deque[list[Item]] = deque()
        self._flying: dict[tuple[str, int], _Flight] = {}
        self._begun: set[tuple[str, int]] = set()
        self._out: set[_Flight] = set()

    def draw(self, wanted: Iterable[Item]) -> Iterator[list[Arrays]]:
        """Yield the shards of blocks, in the order asked for."""
        items = list(wanted)
        missing = [item for item in items if _name(item) not in self._flying]
        chunks = deque(chunk for run in _runs(iter(missing)) for chunk in self._chunks(run))
        for item in items:
            while chunks and (self._free() or _name(item) not in self._flying):
                self._begin(chunks.popleft())
            if not chunks:
                self._begin_ahead()
            flight = self._flying.pop(_name(item))
            shards = flight.take(self._engine, item[1])
            self._out.discard(flight)
            if not chunks:  # what is judged next takes its time here
                self._begin_ahead()
            yield shards

    def _free(self) -> bool:
        return len(self._out) < 2 * self._engine.workers

    def _chunks(self, run: list[Item]) -> Iterator[list[Item]]:
        """Blocks that go into one task: few where there are few for all workers."""
        population, size = run[0][0], self._size(run[0][0])
        most = max(MOST_SHARDS, self._together(population))
        most = min(most, MOST_SAMPLES // population.shard_size) // size
        several = max(1, min(most, -(-len(run) // (2 * self._engine.workers))))
        for first in range(0, len(run), several):
            yield run[first : first + several]

    def _begin(self, chunk: list[Item]) -> None:
        population, first = chunk[0]
        ticket = self._engine.submit(self._task(population, first, len(chunk)))
        flight = _Flight(ticket, first, self._size(population))
        self._out.add(flight)
        for item in chunk:
            self._begun.add(_name(item))
            self._flying[_name(item)] = flight

    def _begin_ahead(self) -> None:
        while self._free():
            if not self._later:
                run = next(self._runs, None)
                if run is None:
                    return
                # Several experiments speak of one population.
                fresh = iter([item for item in run if _name(item) not in self._begun])
                self._later += [c for part in _runs(fresh) for c in self._chunks(part)]
                continue
            chunk = [i for i in self._later.popleft() if _name(i) not in self._begun]
            for part in _runs(iter(chunk)):
                self._begin(part)


@dataclass(eq=False)
class _Flight:
    """A task under way, and its shards once they are there."""

    ticket: Any
    first: int
    size: int
    shards: list[Arrays] | None = None

    def take(self, engine: Engine, block: int) -> list[Arrays]:
        """Wait for the shards of a block."""
        if self.shards is None:
            self.shards = engine.result(self.ticket)
        start = (block - self.first) * self.size
        return self.shards[start : start + self.size]


def _runs(items: Iterator[Item]) -> Iterator[list[Item]]:
    """Items in runs of one population's consecutive blocks."""
    run: list[Item] = []
    for item in items:
        if run and (run[-1][0].name, run[-1][1] + 1) != _name(item):
            yield run
            run = []
        run.append(item)
    if run:
        yield run


def _name(item: Item) -> tuple[str, int]:
    population, block = item
    return population.name, block
