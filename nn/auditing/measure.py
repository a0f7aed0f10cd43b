"""Sizes and gradients of a whole model in a run, in training mode or in evaluation mode."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from maxout.nn.reading.layers import Layer
from maxout.nn.reading.nests import tensors_in

RUNS = 16  # of a mode that draws at random, such as dropout


@dataclass(frozen=True)
class Measured:
    """What runs on the example gave.

    Attributes:
      mode: "train" or "eval".
      lengths: layer -> mean square of what it read.
      gradients: layer -> sum of squared gradients of a random combination of the outputs by the
        layer's affine results, times their mean square: how much the outputs hang on relative
        changes there, whatever the scale.
      output: mean square of the outputs.
    """

    mode: str
    lengths: Mapping[str, float]
    gradients: Mapping[str, float]
    output: float


class _Results(TorchFunctionMode):
    """Keep what functions return that were given one of the weights."""

    def __init__(self, names: Mapping[int, str]) -> None:
        super().__init__()
        self._names = names
        self.kept: dict[str, list[tuple[float, Tensor]]] = {}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        given = tensors_in([args, kwargs])
        read = [(x, self._names.get(_address(x), None)) for x in given]
        result = func(*args, **kwargs)
        name = next((n for x, n in read if n is not None), None)
        if name is not None and isinstance(result, Tensor) and result.is_floating_point():
            own = {_address(x) for x, n in read if n is not None}
            data = next((x for x, n in read if n is None and x.is_floating_point()), None)
            if data is not None and _address(result) not in own:
                size = float(data.detach().double().square().mean())
                self.kept.setdefault(name, []).append((size, result))
        return result


def _address(x: Tensor) -> int:
    try:
        return x.untyped_storage().data_ptr()
    except (RuntimeError, NotImplementedError):  # inside vmap there is none
        return 0


def _eagerly() -> Any:
    """Run compiled modules as they are written, where PyTorch can be told to."""
    stance = getattr(torch.compiler, "set_stance", None)
    return nullcontext() if stance is None else stance("force_eager")


def measure(
    model: nn.Module,
    args: tuple[Any, ...],
    keywords: Mapping[str, Any],
    layers: list[Layer],
    training: bool,
) -> Measured | None:
    """Run the model forward and backward; None where it does not run so.

    Buffers, training flags and the random state are as before at the end. In training mode sizes
    are means over RUNS runs.
    """
    parameters = dict(model.named_parameters())
    names = {
        _address(parameters[weight.parameters[0]]): layer.name
        for layer in layers
        for weight in layer.weights
        # A parametrized weight is made anew in every run, and not known again.
        if len(weight.parameters) == 1
        and weight.parameters[0] in parameters
        and ".parametrizations." not in f".{weight.parameters[0]}"
    }
    flags = {module: module.training for module in model.modules()}
    buffers = {name: x.detach().clone() for name, x in model.named_buffers()}
    lengths: dict[str, list[float]] = {}
    gradients: dict[str, list[float]] = {}
    outputs: list[float] = []
    runs = RUNS if training else 1
    try:
        for module in flags:
            module.training = training
        with torch.random.fork_rng(devices=[]), torch.enable_grad(), _eagerly():
            torch.manual_seed(0)
            for _ in range(runs):
                results = _Results(names)
                with results:
                    output = model(*args, **keywords)
                ends = [x for x in tensors_in(output) if x.is_floating_point()]
                outputs += [float(x.detach().double().square().mean()) for x in ends]
                _add(results, ends, lengths, gradients)
    except Exception:  # whatever a model raises in a mode it was not shown in  # noqa: BLE001
        return None
    finally:
        for module, flag in flags.items():
            module.training = flag
        with torch.no_grad():
            for name, x in model.named_buffers():
                if name in buffers and not torch.equal(x, buffers[name]):
                    x.copy_(buffers[name])
    if not outputs:
        return None
    return Measured(
        "train" if training else "eval",
        {name: sum(x) / len(x) for name, x in lengths.items()},
        {name: sum(x) / len(x) for name, x in gradients.items()},
        sum(outputs) / len(outputs),
    )


def _add(
    results: _Results,
    ends: list[Tensor],
    lengths: dict[str, list[float]],
    gradients: dict[str, list[float]],
) -> None:
    combination = [
        (x.double() * torch.randn(x.shape, dtype=torch.float64)).sum()
        for x in ends
        if x.requires_grad
    ]
    firsts = {name: kept[0] for name, kept in results.kept.items()}
    for name, (size, _) in firsts.items():
        lengths.setdefault(name, []).append(size)
    wanted = {name: x for name, (_, x) in firsts.items() if x.requires_grad}
    if not combination or not wanted:
        return
    found = torch.autograd.grad(
        torch.stack(combination).sum(), list(wanted.values()), allow_unused=True
    )
    for (name, x), gradient in zip(wanted.items(), found, strict=True):
        if gradient is not None:
            size = float(x.detach().double().square().mean())
            total = float(gradient.double().square().sum())
            gradients.setdefault(name, []).append(size * total)
