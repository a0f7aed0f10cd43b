"""How many pieces a network may have: what their description takes, counted as they are found."""

from __future__ import annotations

from collections.abc import Callable

from maxout.theory.errors import MaxoutError

MAX_NUMBERS = 1 << 28
"""Of 8 bytes: 2 GiB for the pieces after one layer, and as much again while they are joined."""


class Room:
    """Room for the pieces of one layer.

    Args:
      each: numbers that describe one piece.
      what: is counted, in the plural.
      say: called with how many there are.
    """

    def __init__(
        self, each: int, what: str, say: Callable[[str], None] = lambda detail: None
    ) -> None:
        self._most, self._what, self._say = MAX_NUMBERS // each, what, say
        self._taken = 0

    def check(self, more: int) -> None:
        """Refuse more pieces than there is room for.

        Raises:
          MaxoutError: saying how many there may be.
        """
        if self._taken + more > self._most:
            raise MaxoutError(
                f"the network has more than {self._most:,} {self._what}: take a smaller window, "
                "curve or network"
            )

    def take(self, more: int) -> None:
        """Count pieces that are kept."""
        self.check(more)
        self._taken += more
        self._say(f"{self._taken:,} {self._what}")
