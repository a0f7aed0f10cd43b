"""Which tensors are maxout layers, said by a person: a word for each layer, or a JSON file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from maxout.init.constants import cells
from maxout.nn.convert import FORMATS, convert_weights
from maxout.nn.functional import check_layout, check_rank
from maxout.numerics.layer_words import MAX_FILE, check_fields
from maxout.numerics.layer_words import fields as fields_of
from maxout.numerics.reading import FileError, read_json
from maxout.theory.errors import MaxoutError

_SUFFIXES = (".weight", ".W", ".kernel", "")
_BIASES = {"weight": "bias", "W": "b", "kernel": "bias"}


@dataclass(frozen=True)
class LayerSpec:
    """One layer of a state dict.

    Attributes:
      name: the weight tensor, or what its name begins with ("fc1" for "fc1.weight").
      rank: affine pieces K of one unit; 1 for a linear layer.
      window: cells of the max pooling behind it.
      format: a key of ``maxout.nn.FORMATS``; "maxout-strided" stands for ``layout="strided"``.
      bias: name of the bias tensor; None looks for the one beside the weight.
      normalized: whether a normalization follows.
    """

    name: str
    rank: int
    window: int = 1
    format: str = "maxout"
    bias: str | None = None
    normalized: bool = False


def layer_spec(fields: Mapping[str, Any]) -> LayerSpec:
    """Check one layer's fields: name, rank, and optionally layout, window, format, bias, then.

    Raises:
      MaxoutError: for an unknown field or a bad value, naming the layer.
    """
    name = fields.get("name")
    if not isinstance(name, str) or not name:
        raise MaxoutError(f"a layer must have a name; got {dict(fields)!r}"[:200])
    try:
        check_fields(fields)
        chosen = fields.get("format", "maxout")
        layout = check_layout(fields.get("layout", "contiguous"))
        if not isinstance(chosen, str) or chosen not in FORMATS:
            raise MaxoutError(f"format must be one of {', '.join(FORMATS)}; got {chosen!r}")
        if layout == "strided":
            if chosen not in ("maxout", "maxout-strided"):
                raise MaxoutError(f"the format {chosen} has its own layout; leave layout out")
            chosen = "maxout-strided"
        window = fields.get("window", 1)
        bias = fields.get("bias")
        if bias is not None and not isinstance(bias, str):
            raise MaxoutError(f"bias must be the name of a tensor; got {bias!r}")
        if fields.get("then") not in (None, "norm"):
            raise MaxoutError(f"then must be norm; got {fields['then']!r}")
        return LayerSpec(
            name,
            check_rank(fields["rank"]),
            cells(tuple(window) if isinstance(window, list) else window),
            chosen,
            bias,
            fields.get("then") == "norm",
        )
    except MaxoutError as error:
        raise MaxoutError(f"layer {name!r}: {error}") from None


def parse_layer(text: str) -> LayerSpec:
    """Read one layer from ``NAME:rank=5:layout=strided:window=2x2:format=keras:then=norm``.

    Raises:
      MaxoutError: for anything else.
    """
    return layer_spec(fields_of(text))


def read_description(path: str | os.PathLike[str]) -> list[LayerSpec]:
    """Read the layers from a JSON file ``{"layers": [{"name": "fc1", "rank": 5}, ...]}``.

    Raises:
      FileError: for a file that is not there, not JSON, or does not describe layers.
      MaxoutError: for a layer that cannot be, naming it.
    """
    value = read_json(path, MAX_FILE)
    layers = value.get("layers") if isinstance(value, dict) else None
    if not isinstance(layers, list) or not all(isinstance(layer, dict) for layer in layers):
        raise FileError(f'{path} must hold {{"layers": [{{"name": "fc1", "rank": 5}}, ...]}}')
    return [layer_spec(layer) for layer in layers]


@dataclass(frozen=True)
class NamedWeights:
    """A layer's tensors: weight (units, pieces, fan_in), bias (units, pieces) or None.

    ``spatial`` counts the kernel's dimensions and ``channels`` its inputs; 0 and fan_in for a fully
    connected layer.
    """

    weight: Tensor
    bias: Tensor | None
    spatial: int
    channels: int
    used: tuple[str, ...]


def take(state: Mapping[str, Any], spec: LayerSpec) -> NamedWeights:
    """Find a layer's tensors in a state dict and order them by unit, piece and input.

    Raises:
      MaxoutError: for a name that is not there, and tensors that cannot be read so.
    """
    key = next((spec.name + s for s in _SUFFIXES if spec.name + s in state), None)
    if key is None:
        raise MaxoutError(f"there is no tensor {spec.name!r}; {_there_are(state)}")
    head, _, tail = key.rpartition(".")
    beside = f"{head}.{_BIASES.get(tail, 'bias')}".lstrip(".")
    bias_key = spec.bias if spec.bias is not None else (beside if beside != key else None)
    if spec.bias is not None and spec.bias not in state:
        raise MaxoutError(f"there is no tensor {spec.bias!r}; {_there_are(state)}")
    try:
        weight = check_numbers(state[key])
        bias = None if bias_key not in state else check_numbers(state[bias_key or ""])
        converted, pieces = convert_weights(
            weight, bias, source=spec.format, target="maxout", rank=spec.rank
        )
    except MaxoutError as error:
        raise MaxoutError(f"layer {spec.name!r}: {error}") from None
    units = converted.shape[0] // spec.rank
    return NamedWeights(
        converted.reshape(units, spec.rank, -1),
        None if pieces is None else pieces.reshape(units, spec.rank),
        converted.dim() - 2,
        converted.shape[1],
        (key,) if bias is None or bias_key is None else (key, bias_key),
    )


def check_numbers(x: Any) -> Tensor:
    """``x`` as a tensor of floating-point numbers that are there, or MaxoutError."""
    if not isinstance(x, Tensor):
        try:
            x = torch.tensor(x)
        except (TypeError, ValueError, RuntimeError):
            raise MaxoutError(f"{type(x).__name__} is no tensor") from None
    if x.is_meta:
        raise MaxoutError("the tensor is on the meta device and holds no numbers")
    if x.is_sparse or x.is_quantized:
        raise MaxoutError("the tensor is sparse or quantized: give dense floating-point weights")
    if not x.is_floating_point():
        raise MaxoutError(f"floating-point numbers are needed; got {x.dtype}")
    if not x.numel():
        raise MaxoutError(f"the tensor is empty: shape {tuple(x.shape)}")
    return x


def _there_are(state: Iterable[str]) -> str:
    names = sorted(map(str, state))
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return "there are " + ", ".join(names[:8]) + more if names else "there are none"
