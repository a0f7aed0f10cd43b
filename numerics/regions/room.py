"""How many pieces a network may have: what they take to describe and to check, counted as they are
found.
"""

from __future__ import annotations

from collections.abc import Callable

from maxout.numerics.regions.concrete_layers import MaxoutLayers
from maxout.theory.errors import MaxoutError

MAX_NUMBERS = 1 << 28
"""Of 8 bytes: 2 GiB for the pieces after one layer, and as much again while they are joined."""


MAX_PRODUCTS = 3 * 10**10
"""Pieces times weights: each piece meets every weight, to be cut and then to be checked. Some two
minutes of two cores. Pieces only become more from layer to layer, so that all layers share it.
"""


class Room:
    """Room for the pieces of one layer.

    Args:
      layers: the network, all of whose weights each piece meets.
      each: numbers that describe one piece.
      what: is counted, in the plural.
      say: called with how many there are.
    """

    def __init__(
        self,
        layers: MaxoutLayers,
        each: int,
        what: str,
        say: Callable[[str], None] = lambda detail: None,
    ) -> None:
        self._most = min(MAX_NUMBERS // each, MAX_PRODUCTS // layers.weights)
        self._what, self._say = what, say
        self._taken = 0

    def check(self, more: int) -> None:
        """Refuse more pieces than there is room for.

        Raises:
          MaxoutError: saying how many there may be.
        """
        if self._taken + more > self._most:
            raise MaxoutError(
                f"the network has more than {self._most:,} {self._what}, the most that one of its "
                "size may have here: take a smaller window, a shorter curve or a narrower network"
            )

    def take(self, more: int) -> None:
        """Count pieces that are kept."""
        self.check(more)
        self._taken += more
        self._say(f"{self._taken:,} {self._what}")
