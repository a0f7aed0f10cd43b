"""How each layer of a model that was read is drawn: constant, standard deviation, and why."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from torch import nn

from maxout.init.constants import second_moment
from maxout.nn.auditing.reading import is_norm, left_out
from maxout.nn.reading.graph import Graph
from maxout.nn.reading.layers import Layer, layers_of
from maxout.nn.reading.surroundings import Surroundings
from maxout.nn.rectified import rectified_second_moment
from maxout.theory.errors import DomainError, MaxoutError


@dataclass(frozen=True)
class Drawn:
    """One parameter and how it is drawn.

    Attributes:
      layer: name of the layer of the model.
      parameter: name of the tensor to draw.
      biases: names of those to set to zero.
      role: "maxout", "linear", "branch" (the linear end of a residual branch) or "output".
      rank, window, fan_in, c: as in the report.
      std: standard deviation.
      why: what is more than 1/M_{K p}.
    """

    layer: str
    parameter: str
    biases: tuple[str, ...]
    role: str
    rank: int
    window: int
    fan_in: int
    c: float
    std: float
    why: str


def drawn_from(
    model: nn.Module,
    graph: Graph,
    ranks: Mapping[str, int],
    windows: Mapping[str, int],
    outputs: Collection[str] | None,
    mode: str,
) -> list[Drawn]:
    """The plan for a model that was read, in the order the layers run.

    Args:
      ranks, windows, outputs: what was named; ranks that differ from what was read are refused.
      mode: "train" counts dropout into the constants, "eval" does not.

    Raises:
      MaxoutError: for what contradicts the reading, and for what it could not tell.
    """
    layers = layers_of(graph)
    around = Surroundings(graph, layers)
    by_name = {w.name: layer for layer in layers for w in layer.weights}
    _check(by_name, ranks, windows, outputs)
    plan = []
    for layer in layers:
        names = [w.name for w in layer.weights]
        why = left_out(layer)
        named = [w for w in names if w in windows]
        if why is not None:
            if layer.reason is not None and not named and _is_maximum(layer):
                raise MaxoutError(f"layer {layer.name!r}: {why}: initialize it yourself")
            continue
        if layer.several and not named:
            raise MaxoutError(
                f"layer {layer.name!r} is {layer.notes[0]}: say which by windows="
                f"{{{names[0]!r}: {layer.window}}}"
            )
        window = windows[named[0]] if named else layer.window
        plan += _plan(model, graph, layer, around, window, outputs, mode)
    if not any(p.role == "maxout" for p in plan):
        raise MaxoutError(
            "the model has no maxout layer: no maximum over the rows of a weight was seen"
            + "".join(f"; {n}" for n in [f"layer {x.name}: {left_out(x)}" for x in layers
                                         if left_out(x)][:2])
        )  # fmt: skip
    return plan


def _is_maximum(layer: Layer) -> bool:
    return any(max(f.ranks) * max(f.windows) > 1 for f in layer.facts)


def _check(
    by_name: Mapping[str, Layer],
    ranks: Mapping[str, int],
    windows: Mapping[str, int],
    outputs: Collection[str] | None,
) -> None:
    for what, names in (("ranks", ranks), ("windows", windows), ("outputs", outputs or ())):
        for name in names:
            if name not in by_name:
                raise DomainError(
                    f"{what} must name layers that run on the example; got {name!r}: there are "
                    f"{', '.join(list(by_name)[:8])}"
                )
    for name, rank in ranks.items():
        layer = by_name[name]
        if layer.reason is None and layer.rank != rank:
            raise DomainError(
                f"layer {name!r}: its maximum is over {layer.rank} rows, but ranks= says {rank}: "
                "leave it out"
            )
    for name in outputs or ():
        if by_name[name].rank > 1:
            raise DomainError(f"outputs must name plain linear layers; got {name!r}")


def _plan(
    model: nn.Module, graph: Graph, layer: Layer, around: Surroundings, window: int,
    outputs: Collection[str] | None, mode: str,
) -> list[Drawn]:  # fmt: skip
    rank = layer.rank
    linear = around.branch(layer)
    is_output = rank * window == 1 and linear is None and None in layer.readers
    if outputs is not None:
        is_output = any(w.name in outputs for w in layer.weights)
    c, why = 1.0, []
    if not layer.between or rank * window == 1:
        moment = (
            rectified_second_moment(rank * window) if layer.zero else second_moment(rank * window)
        )
        c = 1 / moment
        if layer.zero:
            why.append("ReLU behind the maximum")
    elif any(map(is_norm, layer.between)):
        why.append(f"{layer.between[0]} behind it sets the size: any c does")
    feed = around.feed(layer)
    if feed.keeps < 1:
        if mode == "train":
            c *= feed.keeps
            why.append(f"times {feed.keeps:.4g} for dropout in front, in training")
        else:
            why.append(f"in training, dropout in front multiplies by {1 / feed.keeps:.4g}")
    blocks = len(around.residual)
    if linear is not None:
        share = 1 / (blocks * layer.factor**2) if linear else 1 / (blocks * layer.factor) ** 2
        c *= min(share, 1.0)
        end = "a linear map" if linear else "its maximum"
        why.append(f"ends one of {blocks} residual branches by {end}: times {min(share, 1):.4g}")
    elif layer.factor != 1:
        c /= layer.factor**2
        why.append(f"its results are multiplied by {layer.factor:.4g}")
    if len(layer.summands) > 1:
        why.append("one map of the joined inputs of a sum")
    role = "maxout" if rank * window > 1 else "output" if is_output else "linear"
    role = "branch" if linear and rank == 1 else role
    found = []
    for weight in layer.weights:
        _must_be_own(model, weight.name, weight.parameters, weight.own)
        found.append(
            Drawn(
                weight.name, weight.parameters[0], _biases(model, weight.parameters[0], graph),
                role, rank, window, layer.fan_in, c, math.sqrt(c / layer.fan_in), "; ".join(why),
            )
        )  # fmt: skip
    return found


def _must_be_own(model: nn.Module, name: str, parameters: tuple[str, ...], own: bool) -> None:
    real = {n for n, p in model.named_parameters()}
    cast = (
        len(parameters) == 1
        and parameters[0] in real
        and ".parametrizations." not in (f".{parameters[0]}")
    )
    if not cast or parameters[0].endswith(("weight_orig", "weight_v", "weight_g")):
        raise MaxoutError(f"layer {name!r}: initialize before adding a parametrization")
    del own


def _biases(model: nn.Module, parameter: str, graph: Graph) -> tuple[str, ...]:
    """The bias beside the weight, and a parameter added right behind."""
    real = dict(model.named_parameters())
    owner, _, key = parameter.rpartition(".")
    beside = f"{owner}.bias".lstrip(".") if key == "weight" else ""
    found = [beside] if beside in real else []
    for weight in graph.weights.all:
        if weight.shift is not None and weight.parameters == (parameter,):
            entry = graph.tape.parameters.get(weight.shift.storage)
            if entry is not None and entry[0] in real:
                found.append(entry[0])
    return tuple(found)
