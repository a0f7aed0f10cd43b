"""From the calls seen in a run to the layers they were, or to why that cannot be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from maxout.nn.auditing.layer import Found
from maxout.nn.auditing.trail import Trail, layout

# Turn the outputs of a linear layer into probabilities; they are that layer's business no more.
_READOUTS = frozenset(["softmax", "log_softmax", "sigmoid", "logsigmoid"])


@dataclass
class Call:
    """One layer as it ran: what it read, and in which ways its output was used."""

    name: str
    spatial: int
    channels: int
    source: Trail
    input_size: float
    times: int = 1
    uses: list[tuple[Trail, str, float]] = field(default_factory=list)


def layers_from(model: nn.Module, calls: Mapping[str, Call]) -> tuple[list[Found], list[str]]:
    """Return the layers in the order they ran, and what could not be told."""
    modules = dict(model.named_modules())
    layers: list[Found] = []
    notes: list[str] = []
    told: set[str] = set()
    last = list(calls)[-1] if calls else None
    for name, call in calls.items():
        module = modules[name]
        shown = name or "(model)"
        groups = _groups(call)
        if isinstance(groups, str):
            notes.append(f"layer {shown}: cannot tell its rank ({groups}); left out")
            told.add(name)
            continue
        trail, _, size = call.uses[0]
        rank, window = groups.shape[1], trail.window
        others = sorted({use for _, use, _ in call.uses} - {"layer", "output"})
        told.add(name)
        if rank == 1 and others and not (name == last and set(others) <= _READOUTS):
            notes.append(f"layer {shown}: a plain layer followed by {', '.join(others)}; left out")
            continue
        weight = module.weight
        assert isinstance(weight, Tensor)
        bias = module.bias if isinstance(module.bias, Tensor) else None
        found = Found(
            shown,
            weight.detach().flatten(1)[groups.to(weight.device)],
            None if bias is None else bias.detach()[groups.to(weight.device)],
            window,
            call.spatial,
            call.channels,
            input_size=call.input_size,
            output_size=size,
        )
        if rank > 1 and (order := layout(groups)) != "contiguous":
            found.notes.append(f"its pieces lie {order}")
        if call.times > 1:
            found.notes.append(f"it runs {call.times} times; the first is described")
        found.start = _start(call.source, layers)
        layers.append(found)
    for name, parameter in model.named_parameters():
        owner, _, key = name.rpartition(".")
        if parameter.dim() >= 2 and not (key == "weight" and owner in told):
            notes.append(
                f"parameter {name} {tuple(parameter.shape)}: not seen in a linear layer or "
                "convolution; left out"
            )
    return layers, notes


def _groups(call: Call) -> Tensor | str:
    """Channels of each unit, (units, pieces), or why they cannot be told."""
    if not call.uses:
        return "its output is never used"
    ways = {(len(trail.shadows), trail.window) for trail, _, _ in call.uses}
    several = "its output is used in several ways"
    if len(ways) > 1:
        return several
    first, *others = (trail.groups() for trail, _, _ in call.uses)
    if first is None:
        return "its maximum does not split the channels into units"
    if any(other is None or not torch.equal(first, other) for other in others):
        return several
    return first


def _start(source: Trail, layers: list[Found]) -> str | None:
    if source.source is None:
        return f"its input is {source.reason}" if not layers else f"behind {source.reason}"
    if layers and layers[-1].name == (source.source or "(model)"):
        return None
    return f"its input is the output of {source.source or '(model)'}"
