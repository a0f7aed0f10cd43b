"""Pooled windows: values of the text, ends, monotony, and stages."""

import pytest
import sympy as sp
from flint import ctx

import maxout
from maxout.numerics.activation.pooled_balls import pooled_ball
from maxout.numerics.activation.pooled_stack import stages
from maxout.numerics.balls.evaluator import ball, enclose
from maxout.numerics.balls.precision import PrecisionError
from maxout.theory.activation.pooling import PooledMoment, PooledProduct
from maxout.theory.errors import DomainError
from maxout.theory.kernels.infinite_width import MaxKernel
from maxout.theory.order.moments import LargestNormalMoment


def moment(rank, cells, rho, digits=15):
    return enclose(PooledMoment(rank, cells, sp.Rational(str(rho))), {}, digits)


@pytest.mark.parametrize(
    ("rank", "cells", "rho", "value"),
    [
        (5, 4, 0, 3.7632),
        (5, 4, 0.5, 3.3692),
        (5, 4, 0.9, 2.5545),
        (5, 4, 1, 1.8000),
        (2, 4, 0.93, 1.3409),
    ],
)
def test_known_values(rank, cells, rho, value) -> None:
    found = moment(rank, cells, rho)
    assert found.certified
    assert float(found) == pytest.approx(value, abs=5.1e-5)


@pytest.mark.parametrize(("rank", "cells"), [(2, 3), (5, 4)])
def test_it_falls_from_independent_cells_to_one(rank, cells) -> None:
    rhos = (0, 1e-9, 0.1, 0.3, 0.499999, 0.5, 0.8, 0.99, 0.999999, 1)
    values = [moment(rank, cells, rho) for rho in rhos]
    for before, after in zip(values, values[1:], strict=False):
        assert before.lower > after.upper
    assert values[0].overlaps(enclose(LargestNormalMoment(rank * cells, 2), {}, 15))
    assert values[-1].overlaps(enclose(LargestNormalMoment(rank, 2), {}, 15))


def test_one_piece_in_two_cells_is_constant() -> None:
    for rho in (0.2, 0.5, 0.9):
        assert 1 in moment(1, 2, rho, 25)


@pytest.mark.parametrize("rho", ["1/10", "1/2", "49/50"])
def test_the_radius_covers_the_error_at_every_precision(rho) -> None:
    with ctx.workprec(220):
        truth = pooled_ball(3, 4, _ball(rho))
    for bits in (40, 53, 90, 140):
        with ctx.workprec(bits):
            found = pooled_ball(3, 4, _ball(rho))
        assert found.overlaps(truth)
        assert found.rel_accuracy_bits() >= bits - 6


def _ball(rho):
    return ball(sp.Rational(rho), {})


@pytest.mark.parametrize("rho", ["3/10", "1/2", "9/10"])
def test_windows_of_one_cell_are_pairs_of_units(rho) -> None:
    rho = sp.Rational(rho)
    for rank in (2, 5):
        pooled = enclose(PooledProduct(rank, 1, rho), {}, 15)
        kernel = enclose(MaxKernel(rank, rho), {}, 15)
        assert float(pooled) == pytest.approx(float(kernel), rel=1e-13)


def test_the_two_ways_of_a_product_meet() -> None:
    """At 1/2 the integrand changes; N is smooth there."""
    below, at, above = (
        float(enclose(PooledProduct(3, 4, sp.Rational(1, 2) + step), {}, 15))
        for step in (-sp.Rational(1, 10**6), 0, sp.Rational(1, 10**6))
    )
    assert abs(below + above - 2 * at) < 1e-11
    ends = [enclose(PooledProduct(3, 4, rho), {}, 15) for rho in (0, 1)]
    tiny = sp.Rational(1, 10**12)
    near = [enclose(PooledProduct(3, 4, rho), {}, 15) for rho in (tiny, 1 - tiny)]
    for end, close in zip(ends, near, strict=True):
        # Where the integrand is steep the estimate of the error grows, and says so.
        assert abs(float(close) - float(end)) < 1e-5 + float(close.radius)
        assert float(close.radius) < 1e-3


def test_stages_lose_length_and_gain_correlation() -> None:
    found = stages(5, 4, 0, 6)
    assert [round(stage.length, 2) for stage in found[:4]] == [1.0, 0.65, 0.36, 0.18]
    first = float(maxout.moment(20, 1)) ** 2 / float(maxout.moment(20, 2))
    assert found[1].correlation == pytest.approx(first, rel=1e-13)
    rhos = [stage.correlation for stage in found]
    assert rhos == sorted(rhos)
    assert rhos[-1] < 1
    # 1 - rho shrinks by about Var Xi_p/M_K.
    shrunk = (1 - rhos[5]) / (1 - rhos[4])
    variance = float(maxout.moment(4, 2)) - float(maxout.moment(4, 1)) ** 2
    assert shrunk == pytest.approx(variance / float(maxout.moment(5, 2)), rel=0.1)


def test_what_is_no_correlation_is_refused() -> None:
    for bad in (-2, -0.1, 1.1):
        with pytest.raises(DomainError, match="correlation must be a number from 0 to 1"):
            maxout.constant(5, window=4, correlation=bad)
    with pytest.raises(DomainError, match="stages must be an integer from 1 to 100"):
        stages(5, 4, 0.5, 0)
    with pytest.raises(PrecisionError, match="300,000 is the limit"):
        moment(10**6, 4, 0.5)
