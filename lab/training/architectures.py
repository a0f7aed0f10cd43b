"""The paper's networks: 20 fully connected maxout layers, and a VGG-19 of maxout layers."""

from __future__ import annotations

import math

import torch
from torch import nn

from maxout.nn import MaxoutConv2d, MaxoutLinear
from maxout.theory.errors import DomainError, MaxoutError

NETWORKS = ("fc", "conv")

FC_WIDTHS = (64,) * 5 + (32,) * 5 + (16,) * 5 + (8,) * 5
CONV_BLOCKS = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))
"""(channels, layers) of each block; 2x2 max pooling follows each."""
CONV_DENSE = (4096, 4096, 1000)

# Which pieces make a unit is all the same for weights drawn independently; the maximum over pieces
# that lie apart is several times faster than over neighbours.
_LAYOUT = "strided"


def build(
    network: str,
    shape: tuple[int, ...],
    classes: int,
    rank: int,
    multiplier: float = 1.0,
    widths: tuple[int, ...] | None = None,
) -> nn.Sequential:
    """Build one network without drawing a number: its parameters hold no values yet.

    Args:
      network: "fc", 20 layers of 64 (5 times), 32, 16 and 8 units; or "conv", 3x3 convolutions in
        blocks of ``CONV_BLOCKS``, as many as the image can be halved (five from 32x32 on, four for
        28x28, three for 8x8), then dense layers of ``CONV_DENSE`` units.
      shape: of one input.
      classes: outputs of the linear layer at the end.
      rank: K of the maxout layers; 0 builds the ReLU network of the same widths.
      multiplier: of all hidden widths, which stay at least 1.
      widths: hidden units of "fc"; the paper's where None.

    Raises:
      DomainError: for an unknown network; for "conv", inputs that are no images, or widths.
    """
    with torch.device("meta"):
        if network == "fc":
            layers = _fully_connected(shape, classes, rank, multiplier, widths or FC_WIDTHS)
        elif network == "conv":
            if widths is not None:
                raise DomainError("widths are for network fc; --width multiplies those of conv")
            layers = _convolutional(shape, classes, rank, multiplier)
        else:
            raise DomainError(f"network must be one of {', '.join(NETWORKS)}; got {network[:60]!r}")
    return nn.Sequential(*layers).to_empty(device="cpu")


def _fully_connected(
    shape: tuple[int, ...], classes: int, rank: int, multiplier: float, widths: tuple[int, ...]
) -> list[nn.Module]:
    return [nn.Flatten(), *_dense(math.prod(shape), widths, classes, rank, multiplier)]


def _convolutional(
    shape: tuple[int, ...], classes: int, rank: int, multiplier: float
) -> list[nn.Module]:
    if len(shape) != 3 or min(shape[1:]) < 2:
        raise MaxoutError(f"network conv needs images of 2x2 or more; inputs have shape {shape}")
    channels, height, width = shape
    layers: list[nn.Module] = []
    for block, repeat in CONV_BLOCKS:
        if min(height, width) < 2:
            break
        units = scaled(block, multiplier)
        for _ in range(repeat):
            if rank:
                layers.append(MaxoutConv2d(channels, units, 3, rank, padding=1, layout=_LAYOUT))
            else:
                layers += [nn.Conv2d(channels, units, 3, padding=1), nn.ReLU()]
            channels = units
        layers.append(nn.MaxPool2d(2))
        height, width = height // 2, width // 2
    inputs = channels * height * width
    return [*layers, nn.Flatten(), *_dense(inputs, CONV_DENSE, classes, rank, multiplier)]


def _dense(
    inputs: int, widths: tuple[int, ...], classes: int, rank: int, multiplier: float
) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for width in widths:
        units = scaled(width, multiplier)
        if rank:
            layers.append(MaxoutLinear(inputs, units, rank, layout=_LAYOUT))
        else:
            layers += [nn.Linear(inputs, units), nn.ReLU()]
        inputs = units
    return [*layers, nn.Linear(inputs, classes)]


def scaled(width: int, multiplier: float) -> int:
    """Units of a layer, at least 1."""
    return max(1, round(width * multiplier))
