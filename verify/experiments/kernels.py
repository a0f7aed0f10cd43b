"""Experiments on the infinite-width kernels: units in pairs, and tangent kernels of networks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from maxout.numerics.kernels import winner
from maxout.numerics.predict import predict
from maxout.theory import gradients
from maxout.theory.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.network import Network
from maxout.theory.symbols import K, L, c, l, n
from maxout.verify.constants import moment, weight_variance
from maxout.verify.decisions import (
    Decision,
    MeanAtLeast,
    MeanAtMost,
    MeanEquality,
    MedianEquality,
    ProportionEquality,
)
from maxout.verify.experiments.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    equality_from_square,
    other_parameters,
    rank_off_by_one,
    rewritten,
    scaled,
    statement,
)
from maxout.verify.experiments.gradients import NORM, networks, population
from maxout.verify.experiments.order_statistics import mean_of_power, unit
from maxout.verify.experiments.twins import second_moment_off
from maxout.verify.gradient_moments import diagonal_second
from maxout.verify.networks import Sampler
from maxout.verify.pairs import UnitPairs
from maxout.verify.parameters import TangentPairs
from maxout.verify.populations import Arrays
from maxout.verify.units import Extremes
from maxout.verify.variances import half_squares, half_squares_variance

_RHO = 0.6
_ANGLE = 0.1


def _product(key: str, rank: int, rho: float, size: Size, *twins: Twin, **given: Any) -> Experiment:
    """The mean of max X max Y; E (max X max Y)^2 <= E Xi^4 by Cauchy and Schwarz."""
    fourth = moment(LargestNormalMoment, rank, 4)

    def rule(predicted: float) -> Decision:
        return MeanEquality(fourth - predicted**2, 0.03 * size.narrowness * predicted)

    return Experiment(
        statement(key),
        unit(rank),
        (UnitPairs(rank, rho),),
        lambda arrays: arrays["product"],
        rule,
        detail=f"K = {rank}, rho_xy = {rho:g}",
        twins=twins,
        **given,
    )


def _same(key: str, rank: int, rho: float, size: Size, *twins: Twin, **given: Any) -> Experiment:
    """The chance that one piece wins both."""
    probability = float(winner(rank, rho))
    return Experiment(
        statement(key),
        unit(rank),
        (UnitPairs(rank, rho),),
        lambda arrays: arrays["same"],
        # At 1 or 0 a single event refutes; the margin says how often one could be missed.
        lambda predicted: ProportionEquality(probability, 0.015 * size.narrowness),
        detail=f"K = {rank}, rho_xy = {rho:g}",
        twins=twins,
        **given,
    )


def _ranks(size: Size) -> tuple[int, ...]:
    return (4, 20) if size.deep else (4,)


def _at(rho: float) -> dict[str, Any]:
    return {"parameters": {"correlation": rho}}


def _other_angle(rho: float) -> Twin:
    return other_parameters(f"rho_xy = {rho:g}", correlation=rho)


def _kappa_derivative(size: Size) -> Iterator[Experiment]:
    key = "kernel.kappa.derivative"
    for rank in _ranks(size):
        # (max X V/sqrt(1-rho^2))^2, V ~ N(0,1): E <= sqrt(E Xi^4 * 3)/(1-rho^2).
        second = math.sqrt(3 * moment(LargestNormalMoment, rank, 4)) / (1 - _RHO**2)

        def rule(predicted: float, second: float = second) -> Decision:
            return MeanEquality(second - predicted**2, 0.05 * size.narrowness * predicted)

        yield Experiment(
            statement(key),
            unit(rank),
            (UnitPairs(rank, _RHO),),
            lambda arrays: arrays["slope"],
            rule,
            parameters={"correlation": _RHO},
            detail=f"K = {rank}, rho_xy = {_RHO:g}",
            twins=(rank_off_by_one(), _other_angle(_RHO - 0.2)),
        )


def _kappa_zero(size: Size) -> Iterator[Experiment]:
    for rank in _ranks(size):
        yield _product("kernel.kappa.zero", rank, 0.0, size, rank_off_by_one(), scaled(6))


def _kappa_one(size: Size) -> Iterator[Experiment]:
    for rank in _ranks(size):
        yield _product("kernel.kappa.one", rank, 1.0, size, rank_off_by_one(), second_moment_off(6))


def _winner_zero(size: Size) -> Iterator[Experiment]:
    for rank in _ranks(size):
        yield _same("kernel.winner.zero", rank, 0.0, size, scaled(20))


def _winner_one(size: Size) -> Iterator[Experiment]:
    wrong = rewritten("98 % instead of 1", lambda right: right * sp.Rational(98, 100))
    for rank in _ranks(size):
        yield _same("kernel.winner.one", rank, 1.0, size, wrong)


def _winner_variance(size: Size) -> Iterator[Experiment]:
    for rank in _ranks(size):
        key = "kernel.winner.variance"
        base = mean_of_power(key, Extremes(rank), "largest", 1, size, ())
        spread = half_squares_variance(partial(moment, LargestNormalMoment, rank))

        def rule(predicted: float, spread: float = spread) -> Decision:
            return MeanEquality(spread, 0.03 * size.narrowness * predicted)

        yield replace(
            base,
            measure=_half_squares,
            rule=rule,
            group=2,
            detail=f"K = {rank}",
            twins=(rank_off_by_one(), _second_moment()),
        )


def _half_squares(arrays: Arrays) -> np.ndarray:
    return half_squares(arrays["largest"])


def _second_moment() -> Twin:
    """E Xi^2 in place of the variance: a statement of its own in the same place."""

    def change(experiment: Experiment) -> Experiment:
        return replace(experiment, statement=statement("kernel.kappa.one"), parameters={})

    return Twin("E Xi^2 instead of the variance", change)


def _closed(what: str, rank: int, size: Size) -> Iterator[Experiment]:
    key = f"kernel.{what}.rank{rank}"
    for rho in (_RHO,) + ((-0.4, 0.95) if size.deep else ()):
        build = _product if what == "kappa" else _same
        yield build(key, rank, rho, size, _other_angle(rho - 0.1), **_at(rho))


def _near_one(size: Size) -> Iterator[Experiment]:
    rho = math.cos(_ANGLE)
    for rank in _ranks(size):
        parted = 1 - float(winner(rank, rho))
        rate = moment(LargestNormalMoment, rank, 1) / math.sqrt(math.pi)
        off = abs(parted / _ANGLE - rate)  # what the table says of the O(theta) that is left

        def rule(predicted: float, parted: float = parted, off: float = off) -> Decision:
            spread = parted * (1 - parted) / _ANGLE**2
            return MeanEquality(spread, 0.08 * size.narrowness * predicted, off)

        yield Experiment(
            statement("kernel.winner.near_one"),
            unit(rank),
            (UnitPairs(rank, rho),),
            lambda arrays: np.where(arrays["same"], 0.0, 1 / _ANGLE),
            rule,
            detail=f"K = {rank}, theta = {_ANGLE:g}; within {off:.1g} of the limit",
            twins=(rank_off_by_one(), scaled(-18)),
        )


_OTHER = 1.2  # norm of the second input


def _pairs(network: Network, cosine: float, variance: float) -> TangentPairs:
    return TangentPairs(Sampler(network, "zero", cosine, NORM), _OTHER, math.sqrt(variance))


def _pair_parameters(cosine: float, variance: float) -> dict[str, Any]:
    return {
        "norm": NORM,
        "other_norm": _OTHER,
        "correlation": cosine,
        "bias_variance": variance,
    }


def _pair_twins(variance: float) -> tuple[Twin, ...]:
    forgotten = other_parameters("the biases forgotten", bias_variance=0.0)
    return (
        rank_off_by_one(),
        other_parameters("the angle doubled", correlation=math.cos(math.acos(_RHO) * 2)),
        *((forgotten,) if variance else ()),
    )


def _shallow(name: str, size: Size) -> Iterator[Experiment]:
    key = f"kernel.{name}.shallow"
    widths = (24,) + ((6,) if size.deep else ())
    for width in widths:
        for variance in (0.25,) + ((0.0,) if size.deep else ()):
            network = Network(6, (width,), 1, 4, bias="any")
            yield Experiment(
                statement(key),
                network,
                (_pairs(network, _RHO, variance),),
                lambda arrays: arrays[name],
                partial(_shallow_rule, name, network, variance, size),
                parameters=_pair_parameters(_RHO, variance),
                detail=f"{_pair_detail(_RHO, variance)}",
                twins=_pair_twins(variance),
            )


def _pair_detail(cosine: float, variance: float) -> str:
    return f"|x| = {NORM:g}, |y| = {_OTHER:g}, cos = {cosine:g}, sigma_b^2 = {variance:g}"


def _shallow_rule(
    name: str, network: Network, variance: float, size: Size, predicted: float
) -> Decision:
    """Means over n units, each term of which has a second moment that is known or bounded.

    NNGP: terms max X max Y with E (max X max Y)^2 <= s_x^2 s_y^2 E Xi^4. NTK: such a term and
    w^2 1[same] g, g the covariance of the pre-activations, w ~ N(0,1): Minkowski's inequality.
    """
    gain = weight_variance(network) / network.inputs
    s_x, s_y = gain * NORM**2 + variance, gain * _OTHER**2 + variance
    between = gain * NORM * _OTHER * _RHO + variance
    root = math.sqrt(s_x * s_y * moment(LargestNormalMoment, network.rank, 4))
    if name == "ntk":
        q = float(winner(network.rank, between / math.sqrt(s_x * s_y)))
        root += between * math.sqrt(3 * q)
    return MeanEquality(root**2 / network.widths[0], 0.03 * size.narrowness * predicted)


def _deep(name: str, size: Size) -> Iterator[Experiment]:
    key = f"kernel.{name}.deep"
    for width, layers in ((96, 2),) + (((96, 3),) if size.deep else ()):
        network = Network(6, (width,) * layers, 1, 3, bias="any")
        for variance in (0.25,) + ((0.0,) if size.deep and layers == 2 else ()):
            off, spread = _finite_width(network)
            yield Experiment(
                statement(key),
                network,
                (_pairs(network, _RHO, variance),),
                lambda arrays: arrays[name],
                partial(_deep_rule, off, spread),
                parameters=_pair_parameters(_RHO, variance),
                detail=f"{_pair_detail(_RHO, variance)}; within {100 * (off + spread):.2g} %",
                twins=_pair_twins(variance),
                least=200,
            )


def _finite_width(network: Network) -> tuple[float, float]:
    """Relative deviation of the mean, and relative variance, of Theta(x, x) at zero bias.

    Both are known exactly or bounded, and both are O(1/n). Off the diagonal no closed form is
    known: their sum is what the median is allowed to be off there. A test measures the deviation.
    """
    zero = Network(network.inputs, network.widths, 1, network.rank, network.c, "zero")
    exact = float(predict(statement("kernel.diagonal.scaled"), zero, norm=NORM))
    limit = float(predict(statement("kernel.diagonal.limit"), zero, norm=NORM))
    variance = diagonal_second(zero, NORM, scaled=True) / exact**2 - 1
    return abs(exact / limit - 1), variance


def _deep_rule(off: float, spread: float, predicted: float) -> Decision:
    # A narrower margin would be lost in what a finite width is allowed.
    size_of = abs(predicted)
    return MedianEquality(math.sqrt(spread) * size_of, 0.02 * size_of, (off + spread) * size_of)


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
    "kernel.kappa.derivative": _kappa_derivative,
    "kernel.kappa.zero": _kappa_zero,
    "kernel.kappa.one": _kappa_one,
    "kernel.winner.zero": _winner_zero,
    "kernel.winner.one": _winner_one,
    "kernel.winner.variance": _winner_variance,
    "kernel.winner.near_one": _near_one,
    **{
        f"kernel.{what}.rank{rank}": partial(_closed, what, rank)
        for what in ("winner", "kappa")
        for rank in (2, 3)
    },
    **{f"kernel.{name}.shallow": partial(_shallow, name) for name in ("nngp", "ntk")},
    **{f"kernel.{name}.deep": partial(_deep, name) for name in ("nngp", "ntk")},
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
