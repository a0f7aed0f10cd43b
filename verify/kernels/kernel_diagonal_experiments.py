"""Experiments on the diagonal of the tangent kernel: exact, bounded, and at infinite width."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import sympy as sp

from maxout.theory.gradients import parameter_gradients
from maxout.theory.kernels import tangent_diagonal
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.symbols import K, L, c, l, n
from maxout.verify import facts
from maxout.verify.decisions.estimands import Mean, mean_from_square
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    other_parameters,
    rank_off_by_one,
    rewritten,
    statement,
)
from maxout.verify.gradients.gradient_variances import diagonal_second
from maxout.verify.gradients.gradients_experiments import NORM, mean, networks, population
from maxout.verify.sampling.populations import Arrays
from maxout.verify.sampling.scales import evaluate, moment, weight_variance


def _sum(arrays: Arrays, biases: bool = False) -> np.ndarray:
    total = arrays["weights"].sum(axis=1)
    return total + arrays["biases"].sum(axis=1) if biases else total


def _scaled_sum(network: Network, arrays: Arrays) -> np.ndarray:
    """Theta(x, x): each layer's gradient times its weights' variance."""
    return arrays["weights"] @ _factors(network)


def _one_layer_missing() -> Twin:
    return rewritten(
        "the output layer forgotten",
        lambda right: right - parameter_gradients.output_weight_gradient(),
    )


def _no_finite_width() -> Twin:
    return rewritten(
        "1 - 1/n dropped across the input",
        lambda right: right.replace(sp.Product, lambda *_: sp.S.One),
    )


def _size(network: Network, biases: bool, share: float) -> Mean:
    total = sum(mean(network, "weights", layer) for layer in range(1, network.depth + 1))
    if biases:  # the output's own bias has gradient 1
        total += 1 + sum(mean(network, "biases", layer) for layer in range(1, network.depth))
    return mean_from_square(total, diagonal_second(network, NORM, biases), share)


def _factors(network: Network) -> np.ndarray:
    """Variances of the layers' weights."""
    fans = np.array([network.inputs, *network.widths], dtype=float)
    return np.append(weight_variance(network) / fans[:-1], 1 / fans[-1])


def _scaled_size(network: Network, share: float) -> Mean:
    layers = [mean(network, "weights", layer) for layer in range(1, network.depth + 1)]
    second = diagonal_second(network, NORM, scaled=True)
    return mean_from_square(float(_factors(network) @ layers), second, share)


def _bound_size(network: Network, rung: str, share: float) -> Mean:
    """Samples for lower bounds are planned at the sharp one, which is nearer the mean."""
    gain = {
        "upper": moment(LargestChi2Moment, network.rank, 1),
        "upper.sharp": moment(LargestNormalMoment, network.rank, 2),
    }.get(rung, 1.0)
    total = mean(network, "weights", network.depth)
    for layer in range(1, network.depth):
        length = facts.length_moment(network, layer - 1, NORM, 1)
        total += length * facts.layer_bound(network, layer, gain)
    return Mean(total, diagonal_second(network, NORM), share)


def _diagonal(key: str, size: Size) -> Iterator[Experiment]:
    bias = "gaussian" if "gaussian" in key else "zero"
    biases = key.endswith("biases")
    for network, law in networks(bias, size):
        twins: tuple[Twin, ...] = (_one_layer_missing(), rank_off_by_one(), _no_finite_width())
        if bias == "gaussian":
            twins = (other_parameters("another norm", norm=2 * NORM), rank_off_by_one())
        yield Experiment(
            statement(key),
            network,
            (population(network, law),),
            partial(_sum, biases=biases),
            partial(_size, network, biases, size.of(0.03, 0.01)),
            parameters={"norm": NORM},
            detail=f"|x| = {NORM:g}",
            twins=twins,
        )


def _bounds(key: str, bias: str, size: Size) -> Iterator[Experiment]:
    rung = key.removeprefix("kernel.diagonal.").removeprefix("gaussian.")
    for network, law in networks(bias, size):
        yield Experiment(
            statement(key),
            network,
            (population(network, law),),
            _sum,
            partial(_bound_size, network, rung, 0.1 * size.narrowness),
            parameters={"norm": NORM},
            detail=f"|x| = {NORM:g}",
            twins=(_exchanged(rung.startswith("upper")),),
        )


def _exchanged(upper: bool) -> Twin:
    """The layers' bounds of the other side."""
    old = (LargestChi2Moment, LargestNormalMoment) if upper else (SmallestChi2Moment,)
    new = SmallestChi2Moment if upper else LargestChi2Moment

    def exchange(right: sp.Expr) -> sp.Expr:
        if upper:
            # A bound that is sharp has M_K in the lengths as well: only the powers of the later
            # layers are those of the bound.
            return right.replace(
                lambda e: isinstance(e, sp.Pow) and e.exp == L - 1 - l and e.base.has(*old),
                lambda e: (c * new(K, 1)) ** e.exp,
            )
        return right.replace(
            lambda e: isinstance(e, sp.Pow) and e.exp == L - 1 - l,
            lambda e: (c * new(K, 1)) ** e.exp,
        )

    return rewritten("S_K above" if upper else "L_K below", exchange)


def _scaled(size: Size) -> Iterator[Experiment]:
    for network, law in networks("zero", size):
        yield Experiment(
            statement("kernel.diagonal.scaled"),
            network,
            (population(network, law),),
            partial(_scaled_sum, network),
            partial(_scaled_size, network, 0.02 * size.narrowness),
            parameters={"norm": NORM},
            detail=f"|x| = {NORM:g}",
            twins=(
                _no_finite_width(),
                rank_off_by_one(),
                rewritten(
                    "the output layer forgotten",
                    lambda right: right - parameter_gradients.output_weight_gradient() / n[L - 1],
                ),
            ),
        )


def _limit(size: Size) -> Iterator[Experiment]:
    for network, law in networks("zero", size):
        yield Experiment(
            statement("kernel.diagonal.limit"),
            network,
            (population(network, law),),
            partial(_scaled_sum, network),
            partial(_scaled_size, network, size.of(0.03, 0.009)),
            remainder=partial(
                evaluate, network, tangent_diagonal.scaled_diagonal_remainder(), x_norm=NORM
            ),
            parameters={"norm": NORM},
            detail=f"|x| = {NORM:g}",
            twins=(rank_off_by_one(), rewritten("one layer fewer", _one_layer_fewer)),
        )


def _one_layer_fewer(right: sp.Expr) -> sp.Expr:
    return right.xreplace({L: L - 1})


EXPERIMENTS: dict[str, Builder] = {
    **{
        key: partial(_diagonal, key)
        for key in (
            "kernel.diagonal.exact",
            "kernel.diagonal.exact.biases",
            "kernel.diagonal.gaussian.exact",
        )
    },
    **{
        f"kernel.diagonal.{prefix}{rung}": partial(
            _bounds, f"kernel.diagonal.{prefix}{rung}", prefix.rstrip(".") or "zero"
        )
        for prefix in ("", "gaussian.")
        for rung in ("lower", "upper", "lower.sharp", "upper.sharp")
    },
    "kernel.diagonal.scaled": _scaled,
    "kernel.diagonal.limit": _limit,
}
