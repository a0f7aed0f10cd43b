"""From the layers found to the report: constants, predicted sizes, depths, advice."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from maxout.init.constants import second_moment
from maxout.nn.auditing.layer import Found
from maxout.nn.auditing.report import RANGES, AuditReport, LayerAudit
from maxout.nn.auditing.specification import check_numbers
from maxout.nn.auditing.statistics import WeightStatistics, describe
from maxout.nn.auditing.verdict import verdict
from maxout.nn.rectified import rectified_second_moment
from maxout.numerics.activation.layered import (
    LayerConstants,
    gradient_repetitions,
    log_activations,
    log_gradient_bounds,
    log_gradients,
    repetitions,
)
from maxout.theory.errors import MaxoutError

_LN10 = math.log(10)


def report(
    layers: Sequence[Found], notes: Sequence[str], input_size: float | None = None
) -> AuditReport:
    """Audit layers in the order of the forward pass.

    Args:
      input_size: mean square of the coordinates of the input; None takes what was measured, or 1.

    Raises:
      MaxoutError: for weights that are not finite numbers, naming the layer; an input_size that is
        not positive.
    """
    if input_size is not None and not 0 < input_size < math.inf:
        raise MaxoutError(f"the input's mean square must be a positive number; got {input_size}")
    described = []
    for layer in layers:
        try:
            check_numbers(layer.weight)
            described.append(describe(layer.weight, layer.bias, layer.inputs or None))
        except MaxoutError as error:
            raise MaxoutError(f"layer {layer.name!r}: {error}") from None
    audited: list[LayerAudit] = []
    first = 1.0
    for number, (begin, end) in enumerate(_chains(layers)):
        measured = layers[begin].input_size
        unknown = measured is None and number > 0 and "norm" not in (layers[begin].start or "")
        size = 1.0 if measured is None else measured
        if unknown:
            size = math.nan
        elif not math.isfinite(size):
            layers[begin].notes.append(
                "what it read in the run was not finite; the prediction starts from size 1"
            )
            size = 1.0
        if begin == 0 and input_size is not None:
            size = input_size
        first = size if begin == 0 else first
        audited += _chain(layers[begin:end], described[begin:end], size, number)
    found = AuditReport(tuple(audited), first, tuple(notes), _assumptions(layers, audited))
    return replace(found, verdict=verdict(audited, (), (), notes, False))


def _chains(layers: Sequence[Found]) -> list[tuple[int, int]]:
    """(begin, end) of runs of layers that feed one another and nothing else."""
    for before, layer in zip(layers[:-1], layers[1:], strict=True):
        # Flattening a convolution's output multiplies its channels by their positions.
        if layer.start is None and layer.channels % before.units:
            layer.start = (
                f"its {layer.channels} inputs are not the {before.units} units of {before.name}"
            )
    begins = [0, *(k for k in range(1, len(layers)) if layers[k].start is not None)]
    layers[0].start = layers[0].start or "its input is the model's input"
    return list(zip(begins, [*begins[1:], len(layers)], strict=True))


def _chain(
    layers: Sequence[Found], described: Sequence[WeightStatistics], size: float, number: int
) -> list[LayerAudit]:
    constants = [
        LayerConstants(
            layer.units,
            # Behind a normalization of the pieces their size is 1, whatever the weights.
            1.0 if layer.norm else w.c,
            _moment(layer),
            w.bias_mean_square,
        )
        for layer, w in zip(layers, described, strict=True)
    ]
    if layers[0].norm and not math.isnan(size):
        size = 1.0
    start = math.nan if math.isnan(size) else math.log(size) if size > 0 else -math.inf
    sizes = [math.nan] * len(layers) if math.isnan(start) else log_activations(constants, start)
    gradients = log_gradient_bounds(constants)
    if _is_exact(layers, constants):
        gradients = [(value, value) for value in log_gradients(constants)]
    if any(layer.zero for layer in layers):
        # Behind a ReLU only the units above zero hand gradients on: no bracket is stated.
        gradients = [(math.nan, math.nan)] * len(layers)
    found = []
    for k, (layer, w, constant) in enumerate(zip(layers, described, constants, strict=True)):
        before = sizes[k - 1] if k else start
        target = _target(layer)
        gain = math.nan if layer.norm else constant.gain
        low, high = (g / _LN10 for g in gradients[k])
        weights = None
        plain = all(x.spatial == 0 and x.window == 1 and not x.zero for x in layers)
        if plain:
            length = (before + math.log(layer.fan_in)) / _LN10
            weights = (length + low, length + high)
        found.append(
            LayerAudit(
                name=layer.name,
                rank=layer.rank,
                window=layer.window,
                units=layer.units,
                fan_in=layer.fan_in,
                chain=number,
                start=layer.start,
                c=w.c,
                c_error=w.c_error,
                gain=gain,
                gain_error=w.c_error * constant.second_moment,
                factor=(target / constant.gain) ** 0.5 if constant.gain else math.nan,
                bias_mean_square=w.bias_mean_square,
                activation=sizes[k] / _LN10,
                measured=None if layer.output_size is None else _log10(layer.output_size),
                gradient=(low, high),
                weight_gradient=weights,
                activation_depth=_depths(constant, repetitions),
                gradient_depth=_depths(
                    constant, repetitions if layer.zero else gradient_repetitions
                ),
                oddities=w.oddities,
                notes=tuple(layer.notes),
                target=target,
                keeps=layer.keeps,
            )
        )
    return found


def _moment(layer: Found) -> float:
    rank = layer.rank * layer.window
    return rectified_second_moment(rank) if layer.zero else second_moment(rank)


def _target(layer: Found) -> float:
    """The gain that keeps the size; at the end of one of L residual branches 1/L, or 1/L² there
    where the branch ends in the maximum."""
    if layer.branch is None:
        return 1.0
    return layer.branch.blocks ** (-1.0 if layer.branch.linear else -2.0)


def _is_exact(layers: Sequence[Found], constants: Sequence[LayerConstants]) -> bool:
    """Whether the chain is what the exact recursion speaks of: fully connected, without biases."""
    fed = all(b.fan_in == a.units for a, b in zip(layers[:-1], layers[1:], strict=True))
    dense = all(
        layer.spatial == 0 and layer.window == 1 and not layer.zero and not layer.norm
        for layer in layers
    )
    # The gradient begins behind the first layer, so that layer's bias is but part of where x is,
    # and the bias of a last linear layer turns nothing that comes later.
    inner = constants[1:-1] if layers[-1].rank == 1 else constants[1:]
    return fed and dense and not any(constant.bias_variance for constant in inner)


def _depths(
    constant: LayerConstants, count: Callable[[LayerConstants, float], int | None]
) -> dict[str, int | None]:
    depths = {}
    for dtype, (largest, smallest) in RANGES.items():
        limit = largest if constant.gain > 1 else smallest
        depths[dtype] = count(constant, 2 * math.log(limit))
    return depths


def _assumptions(layers: Sequence[Found], audited: Sequence[LayerAudit]) -> tuple[str, ...]:
    said = [
        "sizes are means over networks with fresh independent weights of mean zero and these "
        "variances, normal or wide enough that sums of them are"
    ]
    if any(x.bias_mean_square for x in audited):
        said.append(
            "biases are taken as independent normal draws with the mean square found for the "
            "activations; gradients are bracketed for any biases independent of the weights"
        )
    if any(layer.spatial for layer in layers):
        said.append("convolutions: padding is neglected, and gradients are bracketed")
    if any(layer.window > 1 for layer in layers):
        said.append("the cells of a pooling window count as independent")
    if any(layer.start is not None for layer in layers[1:]):
        said.append("a chain's gradient is that of one coordinate at the chain's own end")
    return tuple(said)


def _log10(x: float) -> float | None:
    """None for what is not a number."""
    if math.isnan(x):
        return None
    return math.log10(x) if x > 0 else -math.inf
