"""In which order a model's layers run, and which of them are max pooled.

Read from nested ``nn.Sequential``, whose order is what it says, or seen by running the model once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

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


def by_running(model: nn.Module, example: Tensor | tuple[Any, ...]) -> Walk:
    """The walk that one run on ``example`` takes, in evaluation mode and without gradients.

    Pools are seen as modules and as functions; a pool belongs to a layer where its input is the
    very tensor that the layer returned.
    """
    walk = Walk([])
    producer: dict[int, str] = {}
    # Kept until the end of the run: the id of a tensor that is gone may come back.
    kept: list[Tensor] = []

    def note(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            walk.order.append(name)
            if isinstance(output, Tensor) and name:
                # Inner modules run first: what a container hands on stays the inner layer's.
                producer.setdefault(id(output), name)
                kept.append(output)

        return hook

    class _SeePools(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            kwargs = kwargs or {}
            result = func(*args, **kwargs)
            name = getattr(func, "__name__", "")
            if "max_pool" in name and isinstance(args[0], Tensor) and id(args[0]) in producer:
                pooled = result if isinstance(result, Tensor) else result[0]
                cells = pool_cells(name, args, kwargs, pooled)
                layer = producer[id(args[0])]
                walk.windows[layer] = max(cells, walk.windows.get(layer, 1))
            return result

    training = [module for module in model.modules() if module.training]
    hooks = [module.register_forward_hook(note(name)) for name, module in model.named_modules()]
    try:
        model.eval()
        with torch.no_grad(), _SeePools():
            model(*(example if isinstance(example, tuple) else (example,)))
    finally:
        for hook in hooks:
            hook.remove()
        for module in training:
            module.training = True
    walk.order = list(dict.fromkeys(walk.order))
    return walk


def pool_cells(name: str, args: Any, kwargs: Any, pooled: Tensor) -> int:
    """Cells of the window of a call of one of PyTorch's functions for max pooling."""
    if name.startswith("adaptive"):
        return math.ceil(args[0].numel() / max(pooled.numel(), 1))
    kernel = args[1] if len(args) > 1 else kwargs["kernel_size"]
    return _cells(kernel, int(name[name.index("max_pool") + len("max_pool")]))


def _cells(kernel_size: int | tuple[int, ...], dimensions: int) -> int:
    sides = tuple(kernel_size) if isinstance(kernel_size, (tuple, list)) else (kernel_size,)
    return math.prod(sides if len(sides) > 1 else sides * dimensions)
