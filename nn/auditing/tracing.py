"""Find the maxout layers of a PyTorch model by running it once and watching what it computes.

Seen are linear layers and convolutions whose weight is a parameter of the model, whatever reshapes
their output, and maxima; everything else ends what can be followed, and is named in the report.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, resolve_name

from maxout.nn.auditing.calls import Call, layers_from
from maxout.nn.auditing.layer import Found
from maxout.nn.auditing.trail import Trail, replaced, start, tensors_in
from maxout.nn.walk import pool_cells
from maxout.theory.errors import MaxoutError

_AFFINE = {"linear": 0, "conv1d": 1, "conv2d": 2, "conv3d": 3}
_RESHAPING = frozenset(
    ["view", "reshape", "view_as", "reshape_as", "ravel", "flatten", "unflatten"]
    + ["permute", "transpose", "t", "swapaxes", "swapdims", "movedim", "moveaxis"]
    + ["squeeze", "unsqueeze", "expand", "contiguous", "clone", "detach"]
    + ["narrow", "select", "index_select", "__getitem__", "chunk", "split", "tensor_split"]
    + ["unbind", "stack", "cat", "concat", "concatenate"]
)
_VIEWS = ("T", "mT", "H", "mH", "data")
# At prediction time these leave the numbers as they are.
_SAME = frozenset(
    ["dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"]
    + ["feature_dropout", "to", "float", "double", "half", "bfloat16", "type"]
)
_NORMS = ("layer_norm", "batch_norm", "group_norm", "instance_norm", "rms_norm", "normalize")


def trace(model: nn.Module, example: Tensor | tuple[Any, ...]) -> tuple[list[Found], list[str]]:
    """Run the model once, in evaluation mode and without gradients.

    Returns:
      The layers in the order they ran, and what could not be told.

    Raises:
      MaxoutError: where the model does not run on the example, or the example holds NaN.
    """
    if any(x.is_floating_point() and not x.isfinite().all() for x in tensors_in(example)):
        raise MaxoutError("the example input holds NaN or infinite numbers")
    watch = _Watch(model)
    training = [module for module in model.modules() if module.training]
    try:
        model.eval()
        with torch.no_grad(), watch:
            output = model(*(example if isinstance(example, tuple) else (example,)))
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        reason = " ".join(str(error).split())[:200]
        raise MaxoutError(f"the model does not run on the example input: {reason}") from error
    finally:
        for module in training:
            module.training = True
    for tensor in tensors_in(output):
        watch.use(tensor, "output")
    return layers_from(model, watch.calls)


class _Watch(TorchFunctionMode):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.calls: dict[str, Call] = {}
        self._weights = {
            id(p): name
            for name, module in model.named_modules()
            for key, p in module.named_parameters(recurse=False)
            if p.dim() >= 2 and key == "weight"
        }
        self._trails: dict[int, Trail] = {}
        # Kept until the end of the run: the id of a tensor that is gone may come back.
        self._kept: list[Any] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        # Before it runs: an operation in place overwrites what the sizes are measured on.
        name = _name(func)
        layer = self._layer(name, args, kwargs)
        given = [x for x in tensors_in([args, kwargs]) if id(x) in self._trails]
        sizes = {id(x): _mean_square(x) for x in given} if layer is None else {}
        result = func(*args, **kwargs)
        made = tensors_in(result)
        if made and layer is not None:
            self._affine(layer, name, args, kwargs, result)
        elif made and given:
            self._follow(func, name, args, kwargs, given, sizes, result)
        return result

    def use(self, x: Tensor, by: str, size: float | None = None) -> None:
        """Note that ``x`` was used by something that does not only reshape or maximise."""
        trail = self._trails.get(id(x))
        if trail is not None and trail.source is not None:
            size = _mean_square(x) if size is None else size
            self.calls[trail.source].uses.append((trail, by, size))

    def _layer(self, name: str, args: Any, kwargs: Any) -> str | None:
        if name not in _AFFINE:
            return None
        weight = args[1] if len(args) > 1 else kwargs.get("weight")
        return self._weights.get(id(weight))

    def _affine(self, layer: str, name: str, args: Any, kwargs: Any, result: Tensor) -> None:
        x = args[0] if args else kwargs["input"]
        spatial = _AFFINE[name]
        axis = -1 - spatial
        self.use(x, "layer")
        if layer in self.calls:
            self.calls[layer].times += 1
        else:
            source = self._trails.get(id(x), Trail(None))
            self.calls[layer] = Call(layer, spatial, x.shape[axis], source, _mean_square(x))
        self._set(result, start(layer, result, axis))

    def _follow(
        self,
        func: Any,
        name: str,
        args: Any,
        kwargs: Any,
        given: list[Tensor],
        sizes: dict[int, float],
        result: Any,
    ) -> None:
        trails = [self._trails[id(x)] for x in given]
        first = trails[0]
        onward: Any = None
        if all(trail.source is None for trail in trails):
            # Reshaping leaves the reason as it is; anything else is a later one.
            known = name in _RESHAPING | _SAME
            onward = first if known else Trail(None, reason=_reason(name, len(given)))
        elif any(trail.source != first.source for trail in trails):
            onward = None
        elif name in _SAME:
            onward = first
        elif name in _RESHAPING:
            onward = self._apply(func, args, kwargs, first, trails)
        elif name in ("max", "amax", "maximum", "fmax"):
            onward = _maximum(name, args, kwargs, trails)
        elif "max_pool" in name:
            onward = self._pool(func, name, args, kwargs, first, result)
        if onward is None:
            for x in given:
                self.use(x, name, sizes.get(id(x)))
            onward = Trail(None, reason=_reason(name, len(given)))
        made = tensors_in(result)
        several = onward if isinstance(onward, list) else [onward] * len(made)
        for x, trail in zip(made, several, strict=True):
            self._set(x, trail)

    def _apply(
        self, func: Any, args: Any, kwargs: Any, first: Trail, trails: list[Trail]
    ) -> Trail | list[Trail] | None:
        """Apply a reshaping to the shadows of its arguments."""
        alike = {(len(trail.shadows), trail.window) for trail in trails}
        if len(alike) > 1:
            return None
        results = []
        for member in range(len(first.shadows)):

            def shadow(x: Tensor, member: int = member) -> Tensor:
                trail = self._trails.get(id(x))
                # Contiguous, since a view that the tensor allows must be allowed here too.
                return x if trail is None else trail.shadows[member].contiguous()

            results.append(tensors_in(func(*replaced(args, shadow), **replaced(kwargs, shadow))))
        made = [
            Trail(first.source, tuple(shadows), first.channels, first.window)
            for shadows in zip(*results, strict=True)
        ]
        return made[0] if len(made) == 1 else made

    def _pool(
        self, func: Any, name: str, args: Any, kwargs: Any, trail: Trail, result: Any
    ) -> Trail | None:
        def run(shadow: Tensor) -> Tensor:
            return tensors_in(func(shadow, *args[1:], **kwargs))[0]

        if not args or not isinstance(args[0], Tensor):
            return None
        return trail.pooled(run, pool_cells(name, args, kwargs, tensors_in(result)[0]))

    def _set(self, x: Tensor, trail: Trail) -> None:
        self._trails[id(x)] = trail
        self._kept.append(x)


def _maximum(name: str, args: Any, kwargs: Any, trails: list[Trail]) -> Trail | None:
    if len(trails) == 2:
        return trails[0].joined(trails[1])
    dims = args[1] if len(args) > 1 else kwargs.get("dim", kwargs.get("axis"))
    keepdim = args[2] if len(args) > 2 else kwargs.get("keepdim", False)
    if isinstance(dims, Tensor) or dims is None:
        return None  # against a constant, or over everything
    count = trails[0].shadows[0].dim()
    trail: Trail | None = trails[0]
    listed = [dims] if isinstance(dims, int) else list(dims)
    for dim in sorted((d % count for d in listed), reverse=True):
        trail = None if trail is None else trail.maximised(dim, keepdim)
    return trail


def _name(func: Any) -> str:
    name = str(getattr(func, "__name__", ""))
    if name == "__get__":  # a property, such as torch.Tensor.mT.__get__
        attribute = str(resolve_name(func) or "").split(".")[-2:-1]
        return "view" if attribute and attribute[0] in _VIEWS else "property"
    return name


def _reason(name: str, inputs: int) -> str:
    if any(norm in name for norm in _NORMS):
        return f"a normalization ({name}), which sets the size anew"
    if name in ("add", "__add__", "__iadd__", "add_", "__radd__") and inputs > 1:
        return "a sum of two paths (skip connection)"
    return f"the operation {name}"


def _mean_square(x: Tensor) -> float:
    return float(x.detach().double().square().mean()) if x.is_floating_point() else float("nan")
