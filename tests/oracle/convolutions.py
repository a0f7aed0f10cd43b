"""Oracles of convolutional networks: the matrix of a layer's variances, made from unit impulses."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F

import numpy as np
import torch
from torch import nn

from .quadrature import M, chi2_largest, chi2_smallest
from .registry import At, bounded, oracle


def points(bias: str, **given: F | int) -> tuple[At, ...]:
    """Every axis with its own numbers and two groups; a row; circular padding with a stride."""
    two = {"kernel": (3, 2), "stride": (2, 1), "padding": (1, 0), "dilation": (1, 2), "groups": 2}
    row = {"kernel": 3, "padding": 2, "dilation": 2}
    around = {"kernel": 3, "stride": 2, "padding": 1, "padding_mode": "circular"}
    cases = (
        (3, F(2, 5), 5, {"channels": (2, 4, 6), "size": (5, 6), **two}),
        (5, F(7, 4), 3, {"channels": (1, 3, 2, 4), "size": (7,), **row}),
        (4, F(3, 2), 2, {"channels": (3, 2, 5), "size": (8, 6), **around}),
    )
    return tuple(
        At((0, outputs), rank, c, bias, given=given, lying=lying)
        for rank, c, outputs, lying in cases
    )


def energies(at: At, gain: float) -> np.ndarray:
    """Mean energy of every cell of the last map, over its channels, for an input of length 1.

    A layer of PyTorch's own with every squared weight equal to its variance, put to the energies
    of every channel.
    """
    channels, size = at.lying["channels"], at.lying["size"]
    kind = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[len(size) - 1]
    others = ("stride", "padding", "dilation", "groups", "padding_mode")
    names = {name: value for name, value in at.lying.items() if name in others}
    first = np.zeros((channels[0], *size))
    place = int(at.given["position"])
    cells = slice(None) if place == 0 else slice(place - 1, place)
    first.reshape(channels[0], -1)[:, cells] = 1
    energy = torch.from_numpy(first / first.sum())
    for before, units in zip(channels, channels[1:], strict=False):
        layer = kind(before, units, at.lying["kernel"], bias=False, **names).double()
        fan_in = layer.weight[0].numel()
        layer.weight.data.fill_(at.c / fan_in * gain)
        energy = layer(energy[None])[0].detach()
    return energy.sum(dim=0).flatten().numpy()


def mean_square(at: At, gain: float) -> float:
    """Of one number of the last map, at ``cell`` or over all of it."""
    cells = energies(at, gain) / at.lying["channels"][-1]
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
def length(at: At) -> float:
    return at["norm"] ** 2 * mean_square(at, M(at.K))


def outputs(at: At, gain: float) -> float:
    return at.n[-1] * mean_square(at, gain)


@oracle("conv.jacobian.lower", at=GAINS)
def lower(at: At) -> float:
    return outputs(at, chi2_smallest(at.K, 1))


@oracle("conv.jacobian.upper", at=GAINS)
def upper(at: At) -> float:
    return outputs(at, chi2_largest(at.K, 1))


@oracle("conv.jacobian.lower.sharp", at=GAINS)
@oracle("conv.jacobian.rank2", at=tuple(replace(at, K=2) for at in GAINS))
def lower_sharp(at: At) -> float:
    return outputs(at, 1.0)


@oracle("conv.jacobian.upper.sharp", at=GAINS)
def upper_sharp(at: At) -> float:
    return outputs(at, M(at.K))


@bounded(
    "conv.jacobian.lower",
    "conv.jacobian.lower.sharp",
    "conv.jacobian.upper.sharp",
    "conv.jacobian.upper",
    at=tuple(
        replace(at, lying={**at.lying, "channels": at.lying["channels"][:2]}) for at in GAINS[:3]
    ),
)
def one_layer(at: At) -> float:
    """Exact behind one layer at zero bias, every patch at an angle of cosine 0.3 to x."""
    return outputs(at, 0.3**2 * M(at.K) + (1 - 0.3**2))
