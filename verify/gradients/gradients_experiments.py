"""Experiments on parameter gradients: sampled networks, differentiated by their parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from maxout.numerics.gradients.layer_gradients import gradient_profile
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.symbols import K, L, c, l
from maxout.verify import facts
from maxout.verify.decisions.estimands import Distribution, Mean, mean_from_square
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    other_parameters,
    rank_off_by_one,
    rewritten,
    statement,
)
from maxout.verify.gradients.gradient_variances import bias_second, weight_second
from maxout.verify.gradients.sampled_gradients import ParameterGradients
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.populations import Arrays
from maxout.verify.sampling.scales import moment
from maxout.verify.twins import second_moment_off, weights_off

NORM = 1.7


def networks(bias: str, size: Size) -> Iterator[tuple[Network, str]]:
    """Yield networks of two outputs, one of them differentiated, and the law of their biases."""
    laws = {"zero": "zero", "gaussian": "gaussian", "any": "one-hot"}
    wide = {**laws, "any": "mixed"}
    quick = Network(4, (4, 3, 5), 2, 3, c=sp.Rational(6, 5), bias=bias)
    deep = Network(5, (12, 8, 6, 10), 2, 3, c=sp.Rational(3, 5), bias=bias)
    for network in size.networks([quick], [deep]):
        yield network, (laws if network is quick else wide)[bias]


def population(network: Network, biases: str) -> ParameterGradients:
    """Sampled networks with inputs of the norm used here; one population for all statements."""
    return ParameterGradients(Sampler(network, biases, 1.0, NORM))


def _column(array: str, layer: int, arrays: Arrays) -> np.ndarray:
    return arrays[array][:, layer - 1]


def _layers(network: Network, size: Size) -> tuple[int, ...]:
    """All hidden layers; of an own network the first, the middle and the last."""
    hidden = len(network.widths)
    if size.network is not None:
        return tuple(sorted({1, (hidden + 1) // 2, hidden}))
    return tuple(range(1, hidden + 1))


def _second(network: Network, array: str, layer: int) -> float:
    if array == "biases":
        return bias_second(network, layer)
    return weight_second(network, layer, NORM)


def mean(network: Network, array: str, layer: int) -> float:
    """E ||dN/dW^(layer)||^2 at ``NORM``, or of the biases, at zero or gaussian bias."""
    if network.bias == "gaussian":
        profile = gradient_profile(network, NORM)
        logs = profile.biases if array == "biases" else profile.weights
        return math.exp(float(logs[layer - 1]))
    if array == "biases":
        return facts.bias_gradient_moment(network, layer, 1)
    return facts.weight_gradient_moment(network, layer, NORM, 1)


def _size(network: Network, array: str, layer: int, share: float) -> Mean:
    return mean_from_square(mean(network, array, layer), _second(network, array, layer), share)


def _parameters(array: str, layer: int, bias: str = "zero") -> dict[str, Any]:
    if array == "biases" and bias != "gaussian":
        return {"layer": layer}
    return {"layer": layer, "norm": NORM}


def _layer_shifted(array: str, layer: int, bias: str) -> Twin:
    wrong = layer + 1 if layer == 1 else layer - 1
    return other_parameters("layer off by one", **_parameters(array, wrong, bias))


def _all_along() -> Twin:
    """F_l as if every unit direction were that of x^(l)."""
    return rewritten(
        "1 - 1/n dropped across the input",
        lambda right: right.replace(sp.Product, lambda *_: sp.S.One),
    )


def _exact(key: str, array: str, bias: str, size: Size) -> Iterator[Experiment]:
    margin = (
        size.of(0.03, 0.01) if bias == "zero" else size.of(0.04, 0.02)
    )  # the bound of the variance is looser with biases
    for network, biases in networks(bias, size):
        for layer in _layers(network, size):
            twins = [_layer_shifted(array, layer, bias)]
            if bias == "zero":
                twins += [_all_along()] if layer < len(network.widths) else []
                # Behind the last hidden layer no maxout unit is left for the bias gradient.
                ruled = array == "weights" or layer < len(network.widths)
                twins += [rank_off_by_one()] if ruled else []
            yield Experiment(
                statement(key),
                network,
                (population(network, biases),),
                partial(_column, array, layer),
                partial(_size, network, array, layer, margin),
                parameters=_parameters(array, layer, bias),
                detail=f"layer {layer}, |x| = {NORM:g}",
                twins=tuple(twins),
            )


def _moment(key: str, array: str, size: Size) -> Iterator[Experiment]:
    order = 2
    for network, biases in networks("zero", size):
        for layer in _layers(network, size):
            yield Experiment(
                statement(key),
                network,
                (population(network, biases),),
                lambda arrays, layer=layer: _column(array, layer, arrays) ** 2,
                partial(_square, network, array, layer, 0.05 * size.narrowness),
                order=order,
                parameters=_parameters(array, layer),
                detail=f"layer {layer}, |x| = {NORM:g}",
                twins=(
                    _layer_shifted(array, layer, "zero"),
                    # At the later layers little passes through a length. That E r^4 has terms of
                    # order 1/n is lost in the margin everywhere (7 %, 2 %).
                    *((rank_off_by_one(),) if layer == 1 else ()),
                ),
            )


def _square(network: Network, array: str, layer: int, share: float) -> Mean:
    """The second moment of a squared gradient at zero bias."""
    if array == "biases":
        second, fourth = (facts.bias_gradient_moment(network, layer, t) for t in (2, 4))
    else:
        second, fourth = (facts.weight_gradient_moment(network, layer, NORM, t) for t in (2, 4))
    return mean_from_square(second, fourth, share)


def _law(size: Size) -> Iterator[Experiment]:
    key = "gradients.law"
    for network, biases in networks("zero", size):
        for layer in _layers(network, size):
            wrong = layer + 1 if layer == 1 else layer - 1
            yield Experiment(
                statement(key),
                network,
                (population(network, biases),),
                lambda left, law, layer=layer: (_column("biases", layer, left), law["value"]),
                lambda: Distribution(0.03 * size.narrowness),
                parameters={"layer": layer},
                detail=f"layer {layer}",
                twins=(
                    other_parameters("layer off by one", layer=wrong),
                    # The last hidden layer's gradient is the output weights, free of c.
                    *((weights_off(10),) if layer < len(network.widths) else ()),
                ),
            )


def _bounds(
    prefix: str, array: str, rung: str, biases: tuple[str, ...], size: Size
) -> Iterator[Experiment]:
    for bias in biases:
        for network, law in networks(bias, size):
            for layer in _layers(network, size) if size.deep else sorted({1, len(network.widths)}):
                yield Experiment(
                    statement(f"{prefix}.{rung}"),
                    network,
                    (population(network, law),),
                    partial(_column, array, layer),
                    partial(_one_sided, rung, network, array, layer, size),
                    parameters=_parameters(array, layer),
                    detail=f"layer {layer}, {law} biases",
                    # Behind the last hidden layer no maxout unit is left: all bounds are one.
                    twins=(_exchanged(rung),) if layer < len(network.widths) else (),
                )


def _one_sided(rung: str, network: Network, array: str, layer: int, size: Size) -> Mean:
    # The paper's lower bound is far below the mean: samples are planned by the size at c S_K = c.
    gain = 1.0
    if rung == "upper":
        gain = moment(LargestChi2Moment, network.rank, 1)
    elif rung == "upper.sharp":
        gain = moment(LargestNormalMoment, network.rank, 2)
    bound = facts.layer_bound(network, layer, gain)
    if array == "weights":
        bound *= facts.length_moment(network, layer - 1, NORM, 1)
    # Betting needs no variance: with any biases the plan is that of zero ones.
    like = network if network.bias != "any" else network.but(bias="zero")
    planned = _second(like, array, layer)
    return Mean(bound, _second(network, array, layer), 0.1 * size.narrowness, planned=planned)


_GAINS: dict[str, tuple[type[sp.Function], int]] = {
    "lower": (SmallestChi2Moment, 1),
    "upper": (LargestChi2Moment, 1),
    "upper.sharp": (LargestNormalMoment, 2),
}


def _exchanged(rung: str) -> Twin:
    """The bound of the other side in place of this one; what multiplies it stays."""

    def exchange(right: sp.Expr) -> sp.Expr:
        later = L - 1 - l
        if rung == "lower.sharp":
            return right * LargestChi2Moment(K, 1) ** later
        if rung == "lower":
            return right * (LargestChi2Moment(K, 1) / SmallestChi2Moment(K, 1)) ** later
        kind, order = _GAINS[rung]
        return right * (SmallestChi2Moment(K, 1) / kind(K, order)) ** later

    label = {
        "lower": "L_K instead of S_K",
        "upper": "S_K instead of L_K",
        "lower.sharp": "L_K instead of 1",
        "upper.sharp": "S_K instead of M_K",
    }[rung]
    return rewritten(label, exchange)


def _length(network: Network, share: float) -> Mean:
    """The gradient by the output weights, which is the last activation."""
    lengths = partial(facts.length_moment, network, len(network.widths), NORM)
    return mean_from_square(lengths(1), lengths(2), share)


def _output(bias: str, size: Size) -> Iterator[Experiment]:
    for network, biases in networks(bias, size):
        yield Experiment(
            statement(f"gradients.output.{bias}"),
            network,
            (population(network, biases),),
            partial(_column, "weights", network.depth),
            partial(_length, network, 0.02 * size.narrowness),
            parameters={"norm": NORM},
            detail=f"|x| = {NORM:g}",
            twins=(
                second_moment_off(2),
                rank_off_by_one(),
                rewritten("one layer too many", lambda right: right * c),
            ),
        )


_RUNGS = ("lower", "upper", "lower.sharp", "upper.sharp")


def _ladders() -> Iterator[tuple[str, Builder]]:
    families: tuple[tuple[str, str, tuple[str, ...]], ...] = (
        ("gradients.bias", "biases", ("zero", "gaussian", "any")),
        ("gradients.weights", "weights", ("zero",)),
        ("gradients.gaussian.weights", "weights", ("gaussian",)),
    )
    for prefix, array, biases in families:
        for rung in _RUNGS:
            yield f"{prefix}.{rung}", partial(_bounds, prefix, array, rung, biases)


def _of(build: Callable[..., Iterator[Experiment]], key: str, *given: str) -> Builder:
    return partial(build, key, *given)


EXPERIMENTS: dict[str, Builder] = {
    "gradients.law": _law,
    "gradients.bias.exact": _of(_exact, "gradients.bias.exact", "biases", "zero"),
    "gradients.bias.moment": _of(_moment, "gradients.bias.moment", "biases"),
    "gradients.weights.exact": _of(_exact, "gradients.weights.exact", "weights", "zero"),
    "gradients.weights.moment": _of(_moment, "gradients.weights.moment", "weights"),
    "gradients.gaussian.bias.exact": _of(
        _exact, "gradients.gaussian.bias.exact", "biases", "gaussian"
    ),
    "gradients.gaussian.weights.exact": _of(
        _exact, "gradients.gaussian.weights.exact", "weights", "gaussian"
    ),
    "gradients.output.zero": partial(_output, "zero"),
    "gradients.output.gaussian": partial(_output, "gaussian"),
    **dict(_ladders()),
}
