"""Experiments on the Jacobian of networks with a normalization in every block: its logarithm."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import sympy as sp

from maxout.theory.jacobian import normalized_jacobian as formulas
from maxout.theory.network import Network
from maxout.theory.normalized_blocks import LOST
from maxout.theory.order.normalizer import LogSquareVariance
from maxout.verify import normalized_facts as facts
from maxout.verify.decisions.estimands import Mean
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    rank_off_by_one,
    rewritten,
    statement,
)
from maxout.verify.normalized_cases import (
    DETAIL,
    PARAMETERS,
    key_of,
    normalized_networks,
    other_norm,
    population,
)
from maxout.verify.sampling.half_squares import half_squares
from maxout.verify.sampling.populations import Arrays


def _log_gain(arrays: Arrays) -> np.ndarray:
    return np.log(arrays["gain"])


def _log_mean(norm: str, bias: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in normalized_networks(norm, bias, size):
            ratio = formulas.RATIOS[bias]
            yield Experiment(
                statement(key_of(norm, "log.mean", bias)),
                network,
                (population(network),),
                _log_gain,
                partial(_log_size, network, 0.04 * size.narrowness),
                parameters=PARAMETERS,
                detail=DETAIL,
                twins=(
                    rank_off_by_one(),
                    _log_of_mean(norm, bias),
                    other_norm(norm, partial(formulas.log_gain_mean, ratio=ratio)),
                ),
            )

    return build


def _log_of_mean(norm: str, bias: str) -> Twin:
    mean = formulas.gain_moment(norm, 1, formulas.RATIOS[bias])
    return rewritten("ln of the mean instead of the mean of ln", lambda _: sp.log(mean))


def _log_size(network: Network, margin: float) -> Mean:
    return Mean(1.0, facts.log_cumulants(network)[0], margin, signed=True)


def _log_variance(norm: str) -> Builder:
    def build(size: Size) -> Iterator[Experiment]:
        for network in normalized_networks(norm, "zero", size):
            yield Experiment(
                statement(key_of(norm, "log.variance")),
                network,
                (population(network),),
                lambda arrays: half_squares(_log_gain(arrays)),
                partial(_log_spread, network, (0.12 if LOST[norm] else 0.07) * size.narrowness),
                parameters=PARAMETERS,
                detail=DETAIL,
                group=2,
                twins=(
                    rewritten(
                        "what is divided by taken for its mean",
                        lambda right: right.replace(LogSquareVariance, lambda *_: sp.S.Zero),
                    ),
                ),
            )

    return build


def _log_spread(network: Network, share: float) -> Mean:
    second, fourth = facts.log_cumulants(network)
    # (X - Y)^2/2 has variance kappa_4/2 + 2 sigma^4.
    return Mean(second, fourth / 2 + 2 * second**2, share)


EXPERIMENTS: dict[str, Builder] = {
    key: build
    for norm in LOST
    for key, build in {
        **{key_of(norm, "log.mean", bias): _log_mean(norm, bias) for bias in formulas.RATIOS},
        key_of(norm, "log.variance"): _log_variance(norm),
    }.items()
}
