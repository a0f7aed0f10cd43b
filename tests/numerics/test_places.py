"""Moments of any place: quadrature against the sum over largest ones, and what they add up to."""

import numpy as np
import pytest
import sympy as sp
from flint import arb, ctx
from scipy.special import ndtri

from maxout.numerics.balls.evaluator import enclose
from maxout.numerics.order.placed_balls import placed_ball
from maxout.theory.errors import DomainError, OutOfReachError
from maxout.theory.order.places import PlacedMoment, PlacedProduct, moment_by_largest


@pytest.mark.parametrize(
    ("place", "rank", "order"),
    [(1, 2, 1), (2, 3, 2), (4, 5, 3), (3, 9, 4), (7, 9, 5), (20, 50, 2), (99, 100, 1)],
)
def test_the_quadrature_is_the_sum_over_largest_ones(place, rank, order) -> None:
    alone = enclose(PlacedMoment(place, rank, order), {}, 30)
    added = enclose(moment_by_largest(*map(sp.Integer, (place, rank, order))), {}, 30)
    assert alone.certified
    assert added.certified
    assert alone.overlaps(added)


@pytest.mark.parametrize("bits", [53, 80, 200])
@pytest.mark.parametrize(("place", "rank", "order"), [(2, 3, 2), (4, 5, 1), (9, 14, 3)])
def test_the_radius_covers_the_error_at_every_precision(bits, place, rank, order) -> None:
    with ctx.workprec(400):
        truth = placed_ball(place, rank, order)
    with ctx.workprec(bits):
        found = placed_ball(place, rank, order)
    assert found.contains(truth) or found.overlaps(truth)
    assert found.rel_accuracy_bits() >= bits - 4


@pytest.mark.parametrize("rank", [2, 3, 5, 8, 31])
def test_all_places_together_are_the_normals_themselves(rank) -> None:
    """Sums of X_{r:K}^2 and ^4 over the places are K and 3K."""
    for order, one in ((2, 1), (4, 3)):
        total = sum(PlacedMoment(r, rank, order) for r in range(1, rank + 1))
        assert rank * one in enclose(total, {}, 25)


@pytest.mark.parametrize("rank", [2, 3, 4, 5, 6])
def test_a_row_of_products_adds_up_to_one(rank) -> None:
    """The mean of the normals is independent of their differences."""
    for r in range(1, rank + 1):
        others = [PlacedProduct(min(r, s), max(r, s), rank) for s in range(1, rank + 1) if s != r]
        assert 1 in enclose(sp.Add(PlacedMoment(r, rank, 2), *others), {}, 15)


@pytest.mark.parametrize("rank", [2, 3, 4, 5, 6])
def test_a_product_is_that_of_the_mirrored_places(rank) -> None:
    for r in range(1, rank):
        for s in range(r + 1, rank + 1):
            here = enclose(PlacedProduct(r, s, rank), {}, 15)
            assert here.overlaps(enclose(PlacedProduct(rank + 1 - s, rank + 1 - r, rank), {}, 15))


def test_many_normals() -> None:
    """The second largest of 10^5 lies between quantiles about 3/2 of 10^5 from above."""
    found = float(enclose(PlacedMoment(99_999, 10**5, 1), {}, 15))
    assert -ndtri(2 / 10**5) < found < -ndtri(1 / 10**5)
    below = float(enclose(PlacedMoment(99_998, 10**5, 1), {}, 15))
    assert below < found


def test_what_is_no_place_is_refused() -> None:
    for arguments in ((0, 3, 1), (4, 3, 1), (1, 3, 0)):
        with pytest.raises(DomainError, match="1 <= r <= K"):
            PlacedMoment(*arguments)
    for arguments in ((2, 2, 3), (3, 2, 3), (1, 4, 3)):
        with pytest.raises(DomainError, match="1 <= r < s <= K"):
            PlacedProduct(*arguments)
    with pytest.raises(OutOfReachError, match="up to K = 6"):
        enclose(PlacedProduct(1, 2, 7), {}, 15)


def test_symbolic_ones_print() -> None:
    r, s, K = sp.symbols("r s K", integer=True, positive=True)
    assert sp.latex(PlacedMoment(r, K, 2)) == r"\mathbb{E}\left[X_{r:K}^{2}\right]"
    assert str(PlacedProduct(r, s, K)) == "E[X_{r:K} X_{s:K}]"
    assert str(sp.N(PlacedMoment(7, 10, 4), 20)) == "0.23538734996239153605"
    assert np.isclose(float(sp.N(PlacedProduct(1, 3, 5), 15)), 0.148147725239)
    assert placed_ball(2, 3, 1) == arb(0)
