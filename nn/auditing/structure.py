"""Find this package's layers in a model that is not run: by type, in order of registration."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from maxout.nn.auditing.layer import Found
from maxout.nn.conv import MaxoutConv1d, MaxoutConv2d, MaxoutConv3d
from maxout.nn.linear import MaxoutLinear
from maxout.nn.walk import TRANSPARENT, by_structure
from maxout.theory.errors import MaxoutError

_MAXOUT = (MaxoutLinear, MaxoutConv1d, MaxoutConv2d, MaxoutConv3d)
_PLAIN = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_POOLS = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
_THROUGH = (*TRANSPARENT, *_POOLS, nn.Flatten, nn.Unflatten)


def by_types(model: nn.Module) -> tuple[list[Found], list[str]]:
    """Return the layers and what could not be told.

    Plain layers count as linear where nothing but maxout layers, flattening and pooling stands
    around them; behind any other module the prediction begins anew.
    """
    found: list[Found] = []
    notes: list[str] = []
    begin: str | None = None
    windows: dict[str, int] = {}
    try:
        windows = by_structure(model).windows
    except MaxoutError as error:
        reason = str(error).partition(": pass ")[0]
        notes.append(f"max pooling is left out: {reason}: pass example_input=")
    if not _is_sequence(model):
        notes.append(
            "the order of the layers is that of their registration, and what the model computes "
            "between them is not seen: pass example_input="
        )
    for name, module in model.named_modules():
        if any(True for _ in module.children()):
            continue
        kind = type(module).__name__
        if not isinstance(module, (*_MAXOUT, *_PLAIN)):
            if not isinstance(module, _THROUGH):
                begin = f"behind {name} ({kind})"
                if found and found[-1].rank == 1:
                    last = found.pop()
                    begin = begin if last.start is None else f"{last.start} and {name} ({kind})"
                    notes.append(f"layer {last.name}: a plain layer followed by {kind}; left out")
            continue
        rank = module.rank if isinstance(module, _MAXOUT) else 1
        layout = module.layout if isinstance(module, _MAXOUT) else "contiguous"
        weight, bias = module.weight, module.bias
        assert isinstance(weight, Tensor)
        groups = group_channels(weight.shape[0], rank, layout).to(weight.device)
        spatial = weight.dim() - 2
        channels = module.in_channels if spatial else weight.shape[1]
        found.append(
            Found(
                name or "(model)",
                weight.detach().flatten(1)[groups],
                bias.detach()[groups] if isinstance(bias, Tensor) else None,
                windows.get(name, 1),
                spatial,
                int(channels),  # type: ignore[arg-type]  # nn.Module types attributes loosely
                begin,
            )
        )
        begin = None
    return found, notes


def _is_sequence(model: nn.Module) -> bool:
    """Whether the model is a layer, or nothing but nested ``nn.Sequential``."""
    children = list(model.children())
    return not children or (isinstance(model, nn.Sequential) and all(map(_is_sequence, children)))


def group_channels(channels: int, rank: int, layout: str) -> Tensor:
    """Channels of each unit, (units, pieces), in one of this package's layouts."""
    index = torch.arange(channels)
    return index.view(-1, rank) if layout == "contiguous" else index.view(rank, -1).T
