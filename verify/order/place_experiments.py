"""Experiments on order statistics of any place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

from maxout.theory.order.places import CLOSED_PRODUCTS
from maxout.verify.decisions.estimands import Mean
from maxout.verify.experiment import (
    Builder,
    Experiment,
    Size,
    other_parameters,
    rank_off_by_one,
    scaled,
    statement,
)
from maxout.verify.facts import placed_moment
from maxout.verify.order.order_experiments import off, unit
from maxout.verify.order.units import Ordered
from maxout.verify.sampling.populations import Arrays

_MARGINS = {1: 0.01, 2: 0.01, 3: 0.02}
_PRODUCT_MARGIN = 0.01
"""Absolute: of numbers of the size of one."""


def _power(arrays: Arrays, place: int, order: int) -> object:
    return arrays["places"][:, place - 1] ** order


def _product(arrays: Arrays, place: int, other: int) -> object:
    return arrays["places"][:, place - 1] * arrays["places"][:, other - 1]


def _moment_of(rank: int, place: int, order: int, share: float) -> Mean:
    mean, square = (placed_moment(place, rank, t) for t in (order, 2 * order))
    return Mean(mean, square - mean**2, share, signed=True)


def _product_of(rank: int, place: int, other: int, margin: float) -> Mean:
    # E X^2 Y^2 is at most the root of E X^4 E Y^4.
    square = math.sqrt(placed_moment(place, rank, 4) * placed_moment(other, rank, 4))
    return Mean(1.0, square, margin, signed=True)


def _moments(size: Size) -> Iterator[Experiment]:
    for rank, place in ((5, 4),) + (((6, 5), (9, 2)) if size.deep else ()):
        for order in (1, 2, 3):
            yield Experiment(
                statement("order.place.moment"),
                unit(rank),
                (Ordered(rank),),
                partial(_power, place=place, order=order),
                partial(_moment_of, rank, place, order, _MARGINS[order] * size.narrowness),
                order=order,
                parameters={"place": place},
                detail=f"place {place} of {rank} normals",
                twins=(
                    off(_MARGINS[order]),
                    rank_off_by_one(),
                    other_parameters("r - 1 instead of r", place=place - 1),
                ),
            )


def _products(size: Size) -> Iterator[Experiment]:
    for rank, place, other in ((5, 2, 3),) + (((5, 1, 5), (6, 3, 4)) if size.deep else ()):
        yield Experiment(
            statement("order.place.product"),
            unit(rank),
            (Ordered(rank),),
            partial(_product, place=place, other=other),
            partial(_product_of, rank, place, other, _PRODUCT_MARGIN * size.narrowness),
            parameters={"place": place, "other_place": other},
            detail=f"places {place} and {other} of {rank} normals",
            twins=(
                scaled(20),
                *([rank_off_by_one()] if rank < CLOSED_PRODUCTS else []),
                other_parameters("s - r one more", place=place, other_place=other + 1)
                if other < rank
                else other_parameters("s - r one less", place=place, other_place=other - 1),
            ),
        )


def _neighbours(size: Size) -> Iterator[Experiment]:
    for rank in (5,) + ((3, 9) if size.deep else ()):
        yield Experiment(
            statement("order.place.neighbours"),
            unit(rank),
            (Ordered(rank),),
            partial(_product, place=rank - 1, other=rank),
            partial(_product_of, rank, rank - 1, rank, 2 * _PRODUCT_MARGIN * size.narrowness),
            detail=f"the two largest of {rank} normals",
            twins=(scaled(10), rank_off_by_one()),
        )


EXPERIMENTS: dict[str, Builder] = {
    "order.place.moment": _moments,
    "order.place.product": _products,
    "order.place.neighbours": _neighbours,
}
