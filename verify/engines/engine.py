"""Blocks drawn elsewhere: asked for ahead of time, and merged in the order of the streams."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError
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


class Given:
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


class Ahead:
    """Blocks of an engine in flight.

    Those that are asked for come first, then those that will be: while experiments are judged
    here, the first looks of the next ones are drawn there.

    Args:
      task: of a block.
      ahead: blocks that the run will need whatever it finds, in the order of need.
    """

    def __init__(
        self, engine: Engine, task: Callable[[Population, int], Task], ahead: Iterator[Item]
    ) -> None:
        self._engine, self._task, self._next = engine, task, ahead
        self._flying: dict[tuple[str, int], Any] = {}
        self._begun: set[tuple[str, int]] = set()

    def draw(self, wanted: Iterable[Item]) -> Iterator[list[Arrays]]:
        """Yield the shards of blocks, in the order asked for."""
        asked = iter(wanted)
        waiting: deque[tuple[str, int]] = deque()
        more = True
        while more or waiting:
            while more and len(waiting) < 2 * self._engine.workers:
                item = next(asked, None)
                if item is None:
                    more = False
                else:
                    self._begin(item)
                    waiting.append(_name(item))
            self._begin_ahead()
            if waiting:
                found = self._engine.result(self._flying.pop(waiting.popleft()))
                if not more:  # what is judged next takes its time here
                    self._begin_ahead()
                yield found

    def _begin(self, item: Item) -> None:
        if _name(item) not in self._flying:
            self._begun.add(_name(item))
            self._flying[_name(item)] = self._engine.submit(self._task(*item))

    def _begin_ahead(self) -> None:
        while len(self._flying) < 2 * self._engine.workers:
            item = next(self._next, None)
            if item is None:
                return
            if _name(item) not in self._begun:
                self._begin(item)


def _name(item: Item) -> tuple[str, int]:
    population, block = item
    return population.name, block
