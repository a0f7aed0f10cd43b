"""Experiments on the statements that hold for any biases: one family of networks for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import sympy as sp

from maxout.theory.network import Network
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.random_symbols import Largest, OrderStatistic, Smallest
from maxout.theory.symbols import K, L, c
from maxout.verify.decisions.estimands import Distribution, Mean, mean_from_square
from maxout.verify.experiment import Builder, Experiment, Size, Twin, rewritten, scaled, statement
from maxout.verify.experiment_networks import Case, own_extremes, rank2_networks
from maxout.verify.sampling.biases import NASTY
from maxout.verify.sampling.half_squares import half_squares
from maxout.verify.sampling.populations import Arrays
from maxout.verify.sampling.scales import (
    aligned_moment,
    aligned_second_moment,
    ordered_moment,
    rank2_second_moment,
)

# Along the input the mean is largest, across it smallest; most cases test where a bound is tight.
_ANGLES = {
    "zero": 1.0,
    "gaussian": 1.0,
    "large": 0.0,
    "one-hot": 1.0,
    "scaled": 0.0,
    "mixed": 1.0,
    "shifted": 0.6,
}


def _cases(size: Size) -> Iterator[Case]:
    if size.network is not None:
        yield from own_extremes(size.network)
        return
    # Two hidden layers: the second moment that bounds networks with any biases grows like L_K^2 a
    # layer, and the samples with it.
    network = Network(5, (12, 9), 8, 3, c=sp.Rational(3, 5), bias="any")
    for biases, cosine in _ANGLES.items():
        yield Case(network, biases, cosine)
    if size.deep:
        wide = Network(6, (9, 12), 5, 5, c=sp.Rational(4, 5), bias="any")
        for biases in NASTY:
            yield Case(wide, biases, 0.8, norm=3.0)


def _experiments(
    key: str,
    measure: Callable[[Arrays], np.ndarray],
    estimand: Callable[[Case, Size, int | None], Mean],
    twins: Callable[[Case], tuple[Twin, ...]],
    group: int = 1,
) -> Builder:
    """One experiment a case and order; ``measure`` of order t is raised to the power t."""

    def build(size: Size) -> Iterator[Experiment]:
        for case in _cases(size):
            for order in statement(key).orders or (None,):
                yield Experiment(
                    statement(key),
                    case.network,
                    (case.population,),
                    lambda arrays, power=order or 1: measure(arrays) ** power,
                    partial(estimand, case, size, order),
                    order=order,
                    detail=case.detail,
                    group=group,
                    twins=twins(case),
                )

    return build


def _order(
    key: str, label: str, extreme: type[OrderStatistic], other: type[OrderStatistic]
) -> Builder:
    """Stochastic order against an extreme of K chi-squares; the control takes the other one."""

    def build(size: Size) -> Iterator[Experiment]:
        for case in _cases(size):
            yield Experiment(
                statement(key),
                case.network,
                (case.population,),
                lambda left, law: (left["gain"], law["value"]),
                lambda: Distribution(size.of(0.03, 0.0125)),
                detail=case.detail,
                twins=(rewritten(label, lambda right: right.replace(extreme, other)),),
            )

    return build


def gain(arrays: Arrays) -> np.ndarray:
    """||J u||^2 of every network."""
    return arrays["gain"]


def gain_half_squares(arrays: Arrays) -> np.ndarray:
    """Of every pair of networks; their mean is the variance of the gain."""
    return half_squares(gain(arrays))


def _at_most(
    share: float,
    bound: Callable[[Network, int], float],
    case: Case,
    size: Size,
    order: int | None,
) -> Mean:
    power = order or 1
    variance = _second(case.network) if power == 1 else ordered_moment(case.network, 2 * power)
    return Mean(bound(case.network, power), variance, share * size.narrowness)


def _second(network: Network) -> float:
    """A bound of E ||Ju||^4."""
    return ordered_moment(network, 2) if network.bias == "any" else aligned_second_moment(network)


def _moment_at_most(case: Case, size: Size, order: int | None) -> Mean:
    # The paper's bound is the further above, the higher the order, and the tail the heavier.
    return _at_most(0.15 * (order or 1), ordered_moment, case, size, order)


def _at_least(case: Case, size: Size, order: int | None) -> Mean:
    # The paper's lower bound is far below the mean: samples are planned by the gain's scale.
    return Mean(
        case.unit_mean(),
        _second(case.network),
        0.05 * size.narrowness,
        planned=aligned_second_moment(case.network),
    )


def _variance_at_most(case: Case, size: Size, order: int | None) -> Mean:
    # ((X - Y)^2/2)^2 <= max(X, Y)^4/4, of mean at most E X^4/2; the paper's bound of the variance
    # is some twenty times the square of the mean's.
    spread = ordered_moment(case.network, 2)
    return Mean(spread, ordered_moment(case.network, 4) / 2, 0.4 * size.narrowness)


def _exchanged(
    label: str, old: type[sp.Function], new: type[sp.Function], old_order: int, new_order: int
) -> Twin:
    return rewritten(
        label,
        lambda right: right.replace(
            lambda e: isinstance(e, old) and e.args[1] == old_order,
            lambda e: new(e.args[0], new_order),
        ),
    )


def _smallest_for_rank(right: sp.Expr) -> sp.Expr:
    """S_K for K where it is raised to a power of the depth; 1/(n_l K) in the exponent stays."""
    smallest = SmallestChi2Moment(K, 1)
    return right.replace(
        lambda e: isinstance(e, sp.Pow) and e.exp.has(L) and not e.base.has(SmallestChi2Moment),
        lambda e: e.base.xreplace({K: smallest}) ** e.exp,
    )


_NO_RANK = rewritten("S_K instead of K", _smallest_for_rank)
_LARGEST_AS_LOWER = rewritten(
    "c L_K instead of c", lambda right: right * LargestChi2Moment(K, 1) ** (L - 1)
)
_SMALLEST_AS_UPPER = _exchanged("S_K instead of M_K", LargestNormalMoment, SmallestChi2Moment, 2, 1)


def _as_at_rank_two(case: Case, size: Size) -> Mean:
    mean, second = case.unit_mean(), rank2_second_moment(case.network)
    return mean_from_square(mean, second, 0.04 * size.narrowness)


def _rank2(size: Size) -> Iterator[Experiment]:
    for case in _rank2_cases(size):
        yield Experiment(
            statement("jacobian.mean.rank2"),
            case.network,
            (case.population,),
            gain,
            partial(_as_at_rank_two, case, size),
            detail=case.detail,
            twins=(
                scaled(6),
                rewritten("one layer too many", lambda right: c * right),
            ),
        )


def _rank2_cases(size: Size) -> Iterator[Case]:
    if size.network is not None:
        yield from own_extremes(size.network)
        return
    for network in rank2_networks(size):
        for biases in NASTY:
            yield Case(network, biases, _ANGLES[biases], norm=2.0)


EXPERIMENTS: dict[str, Builder] = {
    "jacobian.order.lower": _order(
        "jacobian.order.lower", "largest instead of smallest of K", Smallest, Largest
    ),
    "jacobian.order.upper": _order(
        "jacobian.order.upper", "smallest instead of largest of K", Largest, Smallest
    ),
    "jacobian.mean.lower": _experiments(
        "jacobian.mean.lower",
        gain,
        _at_least,
        lambda case: (
            _exchanged("L_K instead of S_K", SmallestChi2Moment, LargestChi2Moment, 1, 1),
        ),
    ),
    "jacobian.mean.upper": _experiments(
        "jacobian.mean.upper",
        gain,
        partial(_at_most, 0.08, ordered_moment),
        lambda case: (
            _exchanged("S_K instead of L_K", LargestChi2Moment, SmallestChi2Moment, 1, 1),
        ),
    ),
    "jacobian.variance.upper": _experiments(
        "jacobian.variance.upper", gain_half_squares, _variance_at_most, lambda case: (_NO_RANK,), 2
    ),
    "jacobian.moment.upper": _experiments(
        "jacobian.moment.upper",
        gain,
        _moment_at_most,
        lambda case: (_NO_RANK,),
    ),
    "jacobian.mean.lower.sharp": _experiments(
        "jacobian.mean.lower.sharp",
        gain,
        _at_least,
        lambda case: (_LARGEST_AS_LOWER, *((scaled(20),) if case.biases == "large" else ())),
    ),
    "jacobian.mean.upper.any": _experiments(
        "jacobian.mean.upper.any",
        gain,
        partial(_at_most, 0.08, aligned_moment),
        # Zero biases, input along the direction: the bound is the mean, and 4 % must show.
        lambda case: (_SMALLEST_AS_UPPER, *((scaled(-4),) if case.biases == "zero" else ())),
    ),
    "jacobian.mean.rank2": _rank2,
}
