"""Experiments on the kernels of two inputs: one layer of any width, and wide deep networks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

from maxout.numerics.kernels import winner
from maxout.numerics.predict import predict
from maxout.theory.moments import LargestNormalMoment
from maxout.theory.network import Network
from maxout.verify.constants import moment, weight_variance
from maxout.verify.decisions import Decision, MeanEquality, MedianEquality
from maxout.verify.experiments.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    other_parameters,
    rank_off_by_one,
    statement,
)
from maxout.verify.experiments.gradients import NORM
from maxout.verify.gradient_moments import diagonal_second
from maxout.verify.networks import Sampler
from maxout.verify.parameters import TangentPairs

_COSINE = 0.6
_OTHER = 1.2  # norm of the second input


def _pairs(network: Network, cosine: float, variance: float) -> TangentPairs:
    return TangentPairs(Sampler(network, "zero", cosine, NORM), _OTHER, math.sqrt(variance))


def _pair_parameters(cosine: float, variance: float) -> dict[str, Any]:
    return {
        "norm": NORM,
        "other_norm": _OTHER,
        "correlation": cosine,
        "bias_variance": variance,
    }


def _pair_twins(variance: float, telling: bool = True) -> tuple[Twin, ...]:
    """Controls of a pair; ``telling``: whether the kernel still depends on the angle enough."""
    doubled = other_parameters("the angle doubled", correlation=math.cos(math.acos(_COSINE) * 2))
    forgotten = other_parameters("the biases forgotten", bias_variance=0.0)
    return (
        rank_off_by_one(),
        *((doubled,) if telling else ()),
        *((forgotten,) if variance else ()),
    )


def _shallow(name: str, size: Size) -> Iterator[Experiment]:
    key = f"kernel.{name}.shallow"
    widths = (24,) + ((6,) if size.deep else ())
    for width in widths:
        for variance in (0.25,) + ((0.0,) if size.deep else ()):
            network = Network(6, (width,), 1, 4, bias="any")
            yield Experiment(
                statement(key),
                network,
                (_pairs(network, _COSINE, variance),),
                lambda arrays: arrays[name],
                partial(_shallow_rule, name, network, variance, size),
                parameters=_pair_parameters(_COSINE, variance),
                detail=f"{_pair_detail(_COSINE, variance)}",
                twins=_pair_twins(variance),
            )


def _pair_detail(cosine: float, variance: float) -> str:
    return f"|x| = {NORM:g}, |y| = {_OTHER:g}, cos = {cosine:g}, sigma_b^2 = {variance:g}"


def _shallow_rule(
    name: str, network: Network, variance: float, size: Size, predicted: float
) -> Decision:
    """Means over n units, each term of which has a second moment that is known or bounded.

    NNGP: terms max X max Y with E (max X max Y)^2 <= s_x^2 s_y^2 E Xi^4. NTK: such a term and
    w^2 1[same] g, g the covariance of the pre-activations, w ~ N(0,1): Minkowski's inequality.
    """
    gain = weight_variance(network) / network.inputs
    s_x, s_y = gain * NORM**2 + variance, gain * _OTHER**2 + variance
    between = gain * NORM * _OTHER * _COSINE + variance
    root = math.sqrt(s_x * s_y * moment(LargestNormalMoment, network.rank, 4))
    if name == "ntk":
        q = float(winner(network.rank, between / math.sqrt(s_x * s_y)))
        root += between * math.sqrt(3 * q)
    return MeanEquality(root**2 / network.widths[0], 0.03 * size.narrowness * predicted)


def _deep(name: str, size: Size) -> Iterator[Experiment]:
    key = f"kernel.{name}.deep"
    for width, layers in ((96, 2),) + (((96, 3),) if size.deep else ()):
        network = Network(6, (width,) * layers, 1, 3, bias="any")
        for variance in (0.25,) + ((0.0,) if size.deep and layers == 2 else ()):
            off, spread = finite_width(network)
            yield Experiment(
                statement(key),
                network,
                (_pairs(network, _COSINE, variance),),
                lambda arrays: arrays[name],
                partial(_deep_rule, off, spread),
                parameters=_pair_parameters(_COSINE, variance),
                detail=f"{_pair_detail(_COSINE, variance)}; within {100 * (off + spread):.2g} %",
                twins=_pair_twins(variance, telling=name == "ntk" or not variance),
                least=200,
            )


def finite_width(network: Network) -> tuple[float, float]:
    """Relative deviation of the mean, and relative variance, of Theta(x, x) at zero bias.

    Both are known exactly or bounded, and both are O(1/n). Off the diagonal no closed form is
    known: their sum is what the median is allowed to be off there. A test measures the deviation.
    """
    zero = Network(network.inputs, network.widths, 1, network.rank, network.c, "zero")
    exact = float(predict(statement("kernel.diagonal.scaled"), zero, norm=NORM))
    limit = float(predict(statement("kernel.diagonal.limit"), zero, norm=NORM))
    variance = diagonal_second(zero, NORM, scaled=True) / exact**2 - 1
    return abs(exact / limit - 1), variance


def _deep_rule(off: float, spread: float, predicted: float) -> Decision:
    # A narrower margin would be lost in what a finite width is allowed.
    size_of = abs(predicted)
    return MedianEquality(math.sqrt(spread) * size_of, 0.02 * size_of, (off + spread) * size_of)


EXPERIMENTS: dict[str, Builder] = {
    **{f"kernel.{name}.shallow": partial(_shallow, name) for name in ("nngp", "ntk")},
    **{f"kernel.{name}.deep": partial(_deep, name) for name in ("nngp", "ntk")},
}
