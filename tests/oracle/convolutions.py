"""Oracles of convolutional networks: the matrix of a layer's variances, made from unit impulses."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction as F
from typing import Any

import numpy as np
import torch
from torch import nn

from maxout.theory.conv_network import ConvNetwork
from maxout.theory.network import Network

from .quadrature import M, chi2_largest, chi2_smallest
from .registry import At, bounded, oracle


@dataclass(frozen=True)
class ConvAt(At):
    """A convolutional network: ``lying`` by the names that PyTorch's layers take, and ``size``."""

    channels: tuple[int, ...] = ()
    size: tuple[int, ...] = ()
    lying: dict[str, Any] = field(default_factory=dict)

    @property
    def network(self) -> Network:
        return ConvNetwork(
            self.channels,
            self.size,
            outputs=self.n[-1],
            rank=self.K,
            c=self.exact_c,
            bias=self.bias,
            **self.lying,
        )

    def __str__(self) -> str:
        return f"{self.channels} {self.size} {self.lying} {super().__str__()}"


def points(bias: str, **given: F | int) -> tuple[ConvAt, ...]:
    """Every axis with its own numbers and two groups; a row; circular padding with a stride."""
    lying = {"kernel": (3, 2), "stride": (2, 1), "padding": (1, 0), "dilation": (1, 2), "groups": 2}
    around = {"kernel": 3, "stride": 2, "padding": 1, "padding_mode": "circular"}
    found = (
        ConvAt((0, 5), 3, F(2, 5), bias, channels=(2, 4, 6), size=(5, 6), lying=lying),
        ConvAt(
            (0, 3), 5, F(7, 4), bias,
            channels=(1, 3, 2, 4), size=(7,), lying={"kernel": 3, "padding": 2, "dilation": 2},
        ),
        ConvAt((0, 2), 4, F(3, 2), bias, channels=(3, 2, 5), size=(8, 6), lying=around),
    )  # fmt: skip
    return tuple(replace(at, given=given) for at in found)


def energies(at: ConvAt, gain: float) -> np.ndarray:
    """Mean energy of every cell of the last map, over its channels, for an input of length 1.

    A layer of PyTorch's own with every squared weight equal to its variance, put to the energies
    of every channel.
    """
    axes = len(at.size)
    conv = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[axes - 1]
    names = {name: value for name, value in at.lying.items() if name != "kernel"}
    first = np.zeros((at.channels[0], *at.size))
    place = int(at.given["position"])
    cells = slice(None) if place == 0 else slice(place - 1, place)
    first.reshape(at.channels[0], -1)[:, cells] = 1
    energy = torch.from_numpy(first / first.sum())
    for before, units in zip(at.channels, at.channels[1:], strict=False):
        layer = conv(before, units, at.lying["kernel"], bias=False, **names).double()
        fan_in = layer.weight[0].numel()
        layer.weight.data.fill_(at.c / fan_in * gain)
        energy = layer(energy[None])[0].detach()
    return energy.sum(dim=0).flatten().numpy()


def mean_square(at: ConvAt, gain: float) -> float:
    """Of one number of the last map, at ``cell`` or over all of it."""
    cells = energies(at, gain) / at.channels[-1]
    place = int(at.given.get("cell", 0))
    return float(cells.mean() if place == 0 else cells[place - 1])


LENGTHS = (
    *points("zero", norm=F(17, 10), position=0, cell=0),
    *points("zero", norm=F(17, 10), position=5, cell=0),
    *points("zero", norm=F(17, 10), position=0, cell=2),
    *points("zero", norm=F(17, 10), position=2, cell=1),
)
GAINS = (*points("any", position=0), *points("any", position=5))


@oracle("conv.length", at=LENGTHS)
def length(at: ConvAt) -> float:
    return at["norm"] ** 2 * mean_square(at, M(at.K))


def outputs(at: ConvAt, gain: float) -> float:
    return at.n[-1] * mean_square(at, gain)


@oracle("conv.jacobian.lower", at=GAINS)
def lower(at: ConvAt) -> float:
    return outputs(at, chi2_smallest(at.K, 1))


@oracle("conv.jacobian.upper", at=GAINS)
def upper(at: ConvAt) -> float:
    return outputs(at, chi2_largest(at.K, 1))


@oracle("conv.jacobian.lower.sharp", at=GAINS)
@oracle("conv.jacobian.rank2", at=tuple(replace(at, K=2) for at in GAINS))
def lower_sharp(at: ConvAt) -> float:
    return outputs(at, 1.0)


@oracle("conv.jacobian.upper.sharp", at=GAINS)
def upper_sharp(at: ConvAt) -> float:
    return outputs(at, M(at.K))


@bounded(
    "conv.jacobian.lower",
    "conv.jacobian.lower.sharp",
    "conv.jacobian.upper.sharp",
    "conv.jacobian.upper",
    at=tuple(replace(at, channels=at.channels[:2]) for at in GAINS[:3]),
)
def one_layer(at: ConvAt) -> float:
    """Exact behind one layer at zero bias, every patch at an angle of cosine 0.3 to x."""
    return outputs(at, 0.3**2 * M(at.K) + (1 - 0.3**2))
