"""Live progress of a verification, on stderr: on a terminal only, so that logs stay readable."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from maxout.verify.looks import Look

_WAIT = 0.1  # seconds between two updates of the line


class Progress:
    """A bar over the experiments, the statement at work, and every verdict as it falls.

    Args:
      statements: how many will be checked.
      shown: whether there is somebody to look; a terminal on stderr by default.
    """

    def __init__(self, statements: int, shown: bool | None = None) -> None:
        self._statements = statements
        self._shown = sys.stderr.isatty() if shown is None else shown
        self._bar: Any = None
        self._done: set[str] = set()
        self._last = 0.0

    def __enter__(self) -> Progress:
        if self._shown:
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                MofNCompleteColumn,
                TextColumn,
                TimeElapsedColumn,
            )
            from rich.progress import Progress as Bar

            self._bar = Bar(
                BarColumn(bar_width=20),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.description}", markup=False),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task("", total=self._statements)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def look(self, look: Look) -> None:
        """Called as samples come in, and after every look at them."""
        if self._bar is None:
            return
        key = look.experiment.key
        if key not in self._done:
            self._done.add(key)
            self._bar.update(self._task, completed=len(self._done) - 1)
        now = time.monotonic()
        if now - self._last < _WAIT:
            return
        self._last = now
        self._bar.update(self._task, description=describe(look))

    def drawing(self, dealt: int, total: int) -> None:
        """Called as one of several processes takes its next block."""
        now = time.monotonic()
        if self._bar is None or now - self._last < _WAIT:
            return
        self._last = now
        self._bar.update(self._task, description=f"block {dealt:,} of {total:,} of this look")


def describe(look: Look) -> str:
    """One line: the statement, its samples, and where the latest look put it."""
    parts = [look.experiment.key, f"{look.drawn:,} of at most {look.planned:,} samples"]
    if look.outcome is not None:
        low, high = look.outcome.interval
        # None where a number would mean nothing: rare networks rule it.
        where = "no interval" if low is None or high is None else f"in [{low:.5g}, {high:.5g}]"
        parts.append(f"{where}: {look.outcome.status}")
    return "  ".join(parts)
