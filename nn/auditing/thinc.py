"""Layers of a thinc model, read without importing thinc: by its names of nodes and parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from maxout.nn.auditing.layer import Found
from maxout.nn.auditing.specification import check_numbers
from maxout.theory.errors import MaxoutError

_THROUGH = frozenset(["dropout"])  # nodes that leave the size as it is when the model predicts


def is_thinc(model: Any) -> bool:
    """Whether the object walks, and names its parameters, as thinc's models do."""
    return all(hasattr(model, name) for name in ("walk", "layers", "get_param", "has_param"))


def layers_of(model: Any) -> tuple[list[Found], list[str]]:
    """Return the Maxout and Linear layers in order, and what could not be told.

    A node named ``maxout`` holds W (nO, nP, nI) and b (nO, nP). Behind any node other than maxout,
    linear and dropout the prediction begins anew.

    Raises:
      MaxoutError: for a model that was not initialized, or one without a Maxout layer.
    """
    found: list[Found] = []
    notes: list[str] = []
    begin: str | None = "its input is the model's input"
    count: dict[str, int] = {}
    for node, inside in _leaves(model, None):
        kind = str(node.name)
        if kind not in ("maxout", "linear"):
            if kind not in _THROUGH:
                begin = f"behind {kind}"
                if getattr(node, "param_names", ()) and "norm" not in kind:
                    notes.append(f"{kind}: no maxout or linear layer; left out")
            continue
        number = count.get(kind, 0)
        count[kind] = number + 1
        name = f"{kind}.{number}"
        if not node.has_param("W"):
            raise MaxoutError(f"{name} has no weights yet: call model.initialize(X=...) first")
        try:
            weight = check_numbers(torch.as_tensor(node.get_param("W")))
        except TypeError:
            raise MaxoutError(
                f"{name}: its weights are no NumPy array; move them to the CPU"
            ) from None
        bias = torch.as_tensor(node.get_param("b")) if node.has_param("b") else None
        if kind == "linear":
            weight = weight.unsqueeze(1)
            bias = None if bias is None else bias.unsqueeze(1)
        if inside is not None and begin is None:
            begin = f"inside {inside}"
        found.append(Found(name, weight, bias, channels=weight.shape[-1], start=begin))
        begin = None if inside is None else f"behind {inside}"
    if not any(layer.rank > 1 for layer in found):
        raise MaxoutError("the thinc model has no Maxout layer of two pieces or more")
    return found, notes


def _leaves(node: Any, inside: str | None) -> Iterator[tuple[Any, str | None]]:
    """Nodes without layers of their own, and the container around them that is not a chain."""
    layers = list(node.layers)
    if not layers:
        yield node, inside
        return
    # A chain is named after its members, "maxout>>layernorm"; so is what chain() nests.
    chain = ">>" in str(node.name)
    for layer in layers:
        yield from _leaves(layer, inside if chain else str(node.name))
