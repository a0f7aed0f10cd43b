"""Initialize a whole model in place, and say what was done to each layer."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import ParametrizationList, is_parametrized

from maxout.init.constants import calculate_gain, cells, check_rank
from maxout.nn.auditing.run import as_call, audit
from maxout.nn.conv import MaxoutConv1d, MaxoutConv2d, MaxoutConv3d
from maxout.nn.drawing import Drawn, drawn_from
from maxout.nn.functional import require_floating_point
from maxout.nn.init_report import InitReport, LayerInit, Verdict
from maxout.nn.initializers import (
    Window,
    maxout_normal_,
    maxout_truncated_normal_,
    maxout_uniform_,
    standard_deviation,
)
from maxout.nn.linear import MaxoutLinear
from maxout.nn.reading.graph import read
from maxout.nn.walk import by_structure
from maxout.theory.errors import DomainError, MaxoutError

_MAXOUT = (MaxoutLinear, MaxoutConv1d, MaxoutConv2d, MaxoutConv3d)
_PLAIN = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_DRAWS = {
    "normal": maxout_normal_,
    "uniform": maxout_uniform_,
    "truncated_normal": maxout_truncated_normal_,
}


def init_model_(
    model: nn.Module,
    *,
    example: Any = None,
    keywords: Mapping[str, Any] | None = None,
    ranks: Mapping[str, int] | None = None,
    windows: Mapping[str, Window] | None = None,
    outputs: Collection[str] | None = None,
    mode: str = "train",
    check: bool = True,
    distribution: str = "normal",
    generator: torch.Generator | None = None,
) -> InitReport:
    """Initialize the maxout layers and the linear layers between and behind them in place.

    Maxout layers get weight variance c/fan_in with c = 1/M_{K p}, p the cells of the max pooling
    behind the layer; linear layers get c = 1; all get zero biases. All else is left as it is and
    listed as unchanged. Nothing is drawn before everything was checked.

    With an example, all this is read off what the model computes: ranks, pooling, maxima written
    by hand, separate layers that are maximized together, sums. A ReLU behind the maximum, dropout
    and residual branches count into c, and the report says so. Without one, this package's layers
    and those named in ``ranks`` are drawn, and the output layer, which is the last layer with
    weights where that is plain.

    Args:
      model: with maxima over the outputs of linear layers or convolutions.
      example: an input (a tensor, or tensors in lists and dictionaries), or a tuple of positional
        inputs. The model runs on it once, in evaluation mode.
      keywords: inputs by name, beside or instead of those.
      ranks: name -> K for plain layers whose maximum is written out by hand. With an example they
        are checked against what is read.
      windows: name -> cells or kernel size of the pooling behind a layer, where it shall be
        another, or where readers differ; without an example no pooling at all is looked for in the
        structure where this is given.
      outputs: names of the linear output layers, instead of those that are read.
      mode: "train" counts dropout into c, so that sizes keep in training; "eval" does not, so that
        they keep in evaluation. No c does both. Dropout is seen with an example only.
      check: with an example, audit the model before and after, and put both verdicts into the
        report.
      distribution: "normal", "uniform" or "truncated_normal".
      generator: source of all draws, which are made in the order of the report.

    Returns:
      The report.

    Raises:
      MaxoutError: for a model without maxout layers, names that are not there or not fit, ranks
        that the model contradicts, pooling whose place cannot be seen, and weights that cannot be
        drawn (meta, integer, lazy, parametrized).

    Source: Tseran and Montúfar (ICML 2023).
    """
    if distribution not in _DRAWS:
        raise DomainError(f"distribution must be one of {', '.join(_DRAWS)}; got {distribution!r}")
    if mode not in ("train", "eval"):
        raise DomainError(f"mode must be train or eval; got {mode!r}")
    modules = dict(model.named_modules())
    if example is not None or keywords is not None:
        named = {name: check_rank(rank) for name, rank in (ranks or {}).items()}
        pools = {name: cells(window) for name, window in (windows or {}).items()}
        graph = read(model, *as_call(example, keywords))
        drawn = drawn_from(model, graph, named, pools, outputs, mode)
        before = _judged(model, example, keywords) if check else None
        report = draw_read(model, drawn, distribution, generator)
        if not check:
            return report
        return replace(report, before=before, after=_judged(model, example, keywords))
    ranks = _named_ranks(modules, ranks or {})
    if not ranks:
        raise MaxoutError(
            "the model has no maxout layer: name hand-written ones with ranks={'layer': K}"
        )
    walk = by_structure(model, windows is not None)
    # A parametrization's inner modules are no layers; the layer that has it is refused below.
    inside = {
        f"{name}.{inner}".rstrip(".")
        for name, module in modules.items()
        if isinstance(module, ParametrizationList)
        for inner, _ in module.named_modules()
    }
    weighted = [name for name in walk.order if _has_weights(modules[name]) and name not in inside]
    outputs = _outputs(modules, ranks, weighted[-1]) if outputs is None else tuple(outputs)
    for name in outputs:
        if name in ranks or not isinstance(modules.get(name), _PLAIN):
            raise DomainError(
                f"outputs must name plain linear layers or convolutions; got {name!r}"
            )
    chosen = {**ranks, **dict.fromkeys(outputs, 1)}
    if unknown := (windows or {}).keys() - chosen.keys():
        raise DomainError(f"windows must name initialized layers; got {min(unknown)!r}")
    pooled = walk.windows | {name: cells(window) for name, window in (windows or {}).items()}

    plan = [
        _planned(name, modules[name], chosen[name], pooled.get(name, 1), name in outputs)
        if name in chosen
        else LayerInit(name, type(modules[name]).__name__, "unchanged")
        for name in weighted
    ]
    for layer in plan:
        if layer.role != "unchanged":
            weight, bias = modules[layer.name].weight, modules[layer.name].bias
            assert isinstance(weight, Tensor)
            _DRAWS[distribution](
                weight, layer.rank, fan_in=layer.fan_in, window=layer.window, generator=generator
            )
            if isinstance(bias, Tensor):
                nn.init.zeros_(bias)
    return InitReport(tuple(plan))


def _judged(model: nn.Module, example: Any, keywords: Mapping[str, Any] | None) -> Verdict | None:
    """What the audit says of the whole model, or None where it cannot be audited."""
    try:
        return audit(model, example, keywords=keywords).verdict
    except MaxoutError:
        return None


def draw_read(
    model: nn.Module,
    plan: list[Drawn],
    distribution: str,
    generator: torch.Generator | None,
) -> InitReport:
    """Draw what was read, and list what is left."""
    parameters = dict(model.named_parameters())
    modules = dict(model.named_modules())
    rows: list[LayerInit] = []
    drawn: dict[str, float] = {}
    for one in plan:
        require_floating_point(parameters[one.parameter], f"layer {one.layer!r}: its weight")
        if drawn.setdefault(one.parameter, one.std) != one.std:
            raise MaxoutError(
                f"parameter {one.parameter!r} is used by layers of different constants: "
                "initialize it yourself"
            )
    touched = {name for one in plan for name in (one.parameter, *one.biases)}
    for name, parameter in parameters.items():
        if name not in touched and parameter.dim() >= 2:
            owner = name.rpartition(".")[0]
            rows.append(LayerInit(owner, type(modules[owner]).__name__, "unchanged"))
    rows = list(dict.fromkeys(rows))
    with torch.no_grad():
        for name in drawn:
            one = next(p for p in plan if p.parameter == name)
            # The rank is in std already; a twin of the initializers with their own draws.
            _DRAWS[distribution](parameters[name], 1, fan_in=1, generator=generator).mul_(one.std)
            for bias in one.biases:
                nn.init.zeros_(parameters[bias])
    for one in plan:
        owner = one.parameter.rpartition(".")[0]
        row = LayerInit(
            "" if one.layer == "(model)" else one.layer, type(modules[owner]).__name__, one.role,
            one.rank, one.window, one.fan_in, one.c, one.std, one.why,
        )  # fmt: skip
        if row not in rows:
            rows.append(row)
    return InitReport(tuple(rows))


def _named_ranks(modules: Mapping[str, nn.Module], given: Mapping[str, int]) -> dict[str, int]:
    """name -> rank of every maxout layer: this package's, and the plain ones that were named."""
    found = {name: m.rank for name, m in modules.items() if isinstance(m, _MAXOUT)}
    for name, rank in given.items():
        if name in found or not isinstance(modules.get(name), _PLAIN):
            raise DomainError(f"ranks must name plain linear layers or convolutions; got {name!r}")
        found[name] = check_rank(rank)
    return found


def _outputs(
    modules: Mapping[str, nn.Module], ranks: Mapping[str, int], last: str
) -> tuple[str, ...]:
    return (last,) if last not in ranks and isinstance(modules[last], _PLAIN) else ()


def _has_weights(module: nn.Module) -> bool:
    """Whether the module itself owns a matrix or more; scales of a normalization do not count."""
    return is_parametrized(module) or any(
        nn.parameter.is_lazy(p) or p.dim() >= 2 for p in module.parameters(recurse=False)
    )


def _planned(name: str, module: nn.Module, rank: int, window: int, output: bool) -> LayerInit:
    """The line of the report for a layer that is to be drawn, or MaxoutError why it cannot be."""
    weight = module.weight
    if is_parametrized(module) or not isinstance(weight, nn.Parameter):
        raise MaxoutError(f"layer {name!r}: initialize before adding a parametrization")
    if nn.parameter.is_lazy(weight):
        raise MaxoutError(
            f"layer {name!r}: run the model once, so that its lazy weights get a shape"
        )
    if weight.shape[0] % rank:
        raise DomainError(
            f"layer {name!r}: rank must divide its {weight.shape[0]} channels; got rank {rank}"
        )
    fan_in = math.prod(weight.shape[1:])
    try:
        std = standard_deviation(weight, rank, fan_in, window)
    except MaxoutError as error:
        raise MaxoutError(f"layer {name!r}: {error}") from None
    c = calculate_gain(rank, window) ** 2
    role = "output" if output else "maxout"
    return LayerInit(name, type(module).__name__, role, rank, window, fan_in, c, std)
