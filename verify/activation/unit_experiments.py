"""Experiments on GroupSort, LWTA and MFM 2/3 units."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import sympy as sp

from maxout.theory.network import Network
from maxout.theory.order.moments import LargestNormalMoment
from maxout.verify.activation.group_networks import GroupNetworks
from maxout.verify.decisions.estimands import Distribution, Mean, mean_from_square
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    rank_off_by_one,
    rewritten,
    scaled,
    statement,
)
from maxout.verify.sampling.scales import moment

_C = sp.Rational(1, 2)
_COSINE, _NORM = 0.6, 1.7
_MARGIN = 0.04
_LAW = 0.03
"""Largest difference of distribution functions that stays open."""


def _networks(size: Size, bias: str) -> Iterator[Network]:
    for inputs, groups in ((3, (4, 2)),) + (((4, (2, 3, 2)),) if size.deep else ()):
        yield Network(inputs, groups, 2, 3, _C, bias)


def _population(kind: str, network: Network) -> GroupNetworks:
    return GroupNetworks(kind, network, float(network.c), _COSINE, _NORM)


def _group(kind: str, rank: int) -> tuple[float, float]:
    """Mean and mean square of what a group's squares add up to.

    The length of K normals is independent of their direction, so that E R^2 X^2 = (K+2) E X^2.
    """
    second, fourth = (moment(LargestNormalMoment, rank, t) for t in (2, 4))
    return {
        "groupsort": (float(rank), float(rank * (rank + 2))),
        "lwta": (second, fourth),
        "mfm23": (rank - second, rank * (rank + 2) - 2 * (rank + 2) * second + fourth),
    }[kind]


def _mean_square(kind: str, network: Network, share: float) -> Mean:
    """Mean of ||x^(L-1)||^2 over its dimension: layers multiply it by independent factors."""
    one, square = _group(kind, network.rank)
    passed = {"groupsort": network.rank, "lwta": network.rank, "mfm23": 2}[kind]
    mean, second = _NORM**2 / network.inputs, (_NORM**2 / network.inputs) ** 2
    for groups in network.widths:
        factor = float(network.c) / (passed * groups)
        mean *= factor * groups * one
        second *= factor**2 * (groups * square + groups * (groups - 1) * one**2)
    return mean_from_square(mean, second, share)


def _lengths(kind: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in _networks(size, "zero"):
            yield Experiment(
                statement(f"activation.units.{kind}"),
                network,
                (_population(kind, network),),
                lambda arrays: arrays["length"],
                partial(_mean_square, kind, network, _MARGIN * size.narrowness),
                parameters={"norm": _NORM, "unit": kind},
                detail=f"{kind}, |x| = {_NORM}",
                twins=(scaled(8), *_WRONG_LENGTHS[kind]),
            )

    return build


def _laws(kind: str, bias: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in _networks(size, bias):
            yield Experiment(
                statement(f"jacobian.units.{kind}"),
                network,
                (_population(kind, network),),
                lambda sampled, law: (sampled["gain"], law["value"]),
                lambda: Distribution(_LAW * size.narrowness),
                parameters={"cosine": _COSINE, "unit": kind},
                detail=f"{kind}, cos = {_COSINE}",
                twins=(scaled(20), *_WRONG_LAWS[kind]),
            )

    return build


_NEXT_MOMENT: Twin = rewritten(
    "M_{K+1} instead of M_K",
    lambda right: right.replace(
        lambda e: isinstance(e, LargestNormalMoment), lambda e: e.func(e.args[0] + 1, 2)
    ),
)
_WRONG_LENGTHS: dict[str, tuple[Twin, ...]] = {
    "groupsort": (),
    "lwta": (rank_off_by_one(), _NEXT_MOMENT),
    "mfm23": (_NEXT_MOMENT,),
}
_WRONG_LAWS: dict[str, tuple[Twin, ...]] = {
    "groupsort": (),
    "lwta": (rank_off_by_one(),),
    "mfm23": (),
}

EXPERIMENTS: dict[str, Builder] = {
    **{f"activation.units.{kind}": _lengths(kind) for kind in ("groupsort", "lwta", "mfm23")},
    "jacobian.units.groupsort": _laws("groupsort", "any"),
    "jacobian.units.lwta": _laws("lwta", "zero"),
    "jacobian.units.mfm23": _laws("mfm23", "zero"),
}
