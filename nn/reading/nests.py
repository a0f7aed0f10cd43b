"""Tensors in nested lists, tuples, dictionaries and dataclasses."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor


def tensors_in(value: Any) -> list[Tensor]:
    """All tensors of a nest, in order."""
    if isinstance(value, Tensor):
        return [value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = [getattr(value, field.name) for field in dataclasses.fields(value)]
    elif isinstance(value, Mapping):
        value = list(value.values())
    return [x for v in value for x in tensors_in(v)] if isinstance(value, (list, tuple)) else []


def replaced(value: Any, kind: type | tuple[type, ...], change: Callable[[Any], Any]) -> Any:
    """The arguments of an operation with everything of one kind changed."""
    if isinstance(value, kind):
        return change(value)
    if isinstance(value, dict):
        return {key: replaced(v, kind, change) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        items = [replaced(v, kind, change) for v in value]
        return tuple(items) if isinstance(value, tuple) else items
    return value
