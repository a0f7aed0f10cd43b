"""Experiments on the normalized activation length: law, mean, variance and moments."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import sympy as sp

from maxout.theory.activation.activation_length import length_moment_bound
from maxout.theory.network import Network
from maxout.verify import facts
from maxout.verify.decisions.estimands import Distribution, Mean, mean_from_square
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    rank_off_by_one,
    rewritten,
    statement,
)
from maxout.verify.experiment_networks import (
    Case,
    deep_case,
    deep_networks,
    gaussian_case,
    gaussian_networks,
    light_case,
    light_networks,
    narrowness,
)
from maxout.verify.sampling.half_squares import half_squares, half_squares_variance
from maxout.verify.sampling.populations import Arrays
from maxout.verify.twins import NO_FINITE_WIDTH, instead, second_moment_off, weights_off

_COSINE, _NORM = 0.6, 4.0
_MARGINS = {1: 0.02, 2: 0.03, 3: 0.05}
"""Of the moments by order: the higher, the wider they spread."""


def _light(bias: str, size: Size) -> Iterator[Case]:
    """The networks of the gain's moments, which are drawn anyway."""
    if bias == "gaussian":
        yield from (gaussian_case(network, size) for network in gaussian_networks(size))
    else:
        yield from (light_case(network, size) for network in light_networks(size))


def _length(network: Network, arrays: Arrays, power: int = 1) -> np.ndarray:
    """A^(L-1), raised to a power."""
    return (arrays["length"] / network.widths[-1]) ** power


def _half_squares(network: Network, arrays: Arrays) -> np.ndarray:
    return half_squares(_length(network, arrays))


def _moment(network: Network, order: int, norm: float) -> float:
    layer, units = len(network.widths), network.widths[-1]
    return facts.length_moment(network, layer, norm, order) / units**order


def _size(network: Network, order: int, norm: float, share: float) -> Mean:
    mean, second = (_moment(network, t, norm) for t in (order, 2 * order))
    return mean_from_square(mean, second, share)


def _spread(network: Network, norm: float, share: float) -> Mean:
    moment = partial(_moment, network, norm=norm)
    return Mean(moment(2) - moment(1) ** 2, half_squares_variance(moment), share)


def _margin(order: int, network: Network, size: Size) -> float:
    return _MARGINS[order] * narrowness(network, size)


def _law(bias: str, size: Size) -> Iterator[Experiment]:
    other = "zero" if bias == "gaussian" else "gaussian"
    opposite = statement(f"activation.length.law.{other}")
    for network in deep_networks(bias, size):
        case = deep_case(network, _COSINE, _NORM, size)
        yield Experiment(
            statement(f"activation.length.law.{bias}"),
            network,
            (case.population,),
            lambda left, law, network=network: (_length(network, left), law["value"]),
            lambda: Distribution(size.of(0.03, 0.0125)),
            parameters={"norm": case.norm},
            detail=case.detail,
            twins=(
                weights_off(2),
                rank_off_by_one(),
                rewritten(f"{other} biases", lambda right: opposite.right()),
            ),
        )


def _biases_dropped(bias: str) -> tuple[Twin, ...]:
    if bias == "zero":
        return ()
    # What the biases add to the mean is a sum over the layers that they enter at.
    return (rewritten("the biases forgotten", lambda right: right.replace(sp.Sum, _nothing)),)


def _nothing(*_: sp.Basic) -> sp.Expr:
    return sp.S.Zero


def _mean(bias: str, size: Size) -> Iterator[Experiment]:
    for network in deep_networks(bias, size):
        case = deep_case(network, _COSINE, _NORM, size)
        yield Experiment(
            statement(f"activation.length.mean.{bias}"),
            network,
            (case.population,),
            partial(_length, network),
            partial(_size, network, 1, case.norm, size.of(0.04, 0.01)),
            parameters={"norm": case.norm},
            detail=case.detail,
            twins=(second_moment_off(2), rank_off_by_one(), *_biases_dropped(bias)),
        )


def _variance(bias: str, size: Size) -> Iterator[Experiment]:
    for case in _light(bias, size):
        network = case.network
        yield Experiment(
            statement(f"activation.length.variance.{bias}"),
            network,
            (case.population,),
            partial(_half_squares, network),
            partial(_spread, network, case.norm, 0.05 * narrowness(network, size)),
            parameters={"norm": case.norm},
            detail=case.detail,
            group=2,
            twins=(
                rank_off_by_one(),
                NO_FINITE_WIDTH,
            ),
        )


def _moments(bias: str, size: Size) -> Iterator[Experiment]:
    stated = statement(f"activation.length.moment.{bias}")
    for case in _light(bias, size):
        network = case.network
        for order in stated.orders:
            yield Experiment(
                stated,
                network,
                (case.population,),
                partial(_length, network, power=order),
                partial(_size, network, order, case.norm, _margin(order, network, size)),
                order=order,
                parameters={"norm": case.norm},
                detail=case.detail,
                twins=(
                    # M_K stands in the right side up to order 2; above, E r^{2t} is one symbol.
                    *((second_moment_off(2),) if order == 2 else ()),
                    rank_off_by_one(),
                    NO_FINITE_WIDTH,
                ),
            )


def _bounds(side: str, bias: str, size: Size) -> Iterator[Experiment]:
    stated = statement(f"activation.length.moment.{side}.{bias}")
    opposite = {"lower": "upper", "upper": "lower"}[side]
    for case in _light(bias, size):
        network = case.network
        for order in stated.orders:
            wrong = instead(
                f"the {opposite} bound", length_moment_bound(opposite, order, bias=bias)
            )
            yield Experiment(
                stated,
                network,
                (case.population,),
                partial(_length, network, power=order),
                partial(_size, network, order, case.norm, _margin(order, network, size)),
                order=order,
                parameters={"norm": case.norm},
                detail=case.detail,
                twins=(wrong,),
            )


EXPERIMENTS: dict[str, Builder] = {
    f"activation.length.{what}.{bias}": partial(build, bias)
    for bias in ("gaussian", "zero")
    for what, build in (
        ("law", _law),
        ("mean", _mean),
        ("variance", _variance),
        ("moment", _moments),
        ("moment.lower", partial(_bounds, "lower")),
        ("moment.upper", partial(_bounds, "upper")),
    )
}
