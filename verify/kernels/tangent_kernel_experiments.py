"""Experiments on the kernels of two inputs: one layer of any width, and wide deep networks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from maxout.numerics import kernels
from maxout.theory.errors import DoesNotApplyError
from maxout.theory.kernels import tangent_diagonal
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestNormalMoment
from maxout.verify import facts
from maxout.verify.decisions.estimands import Mean, Median
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    other_parameters,
    rank_off_by_one,
    statement,
)
from maxout.verify.gradients.gradient_variances import diagonal_second
from maxout.verify.gradients.gradients_experiments import NORM
from maxout.verify.gradients.sampled_gradients import TangentPairs
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.scales import evaluate, moment, weight_variance

_COSINE = 0.6
_OTHER = 1.2  # norm of the second input


def _pairs(network: Network, cosine: float, variance: float) -> TangentPairs:
    if network.inputs < 2:
        raise DoesNotApplyError("pairs of inputs at an angle need 2 inputs or more (--inputs)")
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


def _variances(network: Network) -> tuple[float, ...]:
    return (0.0,) if network.bias == "zero" else (0.25,)


def _shallow(name: str, size: Size) -> Iterator[Experiment]:
    key = f"kernel.{name}.shallow"
    networks = [
        Network(6, (width,), 1, 4, c=sp.Rational(1, 2), bias="any")
        for width in ((24, 6) if size.deep else (24,))
    ]
    for network in networks if size.network is None else [size.network]:
        for variance in _variances(network) + ((0.0,) if size.deep else ()):
            yield Experiment(
                statement(key),
                network,
                (_pairs(network, _COSINE, variance),),
                lambda arrays: arrays[name],
                partial(_shallow_rule, name, network, variance, size),
                parameters=_pair_parameters(_COSINE, variance),
                detail=_pair_detail(_COSINE, variance),
                twins=_pair_twins(variance),
            )


def _pair_detail(cosine: float, variance: float) -> str:
    return f"|x| = {NORM:g}, |y| = {_OTHER:g}, cos = {cosine:g}, sigma_b^2 = {variance:g}"


def _value(name: str, network: Network, variance: float) -> float:
    """The infinite-width kernel of the two inputs, from their Gram matrix."""
    scale = math.sqrt(2 / network.inputs)  # two coordinates carry any two norms and an angle
    first = scale * NORM * np.array([1.0, 0.0])
    second = scale * _OTHER * np.array([_COSINE, math.sqrt(1 - _COSINE**2)])
    gram = (kernels.ntk if name == "ntk" else kernels.nngp)(
        np.stack([first, second]),
        depth=network.depth,
        rank=network.rank,
        c=weight_variance(network),
        bias_variance=variance,
    )
    return float(gram[0, 1])


def _shallow_rule(name: str, network: Network, variance: float, size: Size) -> Mean:
    """Means over n units, each term of which has a second moment that is known or bounded.

    NNGP: terms max X max Y with E (max X max Y)^2 <= s_x^2 s_y^2 E Xi^4. NTK: such a term and
    w^2 1[same] g, g the covariance of the pre-activations, w ~ N(0,1): Minkowski's inequality.
    """
    gain = weight_variance(network) / network.inputs
    s_x, s_y = gain * NORM**2 + variance, gain * _OTHER**2 + variance
    between = gain * NORM * _OTHER * _COSINE + variance
    root = math.sqrt(s_x * s_y * moment(LargestNormalMoment, network.rank, 4))
    if name == "ntk":
        q = float(kernels.winner(network.rank, between / math.sqrt(s_x * s_y)))
        root += between * math.sqrt(3 * q)
    value, spread = _value(name, network, variance), root**2 / network.widths[0]
    return Mean(value, spread, size.of(0.03, 0.01), signed=True)


def _deep(name: str, size: Size) -> Iterator[Experiment]:
    key = f"kernel.{name}.deep"
    networks = [
        Network(6, widths, 1, 3, c=sp.Rational(3, 5), bias="any")
        for widths in ((96, 80), (96, 72, 88))[: 2 if size.deep else 1]
    ]
    for network in networks if size.network is None else [size.network]:
        shallow = size.deep and len(network.widths) == 2
        for variance in _variances(network) + ((0.0,) if shallow else ()):
            yield Experiment(
                statement(key),
                network,
                (_pairs(network, _COSINE, variance),),
                lambda arrays: arrays[name],
                partial(_deep_rule, name, network, variance, size),
                remainder=partial(_deep_remainder, name, network, variance),
                parameters=_pair_parameters(_COSINE, variance),
                detail=_pair_detail(_COSINE, variance),
                twins=_pair_twins(variance, telling=name == "ntk" or not variance),
                least=200,
            )


def finite_width(network: Network) -> tuple[float, float]:
    """Relative deviation of the mean, and relative variance, of Theta(x, x) at zero bias.

    Both are bounded, and both are O(1/n). Off the diagonal no closed form is
    known: their sum is what the median is allowed to be off there. A test measures the deviation.
    """
    zero = network.but(outputs=1, bias="zero")
    limit = evaluate(zero, tangent_diagonal.scaled_diagonal_limit(), x_norm=NORM)
    off = evaluate(zero, tangent_diagonal.scaled_diagonal_remainder(), x_norm=NORM) / limit
    fans = (zero.inputs, *zero.widths)
    exact = sum(
        (1.0 if layer == zero.depth else weight_variance(zero))
        / fans[layer - 1]
        * facts.weight_gradient_moment(zero, layer, NORM, 1)
        for layer in range(1, zero.depth + 1)
    )
    return off, diagonal_second(zero, NORM, scaled=True) / exact**2 - 1


def _deep_rule(name: str, network: Network, variance: float, size: Size) -> Median:
    # A narrower margin would be lost in what a finite width is allowed.
    value = abs(_value(name, network, variance))
    return Median(value, math.sqrt(finite_width(network)[1]) * value, size.of(0.03, 0.02))


def _deep_remainder(name: str, network: Network, variance: float) -> float:
    return sum(finite_width(network)) * abs(_value(name, network, variance))


EXPERIMENTS: dict[str, Builder] = {
    **{f"kernel.{name}.shallow": partial(_shallow, name) for name in ("nngp", "ntk")},
    **{f"kernel.{name}.deep": partial(_deep, name) for name in ("nngp", "ntk")},
}
