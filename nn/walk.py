"""In which order a model's layers run, and which are max pooled, without running it.

Read from nested ``nn.Sequential``, whose order is what it says.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from torch import nn

from maxout.theory.errors import MaxoutError

_POOLS = {nn.MaxPool1d: 1, nn.MaxPool2d: 2, nn.MaxPool3d: 3}
_ADAPTIVE_POOLS = (nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d)
_AFFINE = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
# At initialization these change no size, so that a pool behind them pools what is before them.
TRANSPARENT = (nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)


@dataclass
class Walk:
    """Names of a model's layers in order, and the cells of the pooling behind some of them."""

    order: list[str]
    windows: dict[str, int] = field(default_factory=dict)


def by_structure(model: nn.Module, ignore_pools: bool = False) -> Walk:
    """The walk as far as the structure tells: registration order, and pools in ``nn.Sequential``.

    Args:
      ignore_pools: leave the windows out; the caller knows them.

    Raises:
      MaxoutError: for a pool of which the structure does not say what it pools.
    """
    walk = Walk([name for name, _ in model.named_modules()])
    if ignore_pools:
        return walk
    before = dict(_predecessors(model))
    for name, module in model.named_modules():
        dimensions = next((d for pool, d in _POOLS.items() if isinstance(module, pool)), None)
        if dimensions is None and not isinstance(module, _ADAPTIVE_POOLS):
            continue
        source, layer = before.get(name, ("", None))
        if layer is None or any(True for _ in layer.children()):
            raise MaxoutError(
                f"cannot see which layer feeds the pool {name!r}: pass example= (an input of the "
                "model) or windows={'layer': cells} (empty where no maxout layer is pooled)"
            )
        if dimensions is not None:
            walk.windows[source] = _cells(module.kernel_size, dimensions)
        elif isinstance(layer, _AFFINE):
            raise MaxoutError(
                f"the window of the adaptive pool {name!r} depends on the input: "
                "pass example= or windows="
            )
    return walk


def _predecessors(model: nn.Module) -> Iterator[tuple[str, tuple[str, nn.Module]]]:
    """(name, (name and module that feeds it)) for what stands in sequences."""
    inner: set[int] = set()
    for name, module in model.named_modules():
        if isinstance(module, nn.Sequential) and id(module) not in inner:
            previous = None
            for child in _flattened(module, name, inner):
                if previous is not None:
                    yield child[0], previous
                if not isinstance(child[1], TRANSPARENT):
                    previous = child


def _flattened(
    sequence: nn.Sequential, prefix: str, inner: set[int]
) -> Iterator[tuple[str, nn.Module]]:
    for name, child in sequence.named_children():
        path = f"{prefix}.{name}" if prefix else name
        if isinstance(child, nn.Sequential):
            inner.add(id(child))
            yield from _flattened(child, path, inner)
        else:
            yield path, child


def _cells(kernel_size: int | tuple[int, ...], dimensions: int) -> int:
    sides = tuple(kernel_size) if isinstance(kernel_size, (tuple, list)) else (kernel_size,)
    return math.prod(sides if len(sides) > 1 else sides * dimensions)
