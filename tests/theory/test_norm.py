"""Moments, logarithms and reciprocals of the norm of independent largest normals."""

import mpmath
import pytest
import sympy as sp

from maxout.numerics.order.norm_evalf import laplace
from maxout.theory.errors import MaxoutError
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.order.norm import (
    InverseNormMean,
    LogNormMean,
    SquaredNormMoment,
    chi2_moment,
)
from maxout.theory.symbols import K

m = sp.Symbol("m", integer=True, positive=True)


def test_chi_square_moments() -> None:
    assert chi2_moment(m, 0) == 1
    assert sp.expand(chi2_moment(m, 3) - m * (m + 2) * (m + 4)) == 0


@pytest.mark.parametrize("units", [1, 2, 3, 5])
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_powers_of_a_sum_by_the_multinomial_theorem(units, order) -> None:
    def compositions(total, parts):
        if parts == 1:
            yield (total,)
            return
        for first in range(total + 1):
            for rest in compositions(total - first, parts - 1):
                yield (first, *rest)

    exact = sum(
        sp.multinomial_coefficients(units, order)[powers]
        * sp.Mul(*(LargestNormalMoment(K, 2 * p) if p else 1 for p in powers))
        for powers in compositions(order, units)
    )
    found = SquaredNormMoment(K, sp.Integer(units), sp.Integer(order)).doit(deep=False)
    assert sp.expand(found - exact) == 0


def test_low_ranks_are_chi_squares() -> None:
    for rank in (1, 2):
        assert SquaredNormMoment(sp.Integer(rank), m, sp.Integer(3)) == chi2_moment(m, 3)
        assert LogNormMean(rank, m) == (sp.log(2) + sp.digamma(m / 2)) / 2
    assert InverseNormMean(sp.Integer(5), sp.Integer(1)) == sp.oo


def test_bad_order() -> None:
    with pytest.raises(MaxoutError, match="order of a norm's moment"):
        SquaredNormMoment(K, m, sp.Rational(1, 2))


@pytest.mark.parametrize("rank", [1, 3, 8])
@pytest.mark.parametrize("s", [0, 0.3, 20])
def test_laplace_transform_by_its_definition(rank, s) -> None:
    def f(x):
        return mpmath.exp(-s * x * x) * rank * mpmath.npdf(x) * mpmath.ncdf(x) ** (rank - 1)

    exact = mpmath.quad(f, [-12, -2, -0.5, 0, 0.5, 2, 12])
    assert abs(laplace(rank, mpmath.mpf(s)) - exact) < 1e-13


def test_the_logarithm_of_one_unit_by_direct_integration() -> None:

    def density(x):
        return 3 * mpmath.npdf(x) * mpmath.ncdf(x) ** 2

    exact = mpmath.quad(
        lambda x: mpmath.log(x) * (density(x) + density(-x)), [0, 1e-6, 1e-2, 1, 4, 12]
    )
    assert abs(LogNormMean(sp.Integer(3), sp.Integer(1)).evalf(12) - exact) < 1e-11


def test_prints() -> None:
    for function in (LogNormMean(K, m), InverseNormMean(K, m), SquaredNormMoment(K, m, 3)):
        assert r"\Xi_{K}" in sp.latex(function)
        assert "^{2}" in sp.latex(function**2)
        assert function.evalf() == function  # a symbol has no value
