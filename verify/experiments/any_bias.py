"""Experiments on the statements that hold for any biases: one family of networks for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import sympy as sp

from maxout.theory.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.network import Network
from maxout.theory.random_symbols import Largest, OrderStatistic, Smallest
from maxout.theory.symbols import K, L, c
from maxout.verify.biases import NASTY
from maxout.verify.constants import (
    aligned_second_moment,
    ordered_moment,
    rank2_second_moment,
)
from maxout.verify.decisions import (
    Decision,
    MeanAtLeast,
    MeanAtMost,
    StochasticOrder,
)
from maxout.verify.experiments.cases import Case, rank2_networks
from maxout.verify.experiments.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    equality,
    rewritten,
    scaled,
    statement,
)
from maxout.verify.populations import Arrays
from maxout.verify.variances import half_squares

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
    # Two hidden layers: the second moment that bounds networks with any biases grows like L_K^2 a
    # layer, and the samples with it.
    network = Network(5, (12, 12), 8, 3, c=1, bias="any")
    for biases, cosine in _ANGLES.items():
        yield Case(network, biases, cosine)
    if size.deep:
        wide = Network(6, (12, 9), 8, 5, c=sp.Rational(1, 2), bias="any")
        for biases in NASTY:
            yield Case(wide, biases, 0.8, norm=3.0)


def _experiments(
    key: str,
    measure: Callable[[Arrays], np.ndarray],
    rule: Callable[[Case, Size, int | None, float], Decision],
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
                    partial(rule, case, size, order),
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
                # The decision's data are (the smaller variable, the larger one).
                lambda left, law: (left["gain"], law["value"])[:: 1 if extreme is Largest else -1],
                lambda _: StochasticOrder(0.025 * size.narrowness),
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
    margin: float, case: Case, size: Size, order: int | None, predicted: float
) -> Decision:
    variance = ordered_moment(case.network, 2 * (order or 1))
    return MeanAtMost(variance, margin * size.narrowness * predicted)


def _at_least(case: Case, size: Size, order: int | None, predicted: float) -> Decision:
    # The paper's lower bound is far below the mean: the margin is a fraction of the gain's scale.
    return MeanAtLeast(
        ordered_moment(case.network, 2),
        0.05 * size.narrowness * case.unit_mean(),
        planned=aligned_second_moment(case.network),
    )


def _variance_at_most(case: Case, size: Size, order: int | None, predicted: float) -> Decision:
    # ((X - Y)^2/2)^2 <= max(X, Y)^4/4, of mean at most E X^4/2.
    return MeanAtMost(ordered_moment(case.network, 4) / 2, 0.1 * size.narrowness * predicted)


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


def _rank2(size: Size) -> Iterator[Experiment]:
    for network in rank2_networks(size):
        second = rank2_second_moment(network)
        for biases in NASTY:
            case = Case(network, biases, _ANGLES[biases], norm=2.0)
            variance = second - case.unit_mean() ** 2
            yield Experiment(
                statement("jacobian.mean.rank2"),
                network,
                (case.population,),
                gain,
                partial(equality, variance, 0.04 * size.narrowness),
                detail=case.detail,
                twins=(
                    scaled(6),
                    rewritten("one layer too many", lambda right: c * right),
                ),
            )


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
        partial(_at_most, 0.08),
        lambda case: (
            _exchanged("S_K instead of L_K", LargestChi2Moment, SmallestChi2Moment, 1, 1),
        ),
    ),
    "jacobian.variance.upper": _experiments(
        "jacobian.variance.upper", gain_half_squares, _variance_at_most, lambda case: (_NO_RANK,), 2
    ),
    "jacobian.moment.upper": _experiments(
        "jacobian.moment.upper", gain, partial(_at_most, 0.1), lambda case: (_NO_RANK,)
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
        partial(_at_most, 0.08),
        # Zero biases, input along the direction: the bound is the mean, and 4 % must show.
        lambda case: (_SMALLEST_AS_UPPER, *((scaled(-4),) if case.biases == "zero" else ())),
    ),
    "jacobian.mean.rank2": _rank2,
}
