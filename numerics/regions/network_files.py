"""Concrete networks in .npz files: plain arrays, never pickles.

The arrays are ``weight_1`` (units, rank, fan_in), ``bias_1`` (units, rank) and so on, one pair a
hidden layer, and, where there is a linear output layer, ``output_weight`` (outputs, fan_in) and
``output_bias`` (outputs,). A bias that is left out is zero.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from maxout.numerics.array_files import read_npz
from maxout.numerics.reading import FileError
from maxout.numerics.regions.concrete_layers import Array, MaxoutLayers
from maxout.theory.errors import DomainError, while_on

MAX_BYTES = 1 << 28
"""Of a network's file, unpacked: 33 million weights."""


def save_layers(path: str | Path, layers: MaxoutLayers) -> None:
    """Write a network to an .npz file that ``load_layers`` reads."""
    arrays: dict[str, Array] = {}
    for number, (weight, bias) in enumerate(layers.hidden, start=1):
        arrays[f"weight_{number}"], arrays[f"bias_{number}"] = weight, bias
    if layers.output is not None:
        arrays["output_weight"], arrays["output_bias"] = layers.output
    with open(path, "wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def load_layers(path: str | Path) -> MaxoutLayers:
    """Read a network from an .npz file of at most ``MAX_BYTES``, unpacked.

    Raises:
      FileError: naming the file and what is wrong: not an .npz file, too large, pickled objects
        (they are never loaded), unknown or missing names, shapes that do not fit, entries that are
        not finite.
    """
    arrays = read_npz(path, MAX_BYTES, _known)
    try:
        with while_on(str(path)):
            return _layers(arrays)
    except ValueError as error:
        raise FileError(f"cannot use {path}: {error}") from None


def _known(names: list[str]) -> None:
    """Check the names of a network's arrays."""
    depth = 0
    while f"weight_{depth + 1}" in names:
        depth += 1
    if not depth:
        raise FileError(
            "it needs arrays weight_1 (units, rank, fan_in), bias_1 (units, rank), ..., and "
            f"output_weight, output_bias; it has {', '.join(names)[:160] or 'none'}"
        )
    known = {"output_weight", "output_bias"}
    known |= {f"{kind}_{n}" for n in range(1, depth + 1) for kind in ("weight", "bias")}
    unknown = sorted(set(names) - known)
    if unknown:
        raise FileError(
            f"no array is called {unknown[0][:60]} in a network of {depth} hidden layers"
        )
    if "output_bias" in names and "output_weight" not in names:
        raise FileError("output_bias comes without output_weight")


def _layers(arrays: dict[str, np.ndarray]) -> MaxoutLayers:
    for name, array in arrays.items():
        if array.dtype.kind not in "fiu":
            raise DomainError(f"{name} must hold real numbers; it holds {array.dtype}")
    depth = sum(name.startswith("weight_") for name in arrays)
    hidden = [
        (weight, arrays.get(f"bias_{n}", np.zeros(weight.shape[:-1])))
        for n in range(1, depth + 1)
        for weight in (arrays[f"weight_{n}"],)
    ]
    if "output_weight" not in arrays:
        return MaxoutLayers(hidden)
    last = arrays["output_weight"]
    return MaxoutLayers(hidden, (last, arrays.get("output_bias", np.zeros(last.shape[:1]))))
