"""Processes of this machine: an engine that replaces the ones that die."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.sharedctypes import Synchronized
from typing import Any

from maxout.verify.engines.engine import lost
from maxout.verify.engines.task import Task, draw, take_gpu
from maxout.verify.sampling.populations import Arrays
from maxout.verify.suite_errors import EngineError

MOST_DEATHS = 3
"""Pools that may break in a row, with no block finished in between."""


@dataclass(eq=False)
class _Ticket:
    task: Task
    future: Future[list[Arrays]]


class Processes:
    """An engine of so many processes, each of which draws in one thread.

    They are started anew, since a fork of a process with threads may hang. One that dies, or is
    killed, breaks the pool: another is begun and draws again what was in flight.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._tickets: list[_Ticket] = []
        self._deaths = 0
        self._pool = self._new()

    def _new(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        count = context.Value("i", 0)
        return ProcessPoolExecutor(
            self.workers, mp_context=context, initializer=_begin, initargs=(count,)
        )

    def submit(self, task: Task) -> _Ticket:
        try:
            future = self._pool.submit(draw, task)
        except BrokenExecutor as error:
            self._replace(error)
            future = self._pool.submit(draw, task)
        ticket = _Ticket(task, future)
        self._tickets.append(ticket)
        return ticket

    def result(self, ticket: _Ticket) -> list[Arrays]:
        while True:
            waited_for = ticket.future
            try:
                found = waited_for.result()
            except BrokenExecutor as error:
                if ticket.future is waited_for:  # not yet begun anew
                    self._replace(error)
                continue
            self._tickets.remove(ticket)
            self._deaths = 0
            return found

    def _replace(self, error: BrokenExecutor) -> None:
        self._deaths += 1
        if self._deaths > MOST_DEATHS:
            raise EngineError(lost(error)) from error
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = self._new()
        for ticket in self._tickets:
            if not _finished(ticket.future):
                ticket.future = self._pool.submit(draw, ticket.task)

    def close(self) -> None:
        """End the processes; what they draw is lost."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _finished(future: Future[Any]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _begin(count: Synchronized[int]) -> None:
    """Begin a worker: interrupts are the parent's, and without a parent it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with count.get_lock():
        take_gpu(count.value)
        count.value += 1
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)
