"""Experiments on curves: lengths of images and numbers of breakpoints, found exactly."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.moments import LargestChi2Moment, SmallestChi2Moment
from maxout.theory.network import Network
from maxout.verify.concrete import Chords, Polylines, Windows
from maxout.verify.constants import ordered_moment
from maxout.verify.decisions import BoundedMeanEquality, Decision, MeanAtMost, MeanEquality
from maxout.verify.experiments.experiment import (
    QUICK,
    Builder,
    Experiment,
    Size,
    Twin,
    other_parameters,
    other_population,
    rank_off_by_one,
    rewritten,
    scaled,
    statement,
)
from maxout.verify.experiments.twins import NO_GAIN, SMALLEST_PIECE, replaced
from maxout.verify.networks import Sampler
from maxout.verify.populations import Arrays, Population

Points = tuple[tuple[float, ...], ...]

RAY: Points = ((0.5, 0.0), (1.5, 0.0))
SEGMENT: Points = ((-2.0, 0.5), (1.0, 1.5))
SQUARE: Points = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0), (1.0, 0.0))
"""Sweeps 2 pi about the origin, as any curve once around it does."""

_ARC_STEPS = 12
ARC: Points = tuple(
    (math.cos(math.pi / 2 * i / _ARC_STEPS), math.sin(math.pi / 2 * i / _ARC_STEPS))
    for i in range(_ARC_STEPS + 1)
)
"""A quarter of the unit circle, as a polygon whose length is 0.07 % short of the arc's."""


def length_of(points: Points) -> float:
    """Return the length of a polyline."""
    return float(np.linalg.norm(np.diff(np.array(points), axis=0), axis=1).sum())


def augmented_angle(points: Points) -> float:
    """Return the angle that (x, 1) sweeps along a polyline: that between each segment's ends."""
    lifted = np.column_stack([np.array(points), np.ones(len(points))])
    unit = lifted / np.linalg.norm(lifted, axis=1, keepdims=True)
    chords = np.linalg.norm(np.diff(unit, axis=0), axis=1)
    return float(2 * np.arcsin(chords / 2).sum())


def _narrow(size: Size) -> float:
    """Narrowness of the margins here: networks are taken one by one, a millisecond each."""
    return math.sqrt(size.narrowness)


def _length(arrays: Arrays, power: int = 1) -> np.ndarray:
    return arrays["length"] ** power


def _even_moment(network: Network, length: float, power: int) -> float:
    """A bound on E len^power, power even: of the aligned Jacobian, or of the stochastic bound."""
    if network.bias == "any":
        return length**power * ordered_moment(network, power // 2)
    key = "curve.length.moment.upper.sharp"
    return float(predict(CATALOGUE[key], network, order=power, length=length))


def _at_most(network: Network, length: float, power: int, margin: float, right: float) -> Decision:
    return MeanAtMost(_even_moment(network, length, 2 * power), margin * right)


def _margin(margin: float, network: Network) -> float:
    # With any biases only a loose bound on the variance is known.
    return max(margin, 0.2) * (2 if network.bias == "any" else 1)


def _length_settings(size: Size) -> Iterator[tuple[Network, str, str, Points, float]]:
    """(network, its biases, what the curve is, its points, the cosine along it or NaN)."""
    wide = Network(2, (10, 10), 8, 3, bias="zero")
    yield wide, "zero", "a ray", RAY, 1.0
    yield Network(2, (10, 10), 8, 3, bias="gaussian"), "gaussian", "a segment", SEGMENT, math.nan
    if size.deep:
        yield Network(2, (12, 8, 12), 8, 5, bias="zero"), "zero", "a ray", RAY, 1.0
        yield Network(2, (10, 10), 8, 3, bias="any"), "one-hot", "a segment", SEGMENT, math.nan


def _lengths(key: str, power: int | None, margin: float, twins: tuple[Twin, ...]) -> Builder:
    """Bounds on the moments of the length; ``margin`` of the right side, a power t takes t of it.

    ``twins`` must be below the truth where the bound is tight: on a ray at zero bias.
    """

    def build(size: Size) -> Iterator[Experiment]:
        for network, biases, what, points, cosine in _length_settings(size):
            if not statement(key).applies_to(network.bias, network.rank):
                continue
            if "angle" in key and math.isnan(cosine):
                continue
            length = length_of(points)
            parameters: dict[str, Any] = {"length": length}
            if "angle" in key:
                parameters["cosine"] = cosine
            for order in statement(key).orders or (None,):
                t = order or power or 1
                wide = _margin(margin * t, network)
                yield Experiment(
                    statement(key),
                    network,
                    (Polylines(Sampler(network, biases, 0.6), points, what),),
                    partial(_length, power=t),
                    partial(_at_most, network, length, t, wide * _narrow(size)),
                    order=order,
                    parameters=parameters,
                    detail=f"{what}, {biases} biases",
                    twins=twins if math.isfinite(cosine) else (),
                    least=500,
                )

    return build


_SMALLEST = replaced("S_K instead of L_K", LargestChi2Moment, SmallestChi2Moment)


def _arc(size: Size) -> Iterator[Experiment]:
    """On a circle about the origin u is always across x: the bound is far below the one in M_K."""
    key = "curve.length.mean.upper.angle"
    yield from _lengths(key, 1, 0.2, (NO_GAIN,))(size)
    network = Network(2, (10, 10), 8, 3, bias="zero")
    length = math.pi / 2
    yield Experiment(
        statement(key),
        network,
        (Polylines(Sampler(network, "zero", 0.6), ARC, "an arc"),),
        _length,
        partial(_at_most, network, length, 1, 0.2 * _narrow(size)),
        parameters={"length": length, "cosine": 0},
        detail="a quarter circle, zero biases",
        twins=(scaled(-30),),
        least=500,
    )


def _circle_ceiling(network: Network) -> int:
    """Breakpoints that there can be at most along a closed curve in the plane, zero biases.

    A unit of the first layer has one sector for each corner of the hull of its K rows: at most K.
    On a sector, narrower than a half-turn, each later unit is the largest of K linear functions of
    two variables and changes at most K - 1 times.
    """
    first, *later = network.widths
    total = pieces = first * network.rank
    for units in later:
        added = pieces * units * (network.rank - 1)
        total, pieces = total + added, pieces + added
    return total


def _line_ceiling(network: Network) -> int:
    """Breakpoints that there can be at most along one segment: K - 1 a unit and piece."""
    total = 0
    for units in network.widths:
        total += (total + 1) * units * (network.rank - 1)
    return total


def _zero_networks(size: Size) -> Iterator[Network]:
    yield Network(2, (3, 4), 1, 3, bias="zero")
    if size.deep:
        yield Network(2, (2, 3, 3), 1, 3, bias="zero")


def _bounded(ceiling: int, planned: float, margin: float, predicted: float) -> Decision:
    return BoundedMeanEquality(ceiling, planned * predicted, margin * predicted)


def _never_turned() -> Twin:
    """Every layer's input sweeps the angle of the network's input."""

    def change(experiment: Experiment) -> Experiment:
        right = experiment.statement.build
        wrong = replace(
            experiment.statement,
            key=f"{experiment.key} (wrong)",  # so that no float64 route of the right one is taken
            build=lambda t: right(t).replace(sp.Product, lambda *_: sp.S.One),
        )
        return replace(experiment, statement=wrong)

    return Twin("the angle of every layer taken for the input's", change)


def _breakpoints(key: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        last_only = key == "curve.breakpoints.layer"
        # The deep network's last layer alone would take a hundred thousand networks.
        for network in _zero_networks(QUICK if last_only else size):
            yield Experiment(
                statement(key),
                network,
                (Polylines(Sampler(network, "zero", 0.6), SQUARE, "a square"),),
                _last_layer if last_only else _all_breakpoints,
                partial(_bounded, _circle_ceiling(network), 0.6, 0.12 * _narrow(size)),
                parameters={} if key == "curve.plane.regions" else {"sweep": 2 * sp.pi},
                detail="once around the origin",
                twins=(_never_turned(), *(() if last_only else (rank_off_by_one(),))),
                least=500,
            )

    return build


def _all_breakpoints(arrays: Arrays) -> np.ndarray:
    return arrays["breakpoints"]


def _last_layer(arrays: Arrays) -> np.ndarray:
    return arrays["layers"][:, -1]


def _first_layer(arrays: Arrays) -> np.ndarray:
    return arrays["layers"][:, 0]


def _first(size: Size) -> Iterator[Experiment]:
    networks = [Network(2, (10, 10), 8, 3, bias="gaussian")]
    if size.deep:
        networks.append(Network(2, (8, 3), 1, 5, c=2, bias="gaussian"))
    for network in networks:
        ceiling = network.widths[0] * (network.rank - 1)
        yield Experiment(
            statement("curve.breakpoints.first"),
            network,
            (Polylines(Sampler(network, "gaussian", 0.6), SEGMENT, "a segment"),),
            _first_layer,
            partial(_bounded, ceiling, 1.0, 0.08 * _narrow(size)),
            parameters={"sweep": augmented_angle(SEGMENT)},
            detail="a segment",
            twins=(
                rank_off_by_one(),
                other_parameters("the angle of x, not of (x, 1)", sweep=_plain_angle(SEGMENT)),
            ),
            least=500,
        )


def _plain_angle(points: Points) -> float:
    (a, b), (c, d) = points
    return abs(math.atan2(a * d - b * c, a * c + b * d))


def _locus(size: Size) -> Iterator[Experiment]:
    """In three dimensions a line through the unit ball meets the locus density(1) times on average.

    The locus is a cone over the origin, of area 2 pi density(1) in the unit ball; an isotropic
    uniform line that meets the ball meets a surface area/(2 pi) times.
    """
    networks = [Network(3, (3, 3), 1, 3, bias="zero")]
    if size.deep:
        networks.append(Network(3, (2, 2, 2), 1, 3, bias="zero"))
    for network in networks:
        yield Experiment(
            statement("curve.locus.density"),
            network,
            (Chords(Sampler(network, "zero", 0.6)),),
            _all_breakpoints,
            partial(_bounded, _line_ceiling(network), 1.3, 0.12 * _narrow(size)),
            parameters={"norm": 1},
            detail="lines through the unit ball",
            twins=(
                rank_off_by_one(),
                other_parameters("at twice the norm", norm=2),
            ),
            least=500,
        )


def _of_rank_four(experiment: Experiment) -> tuple[Population, ...]:
    network = Network(2, (6,), 1, 4, bias="zero")
    return (Windows(Sampler(network, "zero", 0.6), 2.0),)


def _plane_rank3(size: Size) -> Iterator[Experiment]:
    network = Network(2, (6,), 1, 3, bias="zero")
    yield Experiment(
        statement("curve.plane.regions.rank3"),
        network,
        (Windows(Sampler(network, "zero", 0.6), 2.0),),
        lambda arrays: arrays["regions"],
        lambda _: MeanEquality(0.0, 0.5),  # no variance: every count is the same
        detail="polygons about the origin",
        twins=(
            rewritten("2 n_1 regions", lambda r: 2 * r / 3),
            other_population("rank 4", _of_rank_four),
        ),
        least=100,
    )


EXPERIMENTS: dict[str, Builder] = {
    "curve.length.mean.upper": _lengths("curve.length.mean.upper", 1, 0.3, (_SMALLEST,)),
    "curve.length.mean.upper.sharp": _lengths("curve.length.mean.upper.sharp", 1, 0.2, (NO_GAIN,)),
    "curve.length.mean.upper.angle": _arc,
    "curve.length.second.upper": _lengths("curve.length.second.upper", 2, 0.15, (_SMALLEST,)),
    "curve.length.second.upper.sharp": _lengths(
        "curve.length.second.upper.sharp", 2, 0.1, (NO_GAIN,)
    ),
    "curve.length.moment.upper": _lengths(
        "curve.length.moment.upper", None, 0.3, (SMALLEST_PIECE,)
    ),
    "curve.length.moment.upper.sharp": _lengths(
        "curve.length.moment.upper.sharp", None, 0.1, (NO_GAIN,)
    ),
    "curve.breakpoints.layer": _breakpoints("curve.breakpoints.layer"),
    "curve.breakpoints": _breakpoints("curve.breakpoints"),
    "curve.breakpoints.first": _first,
    "curve.locus.density": _locus,
    "curve.plane.regions": _breakpoints("curve.plane.regions"),
    "curve.plane.regions.rank3": _plane_rank3,
}
