"""Experiments on units whose weights are not normal."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import sympy as sp

from maxout.numerics.activation.weight_sums import feature_moment
from maxout.theory.activation.weight_laws import LAWS, neglected
from maxout.theory.errors import DoesNotApplyError
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestNormalMoment
from maxout.verify.activation.weighted_units import InitializedUnits, WeightedUnits
from maxout.verify.decisions.estimands import Mean, mean_from_square
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    other_parameters,
    rank_off_by_one,
    rewritten,
    scaled,
    statement,
)
from maxout.verify.sampling.scales import evaluate, weight_variance

_MARGIN = 0.008
"""Narrower than elsewhere: what the law of the weights changes is 2 to 5 percent here."""
_C = sp.Rational(3, 4)
_MOST = 1000
"""Inputs that are sampled weight by weight."""


def _inputs(network: Network) -> tuple[int, ...]:
    """x = (3, 1, 1, 1, 3, 1, ...): P_x is 7/3 of that of equal inputs, and no input dominates."""
    if not 2 <= network.inputs <= _MOST:
        raise DoesNotApplyError(f"it is sampled at 2 to {_MOST:,} inputs (--inputs)")
    return tuple(1 if i % 4 else 3 for i in range(network.inputs))


def _participation(x: tuple[int, ...]) -> sp.Rational:
    return sp.Rational(sum(v**4 for v in x), sum(v**2 for v in x) ** 2)


def _mean(law: str, network: Network, share: float) -> Mean:
    x, rank = _inputs(network), network.rank
    scale = weight_variance(network) / network.inputs * sum(v**2 for v in x)
    mean, square = (feature_moment(law, x, rank, t) for t in (2, 4))
    return mean_from_square(scale * mean, scale**2 * square, share)


def _remainder(law: str, network: Network) -> float:
    x = _inputs(network)
    found = neglected(sp.Integer(network.rank), LAWS[law].kurtosis, _participation(x))
    return evaluate(network, network.c * sum(v**2 for v in x) * found / network.inputs)


def _other_fourth(label: str, fourth: int) -> Twin:
    """E Xi^4 replaced: by 3 M_K there is no correction, by 6 M_K - E Xi^4 it has the other sign."""

    def change(moment: sp.Expr) -> sp.Expr:
        return (3 + 3 * fourth) * LargestNormalMoment(moment.args[0], 2) - fourth * moment

    return rewritten(
        label,
        lambda right: right.replace(
            lambda e: isinstance(e, LargestNormalMoment) and e.args[1] == 4, change
        ),
    )


def _experiment(
    key: str, law: str, network: Network, population: WeightedUnits | InitializedUnits, size: Size
) -> Experiment:
    x = _inputs(network)
    norm, given = sp.sqrt(sum(v**2 for v in x)), {}
    if key != "init.uniform":
        given["kurtosis"] = LAWS[law].kurtosis
    return Experiment(
        statement(key),
        network,
        (population,),
        lambda arrays: arrays["largest"] ** 2,
        partial(_mean, law, network, _MARGIN * size.narrowness),
        parameters={"norm": norm, "participation": _participation(x), **given},
        detail=f"{law} weights, x = (3, 1, 1, 1, 3, ...)",
        twins=(
            scaled(3),
            _other_fourth("the constant of normal weights", 0),
            _other_fourth("the correction of the other sign", 1),
            other_parameters("all |x_i| equal", participation=sp.Rational(1, network.inputs)),
            rank_off_by_one(),
        ),
        remainder=partial(_remainder, law, network),
    )


def _weights(size: Size) -> Iterator[Experiment]:
    cases = [("laplace", 16, 9)]
    cases += [("truncated", 8, 10), ("uniform", 12, 7)] if size.deep else []
    networks = [(law, Network(n, (4,), 1, rank, _C, "zero")) for law, n, rank in cases]
    if size.network is not None:
        networks = [(law, own) for own in size.networks([networks[0][1]]) for law in _SAMPLED]
    for law, network in networks:
        variance = network.c / network.inputs
        population = WeightedUnits(law, _inputs(network), network.rank, variance)
        yield _experiment("init.weights.second_moment", law, network, population, size)


_SAMPLED = ("uniform", "truncated", "laplace")


def _uniform(size: Size) -> Iterator[Experiment]:
    for network in size.networks(
        [Network(8, (4,), 1, 12, bias="zero")], [Network(12, (4,), 1, 20, bias="zero")]
    ):
        if network.c != network.but(c=None).c:
            raise DoesNotApplyError("it is sampled at the initializer's own c = 1/M_K (--c)")
        population = InitializedUnits(network.rank, _inputs(network))
        yield _experiment("init.uniform", "uniform", network, population, size)


EXPERIMENTS: dict[str, Builder] = {
    "init.weights.second_moment": _weights,
    "init.uniform": _uniform,
}
