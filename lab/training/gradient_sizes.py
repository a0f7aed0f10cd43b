"""Sizes of the gradient during training: the paper's figure, layer by layer.

The squared derivatives of the network's first output with respect to the weights of a layer, at one
input; of pieces that do not win they are zero, and zeros are left out as in the paper.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

from maxout.lab.training.stacked import Stack

Row = dict[str, float | int | None]

QUARTILES = (0.25, 0.5, 0.75)


def gradient_rows(stack: Stack, inputs: Tensor, epoch: int, gone: np.ndarray) -> list[Row]:
    """Mean and quartiles over weights and seeds, for every layer, and for all as layer 0.

    Args:
      stack: the networks.
      inputs: one input, (*shape).
      epoch: epochs trained so far, for the record.
      gone: seeds left out, since they diverged.

    Returns:
      A row for layer 0 and for each layer; the numbers are None where nothing is left.
    """
    squares = stack.probe(inputs)
    layers = [squares[name].numpy()[~gone].ravel() for name, _ in stack.layers]
    layers = [layer[layer != 0] for layer in layers]
    return [
        _row(epoch, number, layer) for number, layer in enumerate([np.concatenate(layers), *layers])
    ]


def _row(epoch: int, layer: int, squares: np.ndarray) -> Row:
    names = ("lower", "median", "upper")
    finite = squares[np.isfinite(squares)]
    row: Row = {"epoch": epoch, "layer": layer, "mean": None, **dict.fromkeys(names)}
    if finite.size:
        row["mean"] = float(finite.mean())
        row |= dict(zip(names, map(float, np.quantile(finite, QUARTILES)), strict=True))
    return row
