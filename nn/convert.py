"""Weights of maxout layers from and to the shapes other frameworks keep them in.

| format | fully connected | bias | convolution |
|---|---|---|---|
| maxout | (out·K, in) | (out·K,) | (out·K, in, *kernel) |
| maxout-strided | (K·out, in) | (K·out,) | (K·out, in, *kernel) |
| keras | (K, in, out) | (K, out) | none |
| tensorflow-addons | (in, K·out) | (K·out,) | (*kernel, in, K·out) |
| lasagne | (in, out·K) | (out·K,) | (out·K, in, *kernel), flipped |
| chainer | (out·K, in) | (out·K,) | (out·K, in, *kernel) |
| paddle | (in, out·K) | (out·K,) | (out·K, in, *kernel) |
| flax | (in, out·K) | (out·K,) | (*kernel, in, out·K) |
| thinc | (out, K, in) | (out, K) | none |

keras is MaxoutDense of Keras 1, thinc and chainer are their Maxout layers; with the others, and
convolutions in Chainer, a plain layer comes first and its weights are meant: Dense or Conv before
Maxout in TensorFlow addons and Paddle, DenseLayer or ConvLayer before FeaturePoolLayer in Lasagne.
flax is Dense or Conv of Flax and Keras 3, channels last, with the pieces of a unit side by side.
out·K means that the K pieces of a unit lie side by side, K·out that they lie ``out`` apart. Lasagne
convolves with the kernel turned round (its default ``flip_filters=True``); the others correlate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from maxout.init.constants import check_rank
from maxout.theory.errors import DomainError

# Axes of a weight: u unit, k piece, i input, s all spatial axes. Two letters in one entry are one
# axis, the first letter varying slower.
_Axes = tuple[str, ...]


@dataclass(frozen=True)
class _Format:
    dense: _Axes
    bias: _Axes
    conv: _Axes | None
    flipped: bool = False


FORMATS = {
    "maxout": _Format(("uk", "i"), ("uk",), ("uk", "i", "s")),
    "maxout-strided": _Format(("ku", "i"), ("ku",), ("ku", "i", "s")),
    "keras": _Format(("k", "i", "u"), ("k", "u"), None),
    "tensorflow-addons": _Format(("i", "ku"), ("ku",), ("s", "i", "ku")),
    "lasagne": _Format(("i", "uk"), ("uk",), ("uk", "i", "s"), flipped=True),
    "chainer": _Format(("uk", "i"), ("uk",), ("uk", "i", "s")),
    "paddle": _Format(("i", "uk"), ("uk",), ("uk", "i", "s")),
    "flax": _Format(("i", "uk"), ("uk",), ("s", "i", "uk")),
    "thinc": _Format(("u", "k", "i"), ("u", "k"), None),
}


def convert_weights(
    weight: Any, bias: Any = None, *, source: str, target: str, rank: int
) -> tuple[Tensor, Tensor | None]:
    """Rearrange the weights of one maxout layer from one framework's shape to another's.

    Args:
      weight: tensor or NumPy array in the shape of ``source``; see the table of this module. A
        weight with more axes than a fully connected one is a convolution's.
      bias: the same for the bias, or None.
      source, target: a key of ``FORMATS``. "maxout" and "maxout-strided" are this package's layers
        with ``layout="contiguous"`` and ``"strided"``.
      rank: affine pieces K of one unit.

    Returns:
      (weight, bias) as new contiguous tensors in the shape of ``target``, ready for
      ``layer.load_state_dict({"weight": weight, "bias": bias})``; ``.numpy()`` makes arrays.

    Raises:
      DomainError: for an unknown format, shapes that do not fit it or the rank, or a convolution
        where the format has none.
    """
    for name in (source, target):
        if name not in FORMATS:
            raise DomainError(f"format must be one of {', '.join(FORMATS)}; got {name!r}")
    rank = check_rank(rank)
    old, new = FORMATS[source], FORMATS[target]
    weight = _as_tensor(weight)
    spatial = weight.dim() - len(old.dense)
    if not 0 <= spatial <= (3 if old.conv else 0):
        raise DomainError(f"{source} keeps no weight of shape {tuple(weight.shape)}")
    if spatial and new.conv is None:
        raise DomainError(f"{target} has no format for convolutions")
    canonical = _unpack(weight, old.conv if spatial and old.conv else old.dense, spatial, rank)
    if spatial and old.flipped != new.flipped:
        canonical = canonical.flip(tuple(range(3, 3 + spatial)))
    converted = _pack(canonical, new.conv if spatial and new.conv else new.dense, spatial)
    if bias is None:
        return converted, None
    # A bias is a weight with no input axis; a last axis of length 1 stands for it on the way.
    bias = _as_tensor(bias)
    if bias.dim() != len(old.bias):
        raise DomainError(f"{source} keeps no bias of shape {tuple(bias.shape)}")
    pieces = _unpack(bias.unsqueeze(-1), (*old.bias, "i"), 0, rank)
    if pieces.shape[0] != canonical.shape[0]:
        raise DomainError(
            f"weight has {canonical.shape[0]} units of rank {rank}, bias has {pieces.shape[0]}"
        )
    return converted, _pack(pieces, (*new.bias, "i"), 0).squeeze(-1)


def _as_tensor(x: Any) -> Tensor:
    # Copied where it is an array: the tensors returned never share memory with what came in.
    return x if isinstance(x, Tensor) else torch.tensor(x)


def _single(axes: _Axes, spatial: int) -> str:
    """One character per axis once all are split: digits stand for the spatial ones."""
    return "".join(axes).replace("s", "012"[:spatial])


def _unpack(x: Tensor, axes: _Axes, spatial: int, rank: int) -> Tensor:
    """(unit, piece, input, *kernel), from the axes of a format."""
    position = 0
    for axis in axes:
        if len(axis) == 2:
            channels = x.shape[position]
            if channels % rank:
                other = x.shape[0 if position else -1]
                hint = (
                    f": with {other} at the other end, is the shape {tuple(x.shape)} in another "
                    "format's order?"
                    if x.dim() > 1 and other % rank == 0
                    else ""
                )
                raise DomainError(
                    f"rank must divide the {channels} channels; got rank {rank}{hint}"
                )
            sizes = (channels // rank, rank) if axis == "uk" else (rank, channels // rank)
            x = x.unflatten(position, sizes)
        elif axis == "k" and x.shape[position] != rank:
            raise DomainError(
                f"shape {tuple(x.shape)} holds {x.shape[position]} pieces; got rank {rank}"
            )
        position += spatial if axis == "s" else len(axis)
    order = _single(axes, spatial)
    return x.permute([order.index(c) for c in _single(("u", "k", "i", "s"), spatial)])


def _pack(x: Tensor, axes: _Axes, spatial: int) -> Tensor:
    """From (unit, piece, input, *kernel) to the axes of a format."""
    canonical = _single(("u", "k", "i", "s"), spatial)
    x = x.permute([canonical.index(c) for c in _single(axes, spatial)])
    position = 0
    for axis in axes:
        if len(axis) == 2:
            x = x.flatten(position, position + 1)
        position += spatial if axis == "s" else 1
    return x.clone(memory_format=torch.contiguous_format)
