"""Experiments on the second moment and variance of the tangent kernel's diagonal and trace."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import numpy as np
import sympy as sp

from maxout.theory.kernels import diagonal_second
from maxout.theory.network import Network
from maxout.theory.symbols import n_L
from maxout.verify.decisions.estimands import Mean, mean_from_square
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    rank_off_by_one,
    rewritten,
    statement,
)
from maxout.verify.gradients import gradient_variances
from maxout.verify.gradients.gradients_experiments import NORM, mean, networks, population
from maxout.verify.gradients.sampled_gradients import TangentTraces
from maxout.verify.kernels.diagonal_moments import (
    central_fourth,
    diagonal_fourth,
    trace_mean,
    trace_second,
)
from maxout.verify.sampling.half_squares import half_squares
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.populations import Arrays
from maxout.verify.twins import instead


def _networks(size: Size) -> Iterator[Network]:
    """Three outputs: of two the square is twice their number, and terms could change places."""
    yield from size.networks(
        [Network(2, (4, 8), 3, 4, c=sp.Rational(9, 5), bias="zero")],
        [Network(3, (6, 4, 8), 4, 4, c=sp.Rational(3, 2), bias="zero")],
    )


def _traces(network: Network) -> TangentTraces:
    return TangentTraces(Sampler(network, "zero", 1.0, NORM))


_ARRAYS = {"diagonal": "one", "trace": "trace"}


def _power(what: str, order: int, arrays: Arrays) -> np.ndarray:
    return arrays[_ARRAYS[what]] ** order


def _outputs(what: str, network: Network) -> int:
    return network.outputs if what == "trace" else 1


def _moments(what: str, network: Network) -> tuple[float, float]:
    """Mean and mean square."""
    counted = network.but(outputs=_outputs(what, network))
    return trace_mean(counted, NORM), trace_second(counted, NORM)


def _mean_size(what: str, network: Network, share: float) -> Mean:
    return mean_from_square(*_moments(what, network), share)


def _second_size(what: str, network: Network, share: float) -> Mean:
    # The outputs' kernels have one law: the trace's fourth root is so many times one's at most.
    fourth = _outputs(what, network) ** 4 * diagonal_fourth(network, NORM)
    return mean_from_square(_moments(what, network)[1], fourth, share)


def _variance_size(what: str, network: Network, share: float) -> Mean:
    first, second = _moments(what, network)
    variance = second - first**2
    central = _outputs(what, network) ** 4 * central_fourth(network, NORM)
    return Mean(variance, (central - variance**2) / 2, share)


def _half_squares(what: str, arrays: Arrays) -> np.ndarray:
    return half_squares(arrays[_ARRAYS[what]])


_MARGINS = {"second": (0.05, 0.03), "variance": (0.07, 0.05)}
"""In the quick and in the standard suite."""


def _exact(what: str, name: str, size: Size) -> Iterator[Experiment]:
    """The second moment, or the variance over pairs."""
    key = f"kernel.{what}.{name}" + (".exact" if what == "diagonal" else "")
    second = name == "second"
    for network in _networks(size):
        # A network of three layers takes too many samples for narrower ones.
        margin = size.of(*_MARGINS[name]) if len(network.widths) < 3 else _MARGINS[name][0]
        other = diagonal_second.trace_mean() ** 2 if second else diagonal_second.trace_second()
        if what == "diagonal":
            other = other.xreplace({n_L: sp.Integer(1)})
        apart = n_L * diagonal_second.diagonal_variance()  # of the variance
        apart += diagonal_second.trace_mean() ** 2 if second else 0
        yield Experiment(
            statement(key),
            network,
            (_traces(network),),
            partial(_power, what, 2) if second else partial(_half_squares, what),
            partial(_second_size if second else _variance_size, what, network, margin),
            parameters={"norm": NORM},
            detail=f"|x| = {NORM:g}",
            group=1 if second else 2,
            twins=(
                rank_off_by_one(),
                instead("the squared mean" if second else "the second moment", other),
                *(
                    (instead("the outputs taken for independent", apart),)
                    if what == "trace"
                    else ()
                ),
            ),
        )


def _mean(size: Size) -> Iterator[Experiment]:
    for network in _networks(size):
        yield Experiment(
            statement("kernel.trace.mean"),
            network,
            (_traces(network),),
            partial(_power, "trace", 1),
            partial(_mean_size, "trace", network, size.of(0.02, 0.01)),
            parameters={"norm": NORM},
            detail=f"|x| = {NORM:g}",
            twins=(
                rank_off_by_one(),
                rewritten("one output forgotten", lambda right: right * (n_L - 1) / n_L),
            ),
        )


def _bound_size(network: Network, side: str, share: float) -> Mean:
    """Upper bounds are planned at the nearest one that is known, lower ones at the squared mean."""
    second = gradient_variances.diagonal_second(network, NORM)
    if side == "lower":
        layers = range(1, network.depth + 1)
        second = math.fsum(mean(network, "weights", layer) for layer in layers) ** 2
    variance = diagonal_fourth(network, NORM)
    planned = diagonal_fourth(network.but(bias="zero"), NORM)
    return Mean(second, variance, share, planned=planned)


def _squared_sum(arrays: Arrays) -> np.ndarray:
    """K(x, x)^2 of the output that is differentiated."""
    return arrays["weights"].sum(axis=1) ** 2


def _bounds(bias: str, rung: str, size: Size) -> Iterator[Experiment]:
    prefix = "" if bias == "zero" else f"{bias}."
    side = rung.split(".")[0]
    opposite = {"upper": "lower", "lower": "upper"}[side]
    wrong = diagonal_second.diagonal_second_bound(opposite, bias, sharp=side == "upper")
    for network, law in networks(bias, size):
        yield Experiment(
            statement(f"kernel.diagonal.{prefix}second.{rung}"),
            network,
            (population(network, law),),
            _squared_sum,
            partial(_bound_size, network, side, 0.2 * size.narrowness),
            parameters={"norm": NORM},
            detail=f"|x| = {NORM:g}",
            twins=(instead(f"the {opposite} bound", wrong),),
        )


EXPERIMENTS: dict[str, Builder] = {
    "kernel.diagonal.second.exact": partial(_exact, "diagonal", "second"),
    "kernel.diagonal.variance.exact": partial(_exact, "diagonal", "variance"),
    **{
        f"kernel.diagonal.{prefix}second.{rung}": partial(_bounds, bias, rung)
        for bias, prefix in (("zero", ""), ("gaussian", "gaussian."))
        for rung in ("lower", "upper", "lower.sharp", "upper.sharp")
    },
    "kernel.trace.mean": _mean,
    "kernel.trace.second": partial(_exact, "trace", "second"),
    "kernel.trace.variance": partial(_exact, "trace", "variance"),
}
