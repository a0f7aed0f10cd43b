"""Experiments on typical sizes (logarithms) and on the length of the activations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import sympy as sp
from scipy.special import polygamma

from maxout.numerics.order.norm_logarithms import norm_statistics
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestNormalMoment
from maxout.verify.decisions.estimands import Mean
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    other_parameters,
    rank_off_by_one,
    statement,
)
from maxout.verify.sampling.network_populations import Spectra
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.populations import Arrays


def _networks(size: Size) -> Iterator[Network]:
    for network in size.networks(
        [Network(8, (8,) * 4, 3, 3, c=sp.Rational(3, 5), bias="zero")],
        [Network(12, (12,) * 6, 2, 5, c=sp.Rational(4, 5), bias="zero")],
    ):
        # The exponents are those of the hidden layers; a frame goes through square ones only.
        yield network.but(inputs=network.widths[0])


def _spectrum(network: Network) -> Spectra:
    return Spectra(Sampler(network, "zero", 1.0))


def _top_growth(network: Network, share: float) -> Mean:
    variance = norm_statistics(network.rank, network.widths[0]).log_variance
    return Mean(1.0, variance / len(network.widths), share, signed=True)


def _other_growth(network: Network, index: int, share: float) -> Mean:
    # Var ln chi_m = psi'(m/2)/4.
    variance = float(polygamma(1, (network.widths[0] - index) / 2)) / 4
    return Mean(1.0, variance / len(network.widths), share, signed=True)


def _growth(arrays: Arrays, index: int) -> np.ndarray:
    return arrays["growth"][:, index]


def _mean_instead_of_typical() -> Twin:
    """ln of the mean growth, which Jensen's inequality puts above the mean of ln."""

    def change(experiment: Experiment) -> Experiment:
        n = experiment.network
        wrong = replace(
            experiment.statement,
            build=lambda t: sp.log(n.c * LargestNormalMoment(n.rank, 2)) / 2,
        )
        return replace(experiment, statement=wrong)

    return Twin("ln of the mean instead of the mean of ln", change)


def _constant_off(percent: int) -> Twin:
    """c off by so many percent."""

    def change(experiment: Experiment) -> Experiment:
        n = experiment.network
        factor = 1 + sp.Rational(percent, 100)
        wrong = n.but(c=n.c * factor)
        return replace(experiment, network=wrong)

    return Twin(f"c off by {percent} %", change)


def _top(size: Size) -> Iterator[Experiment]:
    for network in _networks(size):
        yield Experiment(
            statement("jacobian.lyapunov.top"),
            network,
            (_spectrum(network),),
            partial(_growth, index=0),
            partial(_top_growth, network, 0.005 * size.narrowness),
            detail="zero biases, along x",
            # 2 % of M_K are 1 % of a length.
            twins=(
                _mean_instead_of_typical(),
                rank_off_by_one(),
                _constant_off(2),
            ),
        )


def _rest(size: Size) -> Iterator[Experiment]:
    for network in _networks(size):
        width = network.widths[0]
        indices = range(1, width) if size.deep else sorted({1, max(1, width - 1)})
        for index in indices:
            yield Experiment(
                statement("jacobian.lyapunov.rest"),
                network,
                (_spectrum(network),),
                partial(_growth, index=index),
                partial(
                    _other_growth, network, index, (0.01 if index == 1 else 0.02) * size.narrowness
                ),
                parameters={"exponent": index},
                detail=f"zero biases, direction {index} across x",
                twins=(
                    other_parameters(
                        "index off by one", exponent=index + 1 if index < width - 1 else index - 1
                    ),
                ),
            )


EXPERIMENTS: dict[str, Builder] = {
    "jacobian.lyapunov.top": _top,
    "jacobian.lyapunov.rest": _rest,
}
