"""Blocks that threads draw before they are asked for, so that none waits between questions.

A run knows in which order it will ask: every experiment takes its first look. Drawn ahead or not,
a block has the same bytes; what is drawn ahead is only what will be asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future

from maxout.verify.sampling.populations import Arrays, Population

Item = tuple[Population, int]


class Early:
    """A few blocks in the making.

    Args:
      coming: the blocks that will be asked for, in that order; looked at as late as can be.
      draw: starts to draw one.
      most: blocks that may be under way or wait to be asked for.
    """

    def __init__(
        self, coming: Iterator[Item], draw: Callable[[Population, int], Future[Arrays]], most: int
    ) -> None:
        self._coming = coming
        self._draw = draw
        self._most = most
        self._started: dict[tuple[str, int], Future[Arrays]] = {}
        self._passed: set[tuple[str, int]] = set()

    def go_on(self) -> None:
        """Start blocks until so many are under way as may be."""
        while len(self._started) < self._most and (item := next(self._coming, None)):
            population, block = item
            key = (population.name, block)
            if key not in self._started and key not in self._passed:
                self._started[key] = self._draw(population, block)

    def take(self, population: Population, blocks: Iterable[int]) -> dict[int, Future[Arrays]]:
        """Return those of some blocks that are under way, and start none of them from now on."""
        keys = {block: (population.name, block) for block in blocks}
        self._passed.update(keys.values())
        return {b: self._started.pop(key) for b, key in keys.items() if key in self._started}

    def cancel(self) -> None:
        """Draw no more."""
        self._coming = iter(())
        for future in self._started.values():
            future.cancel()
