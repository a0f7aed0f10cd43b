"""Experiments on the lengths of images of curves, which polylines give exactly."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from maxout.theory.errors import DoesNotApplyError
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestChi2Moment, SmallestChi2Moment
from maxout.verify.decisions.estimands import WIDEST, Mean
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    other_parameters,
    scaled,
    statement,
)
from maxout.verify.experiment_networks import OWN_BIASES
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.polylines import Polylines
from maxout.verify.sampling.populations import Arrays
from maxout.verify.sampling.scales import aligned_moment, ordered_moment
from maxout.verify.twins import NO_GAIN, SMALLEST_PIECE, replaced

Points = tuple[tuple[float, ...], ...]

_C = sp.Rational(3, 5)

RAY: Points = ((0.5, 0.0), (1.5, 0.0))
SEGMENT: Points = ((-2.0, 0.5), (1.0, 1.5))

_ARC_STEPS = 12
ARC: Points = tuple(
    (math.cos(math.pi / 2 * i / _ARC_STEPS), math.sin(math.pi / 2 * i / _ARC_STEPS))
    for i in range(_ARC_STEPS + 1)
)
"""A quarter of the unit circle, as a polygon whose length is 0.07 % short of the arc's."""
ARC_NAME = f"{_ARC_STEPS} chords of a quarter circle"


def length_of(points: Points) -> float:
    """Return the length of a polyline."""
    return float(np.linalg.norm(np.diff(np.array(points), axis=0), axis=1).sum())


def embedded(points: Points, network: Network) -> Points:
    """Points of the plane in the network's input space; of a ray, on the line of one input.

    Raises:
      DoesNotApplyError: for one input and a curve that is no ray.
    """
    if network.inputs == 1:
        if any(rest for _, rest in points):
            raise DoesNotApplyError("a curve in a plane needs 2 inputs or more (--inputs)")
        return tuple((first,) for first, _ in points)
    return tuple((*point, *(0.0,) * (network.inputs - 2)) for point in points)


def polylines(network: Network, biases: str, points: Points, called: str = "") -> Polylines:
    """The population of one polyline, whose points are those of the plane or of the input space."""
    if len(points[0]) != network.inputs:
        points = embedded(points, network)
    cosine = 0.6 if network.inputs > 1 else 1.0  # of a direction that is not used
    return Polylines(Sampler(network, biases, cosine), points, called)


def narrow(size: Size) -> float:
    """Narrowness of the margins here: networks are taken one by one, a millisecond each."""
    return math.sqrt(size.narrowness)


def _length(arrays: Arrays, power: int = 1) -> np.ndarray:
    return arrays["length"] ** power


def _gain_moment(network: Network, order: int) -> float:
    """A bound on E ||Ju||^{2 order}: of the aligned Jacobian, or of the stochastic bound."""
    return (ordered_moment if network.bias == "any" else aligned_moment)(network, order)


def _at_most(network: Network, length: float, power: int, share: float) -> Mean:
    # Jensen's inequality over the curve: E len^t <= length^t E ||Ju||^t.
    bound = (
        math.sqrt(_gain_moment(network, power)) if power % 2 else _gain_moment(network, power // 2)
    )
    return Mean(length**power * bound, length ** (2 * power) * _gain_moment(network, power), share)


def _share(share: float, network: Network) -> float:
    # With any biases only a loose bound on the variance is known.
    return min(WIDEST, max(share, 0.2) * (2 if network.bias == "any" else 1))


def _length_settings(size: Size) -> Iterator[tuple[Network, str, str, Points, float]]:
    """(network, its biases, what the curve is, its points, the cosine along it or NaN)."""
    if (own := size.network) is not None:
        biases = OWN_BIASES if own.bias == "any" else own.bias
        if own.bias == "zero" or own.inputs == 1:
            yield own, biases, "a ray", embedded(RAY, own), 1.0
        else:
            yield own, biases, "a segment", embedded(SEGMENT, own), math.nan
        return
    wide = Network(2, (10, 8), 6, 3, c=_C, bias="zero")
    yield wide, "zero", "a ray", RAY, 1.0
    yield (
        Network(2, (10, 8), 6, 3, c=_C, bias="gaussian"),
        "gaussian",
        "a segment",
        SEGMENT,
        math.nan,
    )
    if size.deep:
        yield (
            Network(2, (12, 8, 10), 7, 5, c=sp.Rational(4, 5), bias="zero"),
            "zero",
            "a ray",
            RAY,
            1.0,
        )
        yield Network(2, (10, 8), 6, 3, c=_C, bias="any"), "one-hot", "a segment", SEGMENT, math.nan


def _lengths(key: str, power: int | None, margin: float, twins: tuple[Twin, ...]) -> Builder:
    """Bounds on the moments of the length; ``margin`` of the right side, a power t takes t of it.

    ``twins`` must be below the truth where the bound is tight: on a ray at zero bias.
    """

    def build(size: Size) -> Iterator[Experiment]:
        # At an own network the bound may be tight, where more are needed.
        odd = 1500 if size.network is None else 5000
        for network, biases, what, points, cosine in _length_settings(size):
            if network.bias not in statement(key).biases:
                continue
            if "angle" in key and math.isnan(cosine):
                continue
            length = length_of(points)
            parameters: dict[str, Any] = {"length": length}
            if "angle" in key:
                parameters["cosine"] = cosine
            for order in statement(key).orders or (None,):
                t = order or power or 1
                wide = _share(margin * t, network)
                yield Experiment(
                    statement(key),
                    network,
                    (polylines(network, biases, points),),
                    partial(_length, power=t),
                    partial(_at_most, network, length, t, wide * narrow(size)),
                    order=order,
                    parameters=parameters,
                    detail=f"{what}, {biases} biases",
                    twins=twins if math.isfinite(cosine) else (),
                    # The size of an odd power is known from above alone: its plan is too short.
                    least=odd if t > 1 and t % 2 else 500,
                )

    return build


def _quarter_circles(
    key: str, share: float, narrow_share: float, twins: tuple[Twin, ...], size: Size, **at: Any
) -> Iterator[Experiment]:
    """On a wide and on a narrow network, which has no twins; or on an own one."""
    (bias,) = statement(key).biases
    wide = Network(2, (10, 8), 6, 3, c=_C, bias=bias)
    for network in size.networks([wide, Network(2, _NARROW, 2, 3, c=_C, bias=bias)]):
        is_narrow = network.widths == _NARROW
        yield _quarter_circle(
            key, network, narrow_share if is_narrow else share, () if is_narrow else twins, **at
        )


def _quarter_circle(
    key: str, network: Network, share: float, twins: tuple[Twin, ...], **parameters: Any
) -> Experiment:
    """A quarter of the unit circle, whose points have the norm 1 and lie across the circle."""
    stated, bias = statement(key), str(network.bias)
    length = math.pi / 2
    return Experiment(
        stated,
        network,
        (polylines(network, bias, ARC, ARC_NAME),),
        _length,
        partial(_at_most, network, length, 1, share),
        parameters={"length": length, **parameters},
        detail=f"a quarter circle, {bias} biases",
        twins=twins,
        least=500,
    )


_NARROW = (2, 3, 2, 3)
"""Hidden widths at which E len is half the root of E len^2: a bound of the former is far off it."""


def _sphere(size: Size) -> Iterator[Experiment]:
    shorter = other_parameters("an arc of three quarters of the length", length=0.75 * math.pi / 2)
    share = 0.3 * narrow(size)
    yield from _quarter_circles(
        "curve.length.mean.upper.sphere", share, share, (shorter,), size, norm=1
    )


_SMALLEST = replaced("S_K instead of L_K", LargestChi2Moment, SmallestChi2Moment)


def _arc(size: Size) -> Iterator[Experiment]:
    """On a circle about the origin u is always across x: the bound is far below the one in M_K."""
    key = "curve.length.mean.upper.angle"
    yield from _lengths(key, 1, 0.2, (NO_GAIN,))(size)
    shares = 0.2 * narrow(size), 0.3 * narrow(size)
    yield from _quarter_circles(key, *shares, (scaled(-30),), size, cosine=0)


EXPERIMENTS: dict[str, Builder] = {
    "curve.length.mean.upper": _lengths("curve.length.mean.upper", 1, 0.3, (_SMALLEST,)),
    "curve.length.mean.upper.sharp": _lengths("curve.length.mean.upper.sharp", 1, 0.2, (NO_GAIN,)),
    "curve.length.mean.upper.angle": _arc,
    "curve.length.mean.upper.sphere": _sphere,
    "curve.length.second.upper": _lengths("curve.length.second.upper", 2, 0.15, (_SMALLEST,)),
    "curve.length.second.upper.sharp": _lengths(
        "curve.length.second.upper.sharp", 2, 0.15, (NO_GAIN,)
    ),
    "curve.length.moment.upper": _lengths(
        "curve.length.moment.upper", None, 0.3, (SMALLEST_PIECE,)
    ),
    "curve.length.moment.upper.sharp": _lengths(
        "curve.length.moment.upper.sharp", None, 0.15, (NO_GAIN,)
    ),
}
