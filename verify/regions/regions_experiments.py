"""Experiments on linear regions: exact counts against the bounds, gradients of the features."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import sympy as sp

from maxout.theory.errors import DoesNotApplyError
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestChi2Moment
from maxout.theory.regions.feature_gradients import gradient_moment_upper
from maxout.theory.symbols import volume
from maxout.verify import facts
from maxout.verify.decisions.estimands import WIDEST, Mean, Proportion, mean_from_square
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    other_population,
    rank_off_by_one,
    rewritten,
    statement,
)
from maxout.verify.experiment_networks import OWN_BIASES
from maxout.verify.sampling.concrete_networks import Features, Windows
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.populations import Arrays, Population
from maxout.verify.sampling.scales import evaluate, moment, sum_moment, weight_variance
from maxout.verify.twins import NO_GAIN, SMALLEST_PIECE

_SIDE = 6.0
_C = sp.Rational(1, 2)


def _slope(arrays: Arrays, order: int) -> np.ndarray:
    """||grad zeta||^order."""
    return arrays["slope"] ** (order / 2)


def _second(network: Network, order: int) -> float:
    """Bound E||grad zeta||^{2 order}, by the largest Jacobian or the stochastic bound."""
    if network.bias != "any":
        return evaluate(network, gradient_moment_upper(2 * order, "sharp"))
    unit = [1.0, *(moment(LargestChi2Moment, network.rank, i) for i in range(1, order + 1))]
    c = weight_variance(network)
    value = c**order * math.prod(1 + 2 * i / network.inputs for i in range(order))
    for units in network.widths[:-1]:
        value *= (c / units) ** order * sum_moment(unit, units, order)
    return value


def _gradient_settings(key: str, size: Size) -> Iterator[tuple[Network, str]]:
    if (own := size.network) is not None:
        yield own, OWN_BIASES if own.bias == "any" else own.bias
        return
    # With one input and zero biases the sharp bound is attained at even orders.
    yield Network(1, (8, 6, 3), 2, 4, c=_C, bias="zero"), "zero"
    if key.endswith("sharp"):
        yield Network(3, (8, 6, 3), 2, 4, c=_C, bias="gaussian"), "gaussian"
    else:
        yield Network(3, (8, 6, 3), 2, 4, c=_C, bias="any"), "one-hot"


def _gradients(key: str, margin: float, twins: tuple[Twin, ...]) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network, biases in _gradient_settings(key, size):
            tight = network.inputs == 1
            narrow = math.sqrt(size.narrowness)
            for order in statement(key).orders:
                if network.bias == "any" and order > 2:
                    continue  # no useful bound on the variance is known there
                yield Experiment(
                    statement(key),
                    network,
                    (Features(Sampler(network, biases, 1.0)),),
                    partial(_slope, order=order),
                    partial(_at_most, network, order, margin * order * narrow),
                    order=order,
                    detail=f"{biases} biases",
                    twins=twins if tight else (),
                )

    return build


def _at_most(network: Network, order: int, share: float) -> Mean:
    if network.bias == "any":
        bound = _second(network, 1) ** (order / 2)
    else:
        bound = evaluate(network, gradient_moment_upper(order, "sharp"))
    return Mean(bound, _second(network, order), min(WIDEST, share))


def _exact(size: Size) -> Iterator[Experiment]:
    key = "regions.gradient.exact"
    # The square spreads the more, the more layers there are.
    shallow, deep = (Network(6, w, 2, 4, c=_C, bias="zero") for w in ((5, 3), (8, 6, 3)))
    settings = [(deep, 1), (shallow, 2)]
    if size.deep:
        settings.append((deep, 2))
        deepest = Network(2, (6, 12, 7, 3), 2, 3, c=sp.Rational(3, 5), bias="zero")
        settings += [(deepest, order) for order in statement(key).orders]
    if size.network is not None:
        settings = [(size.network, order) for order in statement(key).orders]
    for network, order in settings:
        margin = (size.of(0.04, 0.03), 0.05)[order - 1] * (
            1 if len(network.widths) > 3 else math.sqrt(size.narrowness)
        )
        yield Experiment(
            statement(key),
            network,
            (Features(Sampler(network, "zero", 0.6 if network.inputs > 1 else 1.0)),),
            partial(_slope, order=2 * order),
            partial(_equal, network, order, margin),
            order=order,
            detail="zero biases",
            twins=(rank_off_by_one(), _aligned()),
        )


def _equal(network: Network, order: int, share: float) -> Mean:
    mean, second = (facts.feature_moment(network, t) for t in (order, 2 * order))
    return mean_from_square(mean, second, share)


def _aligned() -> Twin:
    """Every direction taken for that of x: the upper bound, not the mean over directions."""

    def change(experiment: Experiment) -> Experiment:
        wrong = replace(
            experiment.statement, build=lambda t: gradient_moment_upper(2 * int(t), "sharp")
        )
        return replace(experiment, statement=wrong)

    return Twin("every direction taken for that of the input", change)


def _planes(size: Size) -> Iterator[tuple[Network, Windows]]:
    networks = size.networks(
        [Network(2, (4, 3), 3, 3, c=sp.Rational(3, 5), bias="gaussian")],
        [Network(2, (6, 5, 7), 3, 2, c=_C, bias="gaussian")],
    )
    if (own := size.network) is not None:
        networks = [own]
    for network in networks:
        if network.inputs != 2:
            raise DoesNotApplyError("regions are counted in the plane (--inputs 2)")
        biases = OWN_BIASES if network.bias == "any" else network.bias
        yield network, Windows(Sampler(network, biases, 0.6), _SIDE)


def _most_regions(network: Network) -> int:
    """Regions that there can be at most: m lines cut a convex set into 1 + m + m (m-1)/2 cells."""
    total = 1
    for units in network.widths:
        lines = units * math.comb(network.rank, 2)
        total *= 1 + lines + math.comb(lines, 2)
    return total


def _count(most: int) -> Mean:
    # Var X <= most^2/4 for 0 <= X <= most. The 2021 bound is so far off that this costs nothing.
    return Mean(most, most**2 / 4, WIDEST)


def _in_cube(exponent: int) -> Twin:
    """The bound of a square of side 10^-exponent, which is far too small."""
    area = sp.Integer(10) ** (-2 * exponent)
    label = f"far too small a cube, of side 10^-{exponent}"
    return rewritten(label, lambda right: right.subs(volume, area))


_FEW = Network(2, (2,), 2, 2, c=_C, bias="gaussian")
_FEW_SIDE = 40.0
"""Two units of rank 2: four regions, if the two lines cross in the window."""


def _regions(key: str, array: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network, windows in _planes(size):
            pairs = math.comb(network.outputs, 2)
            most = _most_regions(network) * (pairs if array == "pieces" else 1)
            yield Experiment(
                statement(key),
                network,
                (windows,),
                lambda arrays: arrays[array],
                partial(_count, most),
                parameters={"volume": _SIDE**2},
                detail=f"[-{_SIDE / 2:g}, {_SIDE / 2:g}]^2",
                twins=(_in_cube(4 if array == "regions" else 5),),
                least=100,
            )
        if array == "regions" and size.network is None:
            yield _few(key, size)

    return build


def _few(key: str, size: Size) -> Experiment:
    """N = n_0 = 2 units: here the bound K^N is nearly attained."""
    parameters = {} if key.endswith("patterns") else {"volume": _FEW_SIDE**2}
    return Experiment(
        statement(key),
        _FEW,
        (Windows(Sampler(_FEW, "gaussian", 0.6), _FEW_SIDE),),
        lambda arrays: arrays["regions"],
        lambda: Mean(4.0, 9 / 4, 0.2),  # 1 <= X <= 4
        parameters=parameters,
        detail=f"[-{_FEW_SIDE / 2:g}, {_FEW_SIDE / 2:g}]^2",
        twins=(rewritten("one unit fewer", _one_unit_fewer),),
        least=200,
    )


def _one_unit_fewer(right: sp.Expr) -> sp.Expr:
    return right / 2


def _patterns(size: Size) -> Iterator[Experiment]:
    key = "regions.count.patterns"
    for network, windows in _planes(size):
        # In a plane a small part of the K^N patterns occurs.
        yield Experiment(
            statement(key),
            network,
            (windows,),
            lambda arrays: arrays["regions"],
            partial(_count, _most_regions(network)),
            detail=f"[-{_SIDE / 2:g}, {_SIDE / 2:g}]^2",
            least=100,
        )
    if size.network is None:
        yield _few(key, size)


def _with_one_lost(experiment: Experiment) -> tuple[Population, ...]:
    (windows,) = experiment.populations
    assert isinstance(windows, Windows)
    return (replace(windows, damage="dropped"),)


def _subdivision(size: Size) -> Iterator[Experiment]:
    least = 200 if not size.deep else 500
    for network, windows in _planes(size):
        yield Experiment(
            statement("regions.subdivision"),
            network,
            (windows,),
            lambda arrays: arrays["right"],
            # All must pass: one failure refutes. The margin says how often one could be missed.
            lambda: Proportion(1.0, 0.05 * size.narrowness),
            detail=f"[-{_SIDE / 2:g}, {_SIDE / 2:g}]^2",
            twins=(other_population("one region lost from each subdivision", _with_one_lost),),
            least=least,
        )


EXPERIMENTS: dict[str, Builder] = {
    "regions.gradient.upper": _gradients("regions.gradient.upper", 0.3, (SMALLEST_PIECE,)),
    "regions.gradient.upper.sharp": _gradients("regions.gradient.upper.sharp", 0.06, (NO_GAIN,)),
    "regions.gradient.exact": _exact,
    "regions.count.patterns": _patterns,
    "regions.count.upper": _regions("regions.count.upper", "regions"),
    "regions.count.upper.sharp": _regions("regions.count.upper.sharp", "regions"),
    "regions.boundary.upper": _regions("regions.boundary.upper", "pieces"),
    "regions.boundary.upper.sharp": _regions("regions.boundary.upper.sharp", "pieces"),
    "regions.subdivision": _subdivision,
}
