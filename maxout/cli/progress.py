"""Live progress on stderr: on a terminal only, so that logs and pipes stay readable."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self, TextIO, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from maxout.verify.looks import Look

_WAIT = 0.1  # seconds between two updates of the line
T = TypeVar("T")
PATIENCE = 2.0
"""Seconds of work that need no word."""


class Work:
    """What is being worked at, said in a line that keeps itself up to date and leaves no trace.

    A thread writes the line, so that it moves while the work is inside one long call.

    Args:
      what: what is done, such as "counting regions".
      stream: where to say it.
    """

    def __init__(self, what: str, stream: TextIO) -> None:
        self._what, self._stream = what, stream
        self._detail = ""
        self._begun = time.monotonic()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def say(self, detail: str) -> None:
        """How far it is: "3 of 12"."""
        self._detail = detail

    def end(self) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        shown = False
        try:
            while not self._done.wait(PATIENCE if not shown else _WAIT):
                shown = True
                self._write(f"\r{self._line()}\x1b[K")
            if shown:
                self._write("\r\x1b[K")
        except (OSError, ValueError):
            pass  # nobody looks any more

    def _line(self) -> str:
        seconds = int(time.monotonic() - self._begun)
        parts = [self._what, *([self._detail] if self._detail else []), f"{seconds} s"]
        # On one line, or it could not be taken back.
        return ", ".join(parts)[: shutil.get_terminal_size().columns - 1]

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


@contextmanager
def working(what: str, shown: bool | None = None) -> Iterator[Callable[[str], None]]:
    """Say what is being done once it has taken ``PATIENCE``; yields how to say how far it is.

    Args:
      shown: whether there is somebody to look; a terminal on stderr by default.
    """
    if not (sys.stderr.isatty() if shown is None else shown):
        yield lambda detail: None
        return
    work = Work(what, sys.stderr)
    try:
        yield work.say
    finally:
        work.end()


def counted(items: Sequence[T], say: Callable[[str], None]) -> Iterator[T]:
    """The items, each after a word of how many there are."""
    for number, item in enumerate(items, start=1):
        say(f"{number:,} of {len(items):,}")
        yield item


class Progress:
    """A bar with a word of what is at work beside it.

    Args:
      total: how many there are to count; None where a share, from 0 to 1, is told instead.
      shown: whether there is somebody to look; a terminal on stderr by default.
    """

    def __init__(self, total: int | None = None, shown: bool | None = None) -> None:
        self._total = total
        self.shown = sys.stderr.isatty() if shown is None else shown
        self._bar: Bar | None = None

    def __enter__(self) -> Self:
        if self.shown:
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                MofNCompleteColumn,
                TaskProgressColumn,
                TextColumn,
                TimeElapsedColumn,
            )
            from rich.progress import Progress as Bar

            self._bar = Bar(
                BarColumn(bar_width=20),
                TaskProgressColumn() if self._total is None else MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.description}", markup=False),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task("", total=1 if self._total is None else self._total)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, what: str, done: float | None = None) -> None:
        """Say what is at work, and how many are done, or what share; None for as many as before."""
        if self._bar is not None:
            self._bar.update(self._task, description=what, completed=done)


class Looks(Progress):
    """Over the experiments: the statement at work, and every verdict as it falls."""

    def __init__(self, statements: int, shown: bool | None = None) -> None:
        super().__init__(statements, shown)
        self._seen: set[str] = set()
        self._next = 0.0

    def look(self, look: Look) -> None:
        """Called as samples come in, and after every look at them."""
        begun = look.experiment.key not in self._seen
        self._seen.add(look.experiment.key)
        if begun or self._due():
            self.show(describe(look), len(self._seen) - 1)

    def drawing(self, dealt: int, total: int) -> None:
        """Called as one of several processes takes its next block."""
        if self._due():
            self.show(f"block {dealt:,} of {total:,} of this look")

    def _due(self) -> bool:
        now = time.monotonic()
        if not self.shown or now < self._next:
            return False
        self._next = now + _WAIT
        return True


def describe(look: Look) -> str:
    """One line: the statement, its samples, and where the latest look put it."""
    parts = [look.experiment.key, f"{look.drawn:,} of at most {look.planned:,} samples"]
    if look.outcome is not None:
        low, high = look.outcome.interval
        # None where a number would mean nothing: rare networks rule it.
        where = "no interval" if low is None or high is None else f"in [{low:.5g}, {high:.5g}]"
        parts.append(f"{where}: {look.outcome.status}")
    return "  ".join(parts)
