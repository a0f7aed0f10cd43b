"""Experiments on breakpoints along curves, found exactly, and on the regions of a plane."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial

import numpy as np
import sympy as sp

from maxout.numerics.curves.curve_breakpoints import expected_breakpoints
from maxout.numerics.curves.mean_breakpoints import breakpoint_rates, kink_rate
from maxout.theory.curves.curve_means import AngularSpeed
from maxout.theory.errors import DoesNotApplyError
from maxout.theory.network import Network
from maxout.verify.curves.curves_experiments import SEGMENT, Points, embedded, narrow, polylines
from maxout.verify.decisions.estimands import BoundedMean, Mean
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    other_parameters,
    other_population,
    rank_off_by_one,
    rewritten,
    statement,
)
from maxout.verify.sampling.concrete_networks import Windows
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.polylines import Chords
from maxout.verify.sampling.populations import Arrays, Population

_C = sp.Rational(3, 5)

SQUARE: Points = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0), (1.0, 0.0))
"""Sweeps 2 pi about the origin, as any curve once around it does."""


_STEPS = 12
_RADIUS = math.pi / _STEPS / math.sin(math.pi / _STEPS)
CIRCLE: Points = tuple(
    (_RADIUS * math.cos(2 * math.pi * i / _STEPS), _RADIUS * math.sin(2 * math.pi * i / _STEPS))
    for i in range(_STEPS)
)
CIRCLE += CIRCLE[:1]  # closed, to the last bit
"""The unit circle as a polygon of its length; its points are off the circle by 2.3 % at most."""
CIRCLE_NAME = f"{_STEPS}-gon as long as the unit circle"


def augmented_angle(points: Points) -> float:
    """Return the angle that (x, 1) sweeps along a polyline: that between each segment's ends."""
    lifted = np.column_stack([np.array(points), np.ones(len(points))])
    unit = lifted / np.linalg.norm(lifted, axis=1, keepdims=True)
    chords = np.linalg.norm(np.diff(unit, axis=0), axis=1)
    return float(2 * np.arcsin(chords / 2).sum())


def _circle_ceiling(network: Network, last_only: bool = False) -> int:
    """Breakpoints that there can be at most along a closed curve in the plane, zero biases.

    A unit of the first layer has one sector for each corner of the hull of its K rows: at most K.
    On a sector, narrower than a half-turn, each later unit is the largest of K linear functions of
    two variables and changes at most K - 1 times.
    """
    first, *later = network.widths
    total = pieces = first * network.rank
    added = total
    for units in later:
        added = pieces * units * (network.rank - 1)
        total, pieces = total + added, pieces + added
    return added if last_only else total


def _convex_ceiling(network: Network) -> int:
    """Breakpoints that there can be at most along a closed convex curve in the plane.

    Two affine functions agree at two of its points at most, so the largest of K changes 2 K - 2
    times at most (a Davenport-Schinzel sequence of order 2), and so on every piece.
    """
    total = 0
    for units in network.widths:
        total += max(total, 1) * units * (2 * network.rank - 2)
    return total


def _line_ceiling(network: Network) -> int:
    """Breakpoints that there can be at most along one segment: K - 1 a unit and piece."""
    total = 0
    for units in network.widths:
        total += (total + 1) * units * (network.rank - 1)
    return total


def _zero_networks(size: Size) -> Iterator[Network]:
    yield from size.networks(
        [Network(2, (4, 6), 2, 3, c=_C, bias="zero")],
        [Network(2, (3, 2, 4), 2, 3, c=_C, bias="zero")],
    )


def _bounded(
    size_of: Callable[[], float], ceiling: int, planned: float, share: float
) -> BoundedMean:
    """A count whose variance is about ``planned`` times its mean, ``size_of``."""
    mean = size_of()
    return BoundedMean(mean, ceiling, planned * mean, share)


def _swept(network: Network, angle: float, last_only: bool = False) -> float:
    """Breakpoints on a curve that sweeps this angle, at zero bias."""
    rates = breakpoint_rates(network)
    return angle * (float(rates.layers[-1]) if last_only else rates.total)


def _first_swept(network: Network, angle: float) -> float:
    return network.widths[0] * kink_rate(network.rank) * angle


@cache
def _on_circle(network: Network) -> float:
    return expected_breakpoints(network, np.array(embedded(CIRCLE, network)), draws=20_000).total


def _never_turned() -> Twin:
    """Every layer's input sweeps the angle of the network's input."""
    return rewritten(
        "the angle of every layer taken for the input's",
        lambda right: right.replace(sp.Product, lambda *_: sp.S.One),
    )


def _breakpoints(key: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        last_only = key == "curve.breakpoints.layer"
        # The deep network's last layer alone would take a hundred thousand networks.
        for network in _zero_networks(replace(size, deep=False) if last_only else size):
            # Of three layers K + 1 changes the number by too little.
            telling = len(network.widths) == 2
            yield Experiment(
                statement(key),
                network,
                (polylines(network, "zero", SQUARE),),
                _last_layer if last_only else _all_breakpoints,
                partial(
                    _bounded,
                    partial(_swept, network, 2 * math.pi, last_only),
                    _circle_ceiling(network, last_only),
                    1.1 if last_only else 0.8,
                    0.05 * narrow(size),
                ),
                parameters={} if key == "curve.plane.regions" else {"sweep": 2 * sp.pi},
                detail="once around the origin",
                twins=(_never_turned(), *((rank_off_by_one(),) if telling else ())),
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
    for network in size.networks(
        [Network(2, (10, 8), 6, 3, c=_C, bias="gaussian")],
        [Network(2, (8, 3), 2, 5, c=2, bias="gaussian")],
    ):
        ceiling = network.widths[0] * (network.rank - 1)
        yield Experiment(
            statement("curve.breakpoints.first"),
            network,
            (polylines(network, "gaussian", SEGMENT),),
            _first_layer,
            partial(
                _bounded,
                partial(_first_swept, network, augmented_angle(SEGMENT)),
                ceiling,
                1.0,
                0.05 * narrow(size),
            ),
            parameters={"sweep": augmented_angle(SEGMENT)},
            detail="a segment",
            twins=(
                rank_off_by_one(),
                other_parameters("the angle of x, not of (x, 1)", sweep=_plain_angle(SEGMENT)),
            ),
            least=500,
        )


def _first_speed() -> Twin:
    """Every layer's input turns as fast as the network's."""
    return rewritten(
        "the angle of every layer taken for the input's",
        lambda right: right.replace(
            AngularSpeed, lambda _, square, *network: AngularSpeed(0, square, *network)
        ),
    )


def _sphere(size: Size) -> Iterator[Experiment]:
    for network in size.networks(
        [Network(2, (9, 2), 4, 2, c=sp.Rational(1, 8), bias="gaussian")],
        [Network(2, (5, 3), 4, 3, c=2, bias="gaussian")],
    ):
        yield Experiment(
            statement("curve.breakpoints.sphere"),
            network,
            (polylines(network, "gaussian", CIRCLE, CIRCLE_NAME),),
            _all_breakpoints,
            partial(
                _bounded,
                partial(_on_circle, network),
                _convex_ceiling(network),
                0.8,
                0.05 * narrow(size),
            ),
            parameters={"sweep": 2 * sp.pi, "norm": 1},
            detail="the unit circle",
            twins=(_first_speed(), other_parameters("at twice the norm", norm=2)),
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
    for network in size.networks(
        [Network(3, (4, 2), 2, 3, c=_C, bias="zero")],
        [Network(3, (3, 2), 3, 4, c=_C, bias="zero")],
    ):
        if network.inputs != 3:
            raise DoesNotApplyError("lines through a ball are drawn with 3 inputs (--inputs 3)")
        yield Experiment(
            statement("curve.locus.density"),
            network,
            (Chords(Sampler(network, "zero", 0.6)),),
            _all_breakpoints,
            # The density at norm 1 in three dimensions is pi/2 of the breakpoints a radian.
            partial(
                _bounded,
                partial(_swept, network, math.pi / 2),
                _line_ceiling(network),
                0.35,
                size.of(0.07, 0.035),
            ),
            parameters={"norm": 1},
            detail="lines through the unit ball, eight a network",
            twins=(
                other_parameters("at twice the norm", norm=2),
                rank_off_by_one(),
            ),
            least=500,
        )


def _of_rank_four(experiment: Experiment) -> tuple[Population, ...]:
    network = Network(2, (6,), 2, 4, c=_C, bias="zero")
    return (Windows(Sampler(network, "zero", 0.6), 2.0),)


def _plane_rank3(size: Size) -> Iterator[Experiment]:
    for network in size.networks([Network(2, (6,), 2, 3, c=_C, bias="zero")]):
        yield Experiment(
            statement("curve.plane.regions.rank3"),
            network,
            (Windows(Sampler(network, "zero", 0.6), 2.0),),
            lambda arrays: arrays["regions"],
            # 3 n_1, and no variance: every count is the same
            partial(Mean, 3.0 * network.widths[0], 0.0, 0.03),
            detail="polygons about the origin",
            twins=(
                rewritten("2 n_1 regions", lambda r: 2 * r / 3),
                other_population("rank 4", _of_rank_four),
            ),
            least=100,
        )


EXPERIMENTS: dict[str, Builder] = {
    "curve.breakpoints.layer": _breakpoints("curve.breakpoints.layer"),
    "curve.breakpoints": _breakpoints("curve.breakpoints"),
    "curve.breakpoints.first": _first,
    "curve.breakpoints.sphere": _sphere,
    "curve.locus.density": _locus,
    "curve.plane.regions": _breakpoints("curve.plane.regions"),
    "curve.plane.regions.rank3": _plane_rank3,
}
