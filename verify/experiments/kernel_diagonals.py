"""Experiments on the diagonal of the tangent kernel: exact, bounded, and at infinite width."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import sympy as sp

from maxout.numerics.predict import predict
from maxout.theory import gradients
from maxout.theory.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.network import Network
from maxout.theory.symbols import K, L, c, l, n
from maxout.verify.constants import weight_variance
from maxout.verify.decisions import Decision, MeanAtLeast, MeanAtMost, MeanEquality
from maxout.verify.experiments.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    equality_from_square,
    other_parameters,
    rank_off_by_one,
    rewritten,
    statement,
)
from maxout.verify.experiments.gradients import NORM, networks, population
from maxout.verify.gradient_moments import diagonal_second
from maxout.verify.populations import Arrays


def _sum(arrays: Arrays, biases: bool = False) -> np.ndarray:
    total = arrays["weights"].sum(axis=1)
    return total + arrays["biases"].sum(axis=1) if biases else total


def _scaled_sum(network: Network, arrays: Arrays) -> np.ndarray:
    """Theta(x, x): each layer's gradient times its weights' variance."""
    gain = weight_variance(network)
    fans = np.array([network.inputs, *network.widths], dtype=float)
    factors = np.append(gain / fans[:-1], 1 / fans[-1])
    return arrays["weights"] @ factors


def _one_layer_missing() -> Twin:
    return rewritten(
        "the output layer forgotten", lambda right: right - gradients.output_weight_gradient()
    )


def _no_finite_width() -> Twin:
    return rewritten(
        "1 - 1/n dropped across the input",
        lambda right: right.replace(sp.Product, lambda *_: sp.S.One),
    )


def _diagonal(key: str, size: Size) -> Iterator[Experiment]:
    bias = "gaussian" if "gaussian" in key else "zero"
    biases = key.endswith("biases")
    for network, law in networks(bias, size):
        second = diagonal_second(network, NORM, biases)
        twins: tuple[Twin, ...] = (_one_layer_missing(), rank_off_by_one(), _no_finite_width())
        if bias == "gaussian":
            twins = (other_parameters("another norm", norm=2 * NORM), rank_off_by_one())
        yield Experiment(
            statement(key),
            network,
            (population(network, law),),
            partial(_sum, biases=biases),
            partial(equality_from_square, second, 0.03 * size.narrowness),
            parameters={"norm": NORM},
            detail=f"|x| = {NORM:g}",
            twins=twins,
        )


def _bounds(key: str, bias: str, size: Size) -> Iterator[Experiment]:
    upper = "upper" in key
    for network, law in networks(bias, size):
        second = diagonal_second(network, NORM)

        def rule(predicted: float, second: float = second) -> Decision:
            margin = 0.1 * size.narrowness * predicted
            return MeanAtMost(second, margin) if upper else MeanAtLeast(second, margin)

        yield Experiment(
            statement(key),
            network,
            (population(network, law),),
            _sum,
            rule,
            parameters={"norm": NORM},
            detail=f"|x| = {NORM:g}",
            twins=(_exchanged(upper),),
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
            partial(
                equality_from_square,
                diagonal_second(network, NORM, scaled=True),
                0.03 * size.narrowness,
            ),
            parameters={"norm": NORM},
            detail=f"|x| = {NORM:g}",
            twins=(
                _no_finite_width(),
                rank_off_by_one(),
                rewritten(
                    "the output layer forgotten",
                    lambda right: right - gradients.output_weight_gradient() / n[L - 1],
                ),
            ),
        )


def _limit(size: Size) -> Iterator[Experiment]:
    for network, law in networks("zero", size):
        limit = float(predict(statement("kernel.diagonal.limit"), network, norm=NORM))
        exact = float(predict(statement("kernel.diagonal.scaled"), network, norm=NORM))
        off = abs(exact - limit)
        second = diagonal_second(network, NORM, scaled=True)

        def rule(
            predicted: float, second: float = second, exact: float = exact, off: float = off
        ) -> Decision:
            return MeanEquality(second - exact**2, 0.03 * size.narrowness * predicted, off)

        yield Experiment(
            statement("kernel.diagonal.limit"),
            network,
            (population(network, law),),
            partial(_scaled_sum, network),
            rule,
            parameters={"norm": NORM},
            detail=f"|x| = {NORM:g}; within {100 * off / limit:.2g} % of the limit",
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
