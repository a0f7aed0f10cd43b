"""A pretended accelerator: CPU memory behind tensors that name another device.

It refuses what a real one refuses, operations on tensors of two devices, and counts what costs time
there: launches, copies and waits for results. PyTorch without CUDA creates no tensors that say
"cuda"; these say "meta", which the package takes for a device that is not the CPU.
"""

from collections import Counter
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

DEVICE = torch.device("meta")
COUNTS: Counter[str] = Counter()
"""launches, copies to and from the device, waits."""

_VIEWS = """
view _unsafe_view permute transpose t expand slice select unsqueeze squeeze detach alias as_strided
reshape _reshape_alias unbind split unflatten empty new_empty empty_strided
"""
VIEWS = frozenset(_VIEWS.split())


class OnDevice(torch.Tensor):
    """A tensor of the pretended device; ``inner`` holds its numbers."""

    inner: torch.Tensor

    @staticmethod
    def __new__(cls, inner: torch.Tensor) -> "OnDevice":
        made = torch.Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls, inner.size(), strides=inner.stride(), dtype=inner.dtype, device=DEVICE
        )
        made.inner = inner
        return made

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return run(func, args, kwargs or {})


def inner(value: Any) -> Any:
    return value.inner if isinstance(value, OnDevice) else value


def run(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """One operation: on the CPU's numbers, with the device's rules."""
    name = func.overloadpacket.__name__
    tensors = [x for x in tree_flatten((args, kwargs))[0] if isinstance(x, torch.Tensor)]
    there = [x for x in tensors if isinstance(x, OnDevice)]
    here = [x for x in tensors if not isinstance(x, OnDevice) and x.dim() > 0]
    target = kwargs.get("device")
    created = target is not None and torch.device(target) == DEVICE
    rest = {**kwargs, **({"device": "cpu"} if target is not None else {})}
    if name == "_to_copy":
        rest.pop("non_blocking", None)
        moved = created if target is not None else bool(there)
        result = func(*tree_map(inner, args), **rest)
        result = result.clone() if result is inner(args[0]) else result
        if moved != bool(there):
            COUNTS["to device" if moved else "from device"] += 1
        return OnDevice(result) if moved else result
    if there and here:
        raise RuntimeError(f"{name} of tensors on two devices")
    if name == "_local_scalar_dense":
        COUNTS["waits"] += 1
    result = func(*tree_map(inner, args), **tree_map(inner, rest))
    if not there and not created:
        return result
    if name not in VIEWS:
        COUNTS["launches"] += 1

    def labelled(value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        same = [x for x in there if x.inner is value]
        return same[0] if same else OnDevice(value)

    return tree_map(labelled, result)


class Pretended(TorchDispatchMode):
    """Within it tensors may be made on, and moved to, the device."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return run(func, args, kwargs or {})
