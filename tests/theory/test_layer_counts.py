"""Regions of layers in the whole space: known coefficients, known counts."""

import math

import pytest
import sympy as sp

from maxout.numerics.balls.evaluator import enclose
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.regions.layer_counts import (
    AffineLayerRegions,
    LinearLayerRegions,
    face_coefficient,
)

COEFFICIENTS = {
    2: (1, 1),
    3: (1, 1.5, 0.5),
    4: (1, 1.82452034391, 1, 0.175479656092),
    5: (1, 2.06130085977, 1.45107655814, 0.43869914023, 0.0489234418),
}


@pytest.mark.parametrize("rank", COEFFICIENTS)
def test_coefficients(rank: int) -> None:
    found = [float(enclose(face_coefficient(sp.Integer(rank), g))) for g in range(rank)]
    assert found == pytest.approx(COEFFICIENTS[rank], abs=1e-10)  # as many decimals


@pytest.mark.parametrize("rank", [2, 3, 4, 5, 8, 13])
def test_they_add_up_to_the_rank_and_the_second_is_a_mean(rank: int) -> None:
    balls = [enclose(face_coefficient(sp.Integer(rank), g)).ball for g in range(rank)]
    assert sum(balls).overlaps(rank + 0 * balls[0])
    mean = enclose(sp.sqrt(sp.pi) * LargestNormalMoment(sp.Integer(rank), 1)).ball
    assert balls[1].overlaps(mean)


CASES = {  # (K, n, d): with gaussian biases, without
    (3, 4, 2): (22.5, 12),
    (4, 3, 2): (19.4601844877, 10.9471220634),
    (3, 3, 3): (21.625, 18.5),
    (5, 2, 3): (19.1333250645, 16.3022287015),
    (4, 3, 3): (37.0073447403, 27.973246912),
    (5, 20, 10): (2568062249.04, None),
}


@pytest.mark.parametrize(("K", "n", "d"), CASES)
def test_counts(K: int, n: int, d: int) -> None:
    for function, known in zip(
        (AffineLayerRegions, LinearLayerRegions), CASES[K, n, d], strict=True
    ):
        if known is not None:
            found = enclose(function(sp.Integer(K), sp.Integer(n), sp.Integer(d)))
            assert float(found) == pytest.approx(known, rel=1e-11)
            assert found.certified


@pytest.mark.parametrize("n", [1, 4, 7])
@pytest.mark.parametrize("d", [1, 2, 5])
def test_rank_2_is_an_arrangement_of_hyperplanes(n: int, d: int) -> None:
    arguments = (sp.Integer(2), sp.Integer(n), sp.Integer(d))
    assert AffineLayerRegions(*arguments).doit() == sum(math.comb(n, j) for j in range(d + 1))
    central = 2 * sum(math.comb(n - 1, j) for j in range(d))
    assert LinearLayerRegions(*arguments).doit() == (central if n >= d else 2**n)


def test_closed_forms_and_balls_agree() -> None:
    for function in (AffineLayerRegions, LinearLayerRegions):
        expr = function(sp.Integer(4), sp.Integer(3), sp.Integer(2))
        assert expr.doit() != expr
        assert enclose(expr).ball.overlaps(enclose(expr.doit()).ball)
    assert AffineLayerRegions(sp.Symbol("K", integer=True, positive=True), 2, 2).doit().args[1] == 2
