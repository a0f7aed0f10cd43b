"""The audit of a model, or of a state dict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from torch import nn

from maxout.nn.auditing.findings import findings
from maxout.nn.auditing.layer import Found
from maxout.nn.auditing.measure import measure
from maxout.nn.auditing.predict import report
from maxout.nn.auditing.reading import found_in
from maxout.nn.auditing.report import AuditReport
from maxout.nn.auditing.specification import LayerSpec, layer_spec, parse_layer, take
from maxout.nn.auditing.structure import by_types
from maxout.nn.auditing.thinc import is_thinc, layers_of
from maxout.nn.auditing.verdict import verdict
from maxout.nn.reading.graph import check_numbers_of, read
from maxout.nn.reading.layers import layers_of as read_layers
from maxout.theory.errors import MaxoutError


def audit(
    model: Any,
    example_input: Any = None,
    *,
    keywords: Mapping[str, Any] | None = None,
    layers: Iterable[LayerSpec | Mapping[str, Any] | str] | None = None,
    input_size: float | None = None,
) -> AuditReport:
    """Say of each maxout layer what its weights do to activations and gradients.

    Args:
      model: a ``torch.nn.Module``; a thinc model; or a state dict, with ``layers``.
      example_input: an input of the module (a tensor, or tensors in lists and dictionaries), or a
        tuple of positional inputs. Given, the module runs on it once (in evaluation mode, without
        gradients), and maxima written by hand are found, as well as pooling and what stands between
        layers. Without it only this package's layers are.
      keywords: inputs by name, beside or instead of those.
      layers: of a state dict, the layers in the order of the forward pass: words such as
        "fc1:rank=5", or dictionaries {"name": "fc1", "rank": 5}; see
        :mod:`maxout.nn.auditing.specification`.
      input_size: mean square of the coordinates of the input; measured on the example or 1.

    Returns:
      The report; print it, or take its ``layers`` and ``to_json()``. Nothing is changed.

    Raises:
      MaxoutError: for a model in which no maxout layer is found or which does not run on the
        example, and for weights that cannot be read: NaN, integer, meta, wrong shape.

    Source: Tseran and Montúfar (ICML 2023) for the constant; this project, docs/audit.md.
    """
    if isinstance(model, nn.Module):
        if layers is not None:
            raise MaxoutError("layers describe a state dict: pass model.state_dict()")
        return _module(model, example_input, keywords, input_size)
    if is_thinc(model):
        found, notes = layers_of(model)
        return report(found, notes, input_size)
    if not isinstance(model, Mapping):
        raise MaxoutError(
            "model must be a torch module, a thinc model or a state dict; "
            f"got {type(model).__name__}"
        )
    if layers is None:
        raise MaxoutError('say which tensors are maxout layers: layers=["fc1:rank=5", ...]')
    return _state(model, [_spec(layer) for layer in layers], input_size)


def as_call(
    example: Any, keywords: Mapping[str, Any] | None
) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
    """Positional and named arguments of a run on an example."""
    positional = () if example is None else example if isinstance(example, tuple) else (example,)
    return positional, keywords or {}


def _spec(layer: LayerSpec | Mapping[str, Any] | str) -> LayerSpec:
    if isinstance(layer, LayerSpec):
        return layer
    return parse_layer(layer) if isinstance(layer, str) else layer_spec(layer)


def _module(
    model: nn.Module, example: Any, keywords: Mapping[str, Any] | None, input_size: float | None
) -> AuditReport:
    check_numbers_of(model)
    graph = None
    if example is None and keywords is None:
        found, notes = by_types(model)
    else:
        call = as_call(example, keywords)
        graph = read(model, *call)
        layers = read_layers(graph)
        found, notes = found_in(graph, layers)
    if not any(layer.rank * layer.window > 1 for layer in found):
        hint = (
            "pass example_input= to find maxima written by hand"
            if example is None
            else "; ".join(notes) or "no maximum over channels was seen"
        )
        raise MaxoutError(f"no maxout layer was found in the model: {hint}")
    described = report(found, notes, input_size)
    if graph is None:
        return described
    about = findings(graph, layers, found, list(described.layers))
    runs = [measure(model, *call, layers, training) for training in (False, True)]
    kept = tuple(run for run in runs if run is not None)
    judged = verdict(described.layers, about, kept, notes, True)
    if judged[0] and (len(kept) < 2 or not all(run.gradients for run in kept)):
        judged = None, "it does not run forward and backward in both modes, so nothing is measured"
    return replace(described, findings=about, measured=kept, verdict=judged)


def _state(
    state: Mapping[str, Any], specs: list[LayerSpec], input_size: float | None
) -> AuditReport:
    if not any(spec.rank > 1 for spec in specs):
        raise MaxoutError("no layer of rank 2 or more was named: say which are maxout layers")
    names = [spec.name for spec in specs]
    if len(set(names)) < len(names):
        raise MaxoutError(f"layer {max(names, key=names.count)!r} is named twice")
    found: list[Found] = []
    used: set[str] = set()
    start: str | None = None
    for spec in specs:
        tensors = take(state, spec)
        used.update(tensors.used)
        found.append(
            Found(
                spec.name,
                tensors.weight,
                tensors.bias,
                spec.window,
                tensors.spatial,
                tensors.channels,
                start,
            )
        )
        start = "behind a normalization, which sets the size anew" if spec.normalized else None
    others = [
        name
        for name, x in state.items()
        if name not in used and getattr(x, "ndim", 0) >= 1 and getattr(x, "numel", int)() > 1
    ]
    notes = []
    if others:
        more = f" and {len(others) - 6} more" if len(others) > 6 else ""
        notes.append(
            f"not described, and taken to stand outside the chain: {', '.join(others[:6])}{more}"
        )
    return report(found, notes, input_size)
