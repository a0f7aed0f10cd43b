"""How much a command may be asked for: what would not fit or not end is refused before it begins.

The numbers are sizes, not seconds, so that an answer does not depend on the machine.
"""

from __future__ import annotations

from maxout.theory.errors import DomainError
from maxout.theory.network import Network

MAX_WEIGHTS = 10**8
"""Weights of one network that is drawn."""

MAX_DRAWS = 10**11
"""Weights of all networks that a command draws: some ten minutes of one core."""

MAX_CROSSINGS = 10**9
"""Segments of a curve times units of the networks that it is followed through."""

MAX_KEPT = 10**8
"""Numbers kept of all sampled networks."""


MAX_CHAIN = 2 * 10**7
"""Numbers of a chain that is drawn along a curve: draws times layers."""


def check_seed(seed: int) -> None:
    """Refuse a seed that no stream of networks has.

    Raises:
      DomainError: saying from where to where.
    """
    if not 0 <= seed < 2**128:
        raise DomainError(f"seed must be an integer from 0 to 2^128 - 1; got {seed}")


def chain_draws(layers: int) -> int:
    """Draws of a chain along a curve: fewer of deep networks, whose error then says so."""
    return min(100_000, max(2, MAX_CHAIN // layers))


def check_drawn(network: Network, networks: int = 1) -> None:
    """Refuse to draw what does not fit or does not end.

    Raises:
      DomainError: saying how many weights, and how many at most.
    """
    fans = sum(fan_in * units for fan_in, units in network.hidden())
    weights = network.rank * fans + network.widths[-1] * network.outputs
    if weights > MAX_WEIGHTS:
        raise DomainError(f"the network would have {weights:,} weights; at most {MAX_WEIGHTS:,}")
    if weights * networks > MAX_DRAWS:
        raise DomainError(
            f"{networks:,} networks of {weights:,} weights are {weights * networks:,} draws; "
            f"at most {MAX_DRAWS:,}: ask for fewer networks"
        )


def check_followed(segments: int, units: int, networks: int) -> None:
    """Refuse to follow a curve through more units than ends.

    Raises:
      DomainError: saying how many networks, or segments, at most.
    """
    if segments * units * networks <= MAX_CROSSINGS:
        return
    most = MAX_CROSSINGS // (segments * units)
    if most < 2:
        raise DomainError(
            f"a curve through {units:,} units may have {MAX_CROSSINGS // units:,} segments; got "
            f"{segments:,}"
        )
    raise DomainError(
        f"simulate must be at most {most:,} for a curve of {segments:,} segments and networks of "
        f"{units:,} units; got {networks:,}"
    )


def check_kept(networks: int, each: int, name: str) -> None:
    """Refuse to keep too much of sampled networks.

    Args:
      each: numbers kept of one network.
      name: of the option that says how many networks.

    Raises:
      DomainError: saying how many networks at most.
    """
    if networks * each > MAX_KEPT:
        raise DomainError(
            f"{name} must be at most {MAX_KEPT // each:,} at this depth; got {networks:,}"
        )
