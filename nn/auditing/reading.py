"""From what was read of a model to the layers that an audit describes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from maxout.nn.auditing.layer import Branch, Found
from maxout.nn.reading.graph import Graph
from maxout.nn.reading.layers import Layer
from maxout.nn.reading.nodes import Node
from maxout.nn.reading.surroundings import Feed, Surroundings
from maxout.nn.reading.tape import NORMS

# Turn the outputs of a linear layer into probabilities; they are that layer's business no more.
_READOUTS = frozenset(
    ["_softmax", "_log_softmax", "softmax", "log_softmax", "sigmoid", "log_sigmoid_forward"]
)


def found_in(graph: Graph, layers: list[Layer]) -> tuple[list[Found], list[str]]:
    """Return the layers in the order they ran, and what was left out."""
    around = Surroundings(graph, layers)
    found: list[Found] = []
    notes: list[str] = []
    previous: Layer | None = None
    for layer in layers:
        if (why := left_out(layer)) is not None:
            notes.append(f"layer {layer.name}: {why}; left out")
            continue
        feed = around.feed(layer)
        one = _found(graph, layer, around, feed)
        one.start = _start(feed, previous, first=not found)
        found.append(one)
        previous = layer
    return found, notes + graph.notes


def left_out(layer: Layer) -> str | None:
    """Why the theory says nothing of a layer, or None."""
    if layer.reason is not None:
        return f"cannot tell its rank ({layer.reason})"
    if layer.rank * layer.window > 1:
        other = [name for name in layer.between if not is_norm(name)]
        if other:
            return f"{', '.join(other)} stands between it and its maximum over {layer.rank} rows"
        return None
    if layer.zero:
        return "a plain layer followed by relu"
    behind = [name for name in layer.between if name not in _READOUTS or any(layer.readers)]
    if not layer.between or not behind:
        others = [
            r.name for r in layer.readers
            if r is not None and r.kind not in ("affine", "sum", "shift", "scale", "norm")
            and r.name not in _READOUTS
        ]  # fmt: skip
        behind = list(dict.fromkeys(others)) if layer.plain or not layer.between else []
    return f"a plain layer followed by {', '.join(behind)}" if behind else None


def is_norm(name: str) -> bool:
    return name in NORMS or "norm" in name


def _found(graph: Graph, layer: Layer, around: Surroundings, feed: Feed) -> Found:
    weight, bias = tensors_of(graph, layer)
    first = layer.summands[0][0].affine
    notes = list(layer.notes)
    if layer.layout not in ("", "contiguous"):
        notes.append(f"its pieces lie {layer.layout}")
    if layer.calls > 1:
        notes.append(f"it runs {layer.calls} times; the first is described")
    if layer.factor != 1:
        notes.append(f"its results are multiplied by {layer.factor:.4g}, which counts into c")
    norms = [name for name in layer.between if is_norm(name)]
    linear = around.branch(layer)
    width = weight.shape[2]
    return Found(
        layer.name,
        weight,
        bias,
        layer.window,
        first.spatial,
        first.channels if first.spatial else width,
        input_size=feed.size,
        output_size=around.output_size(layer),
        inputs=0 if layer.fan_in == width else layer.fan_in,
        zero=layer.zero,
        norm=norms[0] if norms and layer.rank * layer.window > 1 else None,
        keeps=feed.keeps,
        branch=None if linear is None else Branch(len(around.residual), linear),
        notes=notes,
    )


def tensors_of(graph: Graph, layer: Layer) -> tuple[Tensor, Tensor | None]:
    """(weight (units, pieces, inputs), bias (units, pieces) or None) of a layer that was told."""
    parts, total = [], None
    for summand, groups in zip(layer.summands, layer.groups, strict=True):
        rows = torch.cat([graph.weights.matrix(w) for w in summand])
        firsts: list[Tensor] = []
        biases: list[Tensor] = []
        for w in summand:
            firsts.append(torch.arange(w.first, w.first + w.count))
            bias = graph.weights.bias(w)
            biases.append(torch.zeros(w.count, dtype=rows.dtype) if bias is None else bias.cpu())
        number = torch.cat(firsts)
        place = torch.searchsorted(number, groups.contiguous())
        parts.append(rows[place.to(rows.device)] * layer.factor)
        if any(graph.weights.bias(w) is not None for w in summand):
            here = torch.cat(biases)[place] * layer.factor
            total = here if total is None else total + here
    return torch.cat(parts, 2) if len(parts) > 1 else parts[0], total


def _start(feed: Feed, previous: Layer | None, first: bool) -> str | None:
    """Why the prediction begins anew at a layer; None where the layer before feeds it."""
    if not feed.others and len(feed.layers) == 1:
        source = feed.layers[0]
        if source is previous:
            return None
        if (why := left_out(source)) is not None and " by " in why:
            return f"behind the operation {why.rpartition(' by ')[2]}"
        return f"its input is the output of {source.name}"
    if not feed.others:
        names = " and ".join(x.name for x in feed.layers)
        return f"its input joins the outputs of {names}" if names else "its input is not followed"
    reasons = list(dict.fromkeys(map(_reason, feed.others)))
    if all(n.kind == "input" or n.name == "embedding" for n in feed.others) and not feed.layers:
        return "its input is the model's input"
    kept = [r for r in reasons if r != "the model's input"] or reasons
    sums = [r for r in kept if r.startswith("a sum")]
    text = (sums or kept)[0]
    return f"its input is {text}" if first and not text.startswith("a ") else f"behind {text}"


def _reason(node: Node) -> str:
    if node.kind == "input" or node.name == "embedding":
        return "the model's input"
    if node.kind == "norm":
        return f"a normalization ({node.name}), which sets the size anew"
    if node.kind == "sum":
        return "a sum of two paths (skip connection)"
    return f"the operation {node.name.lstrip('_')}"


def reads_norm(feed: Feed) -> Any:
    """The normalization that a layer reads, or None."""
    return next((n for n in feed.others if n.kind == "norm"), None)
