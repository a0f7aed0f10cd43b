"""Convolutional networks that experiments draw, and what plans know of them.

Energies here are carried tap by tap over whole maps, not counted along paths as the catalogue does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
import sympy as sp

from maxout.theory.conv_network import ConvNetwork
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment
from maxout.verify.experiment import Size
from maxout.verify.experiment_networks import OWN_BIASES
from maxout.verify.sampling.conv_networks import ConvNetworks
from maxout.verify.sampling.scales import moment, weight_variance

NORM = 2.0
POSITIONS, CELLS = (0, 8), (0, 2)
"""Input cells b and output cells a that are looked at; 0 for all."""

_C = sp.Rational(2, 5)


def conv_networks(size: Size, bias: str, rank: int | None = None) -> Iterator[ConvNetwork]:
    """The suite's, or a person's own.

    Every axis with its own kernel, stride, padding and dilation and two groups; zero padding in a
    row; and (deep) circular padding with a stride.
    """
    if size.network is not None:
        if isinstance(size.network, ConvNetwork) and size.network.bias == bias:
            yield size.network
        return
    yield ConvNetwork(
        (2, 4, 6), (5, 6), (3, 2), (2, 1), (1, 0), (1, 2), 2,
        outputs=6, rank=rank or 3, c=_C, bias=bias,
    )  # fmt: skip
    if size.deep:
        yield ConvNetwork((2, 5, 4, 3), 9, 3, padding=1, outputs=5, rank=rank or 4, c=_C, bias=bias)
        yield ConvNetwork(
            (3, 4, 5), (8, 6), 3, 2, 1,
            padding_mode="circular", outputs=4, rank=rank or 5, c=sp.Rational(4, 5), bias=bias,
        )  # fmt: skip


def places(network: ConvNetwork) -> Iterator[tuple[int, int]]:
    """Pairs (b, a) at which lengths are judged: all of both maps, one input and one output cell."""
    first, last = math.prod(network.sizes[0]), math.prod(network.sizes[-1])
    yield 0, 0
    if first >= POSITIONS[1]:
        yield POSITIONS[1], 0
    if last >= CELLS[1]:
        yield 0, CELLS[1]


def drawn(network: ConvNetwork, biases: str) -> ConvNetworks:
    """Named by networks with any biases, so that all statements at zero bias share the draws."""
    found = [*places(network)]
    positions = tuple(dict.fromkeys(b for b, _ in found))
    cells = tuple(dict.fromkeys(a for _, a in found))
    return ConvNetworks(network.but(bias="any"), biases, positions, cells, NORM)


def laws(size: Size) -> Iterator[str]:
    """Laws of the biases under which bounds are looked at."""
    if size.network is not None:
        yield OWN_BIASES if size.network.bias == "any" else str(size.network.bias)
        return
    yield from ("zero", "mixed")


def reached(network: ConvNetwork, position: int, cell: int) -> float:
    """What is left of energy 1 a number where every layer averages over its taps.

    Of the input's cells only ``position`` has energy, if it is not 0; then of output cell ``cell``.
    """
    lying = network.convolution
    energy = np.zeros(network.sizes[0])
    energy.flat[slice(None) if position == 0 else position - 1] = 1
    energy *= energy.size / energy.sum()
    for size in network.sizes[1:]:
        following = np.zeros(size)
        for at in np.ndindex(size):
            for tap in product(*map(range, lying.kernel)):
                place = [
                    a * s - p + d * j
                    for a, s, p, d, j in zip(
                        at, lying.stride, lying.padding, lying.dilation, tap, strict=True
                    )
                ]
                inside = all(0 <= b < n for b, n in zip(place, energy.shape, strict=True))
                if lying.padding_mode == "circular":
                    place = [b % n for b, n in zip(place, energy.shape, strict=True)]
                elif not inside:
                    continue
                following[at] += energy[tuple(place)] / lying.taps
        energy = following
    return float(energy.mean() if cell == 0 else energy.flat[cell - 1])


Unit = Callable[[int], float]
"""Order t -> E X^t of the square X of one unit, of patches of length 1."""


def normal(network: ConvNetwork) -> Unit:
    """Squares at zero bias, of x itself."""
    return lambda order: moment(LargestNormalMoment, network.rank, 2 * order)


def largest(network: ConvNetwork) -> Unit:
    """The largest of K chi-squares: it bounds the squares of a direction for any biases."""
    return lambda order: moment(LargestChi2Moment, network.rank, order)


def linear(order: int) -> float:
    """A chi-square: even functions of the winner at rank 2."""
    return (1.0, 3.0)[order - 1]


def length(network: ConvNetwork, position: int, cell: int, unit: Unit) -> tuple[float, float]:
    """Mean, and mean square at most, of a channel's square behind an input of norm 1.

    Given the past, the square of a cell over its channels is a sum of C independent units, of
    C/groups of each group. In the norm (E e^2)^{1/2}, which obeys the triangle inequality, a layer
    is the same operator times (1 + (E X^2/(E X)^2 - 1) groups/C)^{1/2}, whatever the correlations
    of cells.
    """
    layers = len(network.widths)
    gain = (weight_variance(network) * unit(1)) ** layers
    mean = gain * reached(network, position, cell) / network.inputs
    spread = unit(2) / unit(1) ** 2 - 1
    groups = network.convolution.groups
    square = mean**2 * math.prod(1 + spread * groups / units for units in network.channels[1:])
    return mean, square


def gain(network: ConvNetwork, position: int, unit: Unit) -> tuple[float, float]:
    """Mean and mean square, at most, of ||J(x)u||^2 where units have squares like these."""
    mean, square = length(network, position, 0, unit)
    return mean * network.outputs, square * network.outputs**2 * (1 + 2 / network.outputs)
