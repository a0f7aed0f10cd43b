"""Experiments on the probabilities behind the moments: reductions and closed forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from maxout.theory.order.orthant import HalfNormalProbability, HalfNormalSurvival
from maxout.verify import facts
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    Twin,
    other_parameters,
    rewritten,
    statement,
)
from maxout.verify.order.order_experiments import SHARE_MARGIN, mean_of_power, off, share_of, unit
from maxout.verify.order.units import Equicorrelated, Extremes, HalfNormals
from maxout.verify.sampling.populations import Arrays


def _array(arrays: Arrays, name: str) -> np.ndarray:
    return arrays[name]


def _probability(
    key: str,
    population: type[Equicorrelated] | type[HalfNormals],
    settings: tuple[tuple[int, float], ...],
    array: str,
    chance: Callable[..., float],
    twins: tuple[Twin, ...] = (),
    names: tuple[str, ...] = ("m", "rho"),
    pairs: int = 0,
) -> Builder:
    """The share of samples in which all of so many normals are positive, or below or above Y.

    Args:
      chance: of the event, from other facts; takes the number of normals and the correlation.
      settings: pairs (number of normals, correlation); the quick suite takes the first.
      names: the parameters that the statement has, of m and rho.
      pairs: 2 where the statement is about 2m or 2m+1 normals; m is then half of their number.
    """

    def build(size: Size) -> Iterator[Experiment]:
        for number, correlation in settings if size.deep else settings[:1]:
            parameters: dict[str, Any] = {"m": number // pairs if pairs else number}
            parameters["rho"] = correlation
            given = {name: parameters[name] for name in names}
            more = (
                (other_parameters("m + 1 instead of m", m=given["m"] + 1),) if "m" in given else ()
            )
            yield Experiment(
                statement(key),
                unit(1),
                (population(number, correlation),),
                partial(_array, name=array),
                partial(share_of, chance, number, correlation, size=size),
                parameters=given,
                detail=f"{number} normals, rho = {correlation}",
                twins=(off(SHARE_MARGIN), *twins, *more),
            )

    return build


def _without_powers(right: sp.Expr) -> sp.Expr:
    """The dilogarithms of X^2 and X^3 left out; that of X e^{i theta} stays."""
    return right.replace(
        lambda e: isinstance(e, sp.polylog) and not e.args[1].has(sp.I), lambda e: sp.Integer(0)
    )


_POWERS = rewritten("the dilogarithms of powers of X left out", _without_powers)


_LARGEST = rewritten(
    "A_m instead of B_m",
    lambda right: right.replace(HalfNormalSurvival, HalfNormalProbability),
)


def _smallest(size: Size) -> Iterator[Experiment]:
    for rank in size.ranks((5,), (4, 9)):
        yield mean_of_power(
            "order.chi2_smallest.mean.reduced",
            Extremes(rank),
            "chi2_smallest",
            1,
            size,
            (off(0.01), _LARGEST),
        )


_above = partial(facts.half_normal, above=True)
_FOUR = ((4, 0.25), (4, 0.5), (4, 0.7))
_THREE = ((3, 0.25), (3, 0.6))

EXPERIMENTS: dict[str, Builder] = {
    "order.orthant.odd": _probability(
        "order.orthant.odd",
        Equicorrelated,
        ((5, 0.25), (7, 0.3)),
        "positive",
        facts.orthant,
        pairs=2,
    ),
    "order.orthant.half": _probability(
        "order.orthant.half",
        Equicorrelated,
        ((4, 0.5), (9, 0.5)),
        "positive",
        facts.orthant,
        names=("m",),
    ),
    "order.orthant.four": _probability(
        "order.orthant.four",
        Equicorrelated,
        _FOUR,
        "positive",
        facts.orthant,
        (_POWERS,),
        names=("rho",),
    ),
    "order.half_normal.even": _probability(
        "order.half_normal.even",
        HalfNormals,
        ((4, 0.25), (6, 0.3)),
        "below",
        facts.half_normal,
        pairs=2,
    ),
    "order.half_normal.half": _probability(
        "order.half_normal.half",
        HalfNormals,
        ((4, 0.5), (9, 0.5)),
        "below",
        facts.half_normal,
        names=("m",),
    ),
    "order.half_normal.three": _probability(
        "order.half_normal.three",
        HalfNormals,
        _THREE,
        "below",
        facts.half_normal,
        (_POWERS,),
        names=("rho",),
    ),
    "order.half_normal.survival": _probability(
        "order.half_normal.survival", HalfNormals, ((4, 0.25), (3, 0.6)), "above", _above
    ),
    "order.chi2_smallest.mean.reduced": _smallest,
}
