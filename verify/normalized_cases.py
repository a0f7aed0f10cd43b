"""Normalized networks that several experiments draw: one population for all that is said of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sympy as sp

from maxout.theory.block import Block
from maxout.theory.network import Network
from maxout.theory.normalized_blocks import LOST
from maxout.verify.experiment import Size, Twin, other_parameters, rewritten
from maxout.verify.sampling.normalized_networks import NormalizedNetworks, NormalizedSampler

COSINE, SIZE = 0.6, 1.7
"""Of the direction, and of the input."""
PARAMETERS = {"cosine": COSINE, "norm": SIZE}
DETAIL = f"|x| = {SIZE:g}, cos = {COSINE:g}"


_C = sp.Rational(2, 5)
"""Well below 1/M_K at the ranks here."""


def normalized_networks(
    norm: str, bias: str, size: Size, place: str = "behind"
) -> Iterator[Network]:
    """Narrow, so that the widths matter, but with a variance."""
    more = LOST[norm]

    def network(inputs: int, widths: tuple[int, ...], rank: int, inner: int) -> Network:
        block = Block(norm=norm, norm_place=place, inner=inner if place == "linear" else None)
        units = tuple(width + more for width in widths)
        pieces = 5 if place == "linear" else rank
        return Network(inputs, units, 8, pieces, c=_C, bias=bias, block=block)

    yield from size.networks([network(3, (6, 5), 3, 9)], [network(5, (8, 7, 9), 5, 11)])


def light_networks(norm: str, size: Size) -> Iterator[Network]:
    """Few layers and many outputs, so wide that fourth powers of the square have a mean."""
    block = Block(norm=norm)
    yield from size.networks(
        [Network(3, (10 + 2 * LOST[norm],), 24, 4, c=_C, bias="zero", block=block)],
        [Network(4, (20, 16), 24, 4, c=_C, bias="zero", block=block)],
    )


def wide_networks(norm: str, size: Size) -> Iterator[Network]:
    """Near the limit."""
    block = Block(norm=norm)
    yield from size.networks(
        [Network(3, (24, 20), 8, 4, c=_C, bias="zero", block=block)],
        [Network(4, (60, 50), 8, 5, c=_C, bias="zero", block=block)],
    )


def features_networks(bias: str, norm: str, size: Size) -> Iterator[Network]:
    """Normalization before the maximum."""
    block = Block(norm=norm, norm_place="before")
    yield from size.networks(
        [Network(3, (6, 5), 9, 3, c=_C, bias=bias, block=block)],
        [Network(5, (9, 8, 6), 7, 4, c=_C, bias=bias, block=block)],
    )


def one_layer(norm: str, units: int, rank: int, size: Size) -> Iterator[Network]:
    """One hidden layer, so narrow that its width matters, normalized before the maximum."""
    block = Block(norm=norm, norm_place="before")
    yield from size.networks([Network(3, (units,), 20, rank, c=_C, bias="zero", block=block)])


def population(network: Network) -> NormalizedNetworks:
    """One draw of the weights for all that is said of a network."""
    return NormalizedNetworks(NormalizedSampler(network, str(network.bias), COSINE, SIZE))


def other_norm(norm: str, right: Callable[[str], sp.Expr]) -> Twin:
    """The right side of the other normalization."""
    other = "rms" if norm == "layer" else "layer"
    return rewritten("the other normalization", lambda _: right(other))


ANGLE_FORGOTTEN = other_parameters("the angle forgotten", cosine=0, norm=SIZE)


def key_of(norm: str, what: str, bias: str = "zero") -> str:
    """The key of a statement on normalization behind the maximum."""
    return f"jacobian.{norm}.{what}" + ("" if bias == "zero" else f".{bias}")
