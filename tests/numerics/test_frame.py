"""E ln r, Var ln r and E 1/r against digammas, direct integrals, the grid's rule and the theory."""

import math

import mpmath
import numpy as np
import pytest
import sympy as sp
from scipy.special import digamma, gammaln, polygamma

from maxout.numerics.order.norm_law import log_law
from maxout.numerics.order.norm_logarithms import inverse_norm_mean, log_norm_mean, norm_statistics
from maxout.theory.errors import MaxoutError


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("width", [1, 2, 3, 10, 1000, 10**6])
def test_ranks_one_and_two_are_chi_squares(rank, width) -> None:
    found = norm_statistics(rank, width)
    assert abs(found.log_mean - (math.log(2) + digamma(width / 2)) / 2) < found.error
    assert abs(found.log_variance - polygamma(1, width / 2) / 4) < found.error
    if width > 1:
        exact = math.exp(gammaln((width - 1) / 2) - gammaln(width / 2)) / math.sqrt(2)
        # gammaln itself loses the digits of its size
        assert abs(found.inverse_mean / exact - 1) < found.error + 4e-16 * gammaln(width + 2)


def largest_density(rank: int, x: mpmath.mpf) -> mpmath.mpf:
    return rank * mpmath.npdf(x) * mpmath.ncdf(x) ** (rank - 1)


@pytest.mark.parametrize("rank", [3, 5, 20])
def test_one_unit_by_the_defining_integral(rank) -> None:
    def mean(f):
        def both(x):
            return f(mpmath.log(x)) * (largest_density(rank, x) + largest_density(rank, -x))

        return mpmath.quad(both, [0, 1e-6, 1e-3, 0.1, 1, 2, 4, 12])

    found = norm_statistics(rank, 1)
    first = mean(lambda v: v)
    assert abs(found.log_mean - first) < 1e-12
    assert abs(found.log_variance - (mean(lambda v: v * v) - first**2)) < 1e-11
    assert found.inverse_mean == math.inf


def test_two_units_in_the_plane() -> None:
    """Polar coordinates by a fine double sum: the angle is periodic, the radius a power of e."""
    rank = 3
    v = np.arange(-40, 3, 0.05)
    angle = 2 * np.pi * (np.arange(400) + 0.5) / 400
    radius = np.exp(v)[:, None]
    from scipy.special import log_ndtr

    x, y = radius * np.cos(angle), radius * np.sin(angle)
    log_density = -(radius**2) / 2 + (rank - 1) * (log_ndtr(x) + log_ndtr(y))
    masses = (rank**2 / (2 * np.pi) * np.exp(log_density) * radius**2).sum(axis=1)
    masses *= 0.05 * 2 * np.pi / 400
    assert abs(masses.sum() - 1) < 1e-12
    found = norm_statistics(rank, 2)
    assert abs(found.log_mean - masses @ v) < 1e-12
    assert abs(found.inverse_mean / (masses @ np.exp(-v)) - 1) < 1e-12


@pytest.mark.parametrize("rank", [3, 7, 1000, 10**15])
@pytest.mark.parametrize("width", [1, 4, 33, 10**4])
def test_against_the_rule_on_the_grid(rank, width) -> None:
    """No code is shared: powers of a Laplace transform here, sums of masses there."""
    found = norm_statistics(rank, width)
    law = log_law(rank, width)
    mean = law.points @ law.weights
    assert abs(2 * found.log_mean - mean) < 2e-13 * max(1, mean)
    spread = (law.points - mean) ** 2 @ law.weights
    assert abs(4 * found.log_variance - spread) < 1e-12


def test_theory_evaluates_the_same_numbers() -> None:
    from maxout.theory.order.norm import InverseNormMean, LogNormMean

    exact = LogNormMean(sp.Integer(3), sp.Integer(2)).evalf(8)
    assert abs(log_norm_mean(3, 2) - float(exact)) < 1e-8
    exact = InverseNormMean(sp.Integer(3), sp.Integer(4)).evalf(8)
    assert abs(inverse_norm_mean(3, 4) - float(exact)) < 1e-8


def test_large_rank_and_width() -> None:
    for rank, width in ((10**15, 10**9), (10**15, 1), (1, 10**9)):
        found = norm_statistics(rank, width)
        assert found.error < 1e-13
        assert math.isfinite(found.log_mean)
        assert found.log_variance > 0


def test_bad_arguments() -> None:
    with pytest.raises(MaxoutError, match="rank must be"):
        norm_statistics(0, 3)
    with pytest.raises(MaxoutError, match="widths must be"):
        norm_statistics(3, 0)
