"""Experiments on the length behind a maximum of normalized features."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import sympy as sp

from maxout.theory.network import Network
from maxout.theory.normalized_blocks import LOST
from maxout.verify.decisions.estimands import BoundedMean
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    rank_off_by_one,
    rewritten,
    statement,
)
from maxout.verify.facts import length_moments
from maxout.verify.normalized_cases import (
    PARAMETERS,
    SIZE,
    features_networks,
    one_layer,
    population,
)
from maxout.verify.twins import second_moment_off


def _length(norm: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        gaussian = features_networks("gaussian", norm, size)
        for network in (*one_layer(norm, 2, 3, size), *gaussian):
            yield Experiment(
                statement(f"activation.{norm}.before.mean"),
                network,
                (population(network),),
                lambda arrays: arrays["length"],
                partial(_size, network, 0.02 * size.narrowness),
                parameters={"norm": PARAMETERS["norm"]},
                detail=f"|x| = {SIZE:g}",
                twins=(
                    rank_off_by_one(),
                    second_moment_off(8),
                    rewritten("the length of what is normalized", lambda _: sp.S.One),
                ),
            )

    return build


def _size(network: Network, share: float) -> BoundedMean:
    """The largest is below all features: N r^2/(n R^2) is at most N/n = K.

    Planned with the variance at RMS: of the ratio of r^2 to R^2, which R^2 is independent of.
    """
    units, features = network.widths[-1], network.widths[-1] * network.rank
    _, mean, second = length_moments(network.rank, units, 2)
    ratio = (mean / units, second * network.rank**2 / (features * (features + 2)))
    return BoundedMean(ratio[0], network.rank, ratio[1] - ratio[0] ** 2, share)


EXPERIMENTS: dict[str, Builder] = {f"activation.{norm}.before.mean": _length(norm) for norm in LOST}
