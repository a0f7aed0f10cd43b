"""Experiments on the Jacobian of networks with a linear layer before every normalization."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import sympy as sp

from maxout.theory.jacobian import normalized_jacobian as formulas
from maxout.theory.normalized_blocks import LOST
from maxout.verify.decisions.estimands import Distribution
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    rank_off_by_one,
    rewritten,
    statement,
)
from maxout.verify.jacobian.any_bias_experiments import gain
from maxout.verify.jacobian.normalized_experiments import gain_size
from maxout.verify.normalized_cases import (
    ANGLE_FORGOTTEN,
    DETAIL,
    PARAMETERS,
    normalized_networks,
    population,
)


def _linear_law(norm: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in normalized_networks(norm, "zero", size, "linear"):
            yield Experiment(
                statement(f"jacobian.{norm}.linear.law"),
                network,
                (population(network),),
                lambda left, law: (left["gain"], law["value"]),
                lambda: Distribution(size.of(0.04, 0.02)),
                parameters=PARAMETERS,
                detail=DETAIL,
                twins=(
                    rank_off_by_one(),
                    rewritten("the linear layer forgotten", lambda _: formulas.gain_law(norm)),
                    ANGLE_FORGOTTEN,
                ),
            )

    return build


def _linear_mean(norm: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in normalized_networks(norm, "zero", size, "linear"):
            yield Experiment(
                statement(f"jacobian.{norm}.linear.mean"),
                network,
                (population(network),),
                gain,
                partial(gain_size, network, 1, 0.2 * size.narrowness),
                parameters=PARAMETERS,
                detail=DETAIL,
                twins=(
                    rank_off_by_one(),
                    rewritten(
                        "the linear layer's tangent forgotten",
                        lambda right: right.replace(
                            lambda e: isinstance(e, sp.Product),
                            lambda e: sp.Product(formulas.inner_mean(), *e.limits),
                        ),
                    ),
                    ANGLE_FORGOTTEN,
                ),
            )

    return build


EXPERIMENTS: dict[str, Builder] = {
    f"jacobian.{norm}.linear.{what}": make(norm)
    for norm in LOST
    for what, make in (("law", _linear_law), ("mean", _linear_mean))
}
