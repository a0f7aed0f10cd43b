"""The law of r^2 on a logarithmic grid, and the grid of lengths."""

import numpy as np
import pytest
import sympy as sp
from scipy.special import digamma, polygamma

from maxout.numerics.balls.evaluator import enclose
from maxout.numerics.jacobian.length_grid import LengthGrid
from maxout.numerics.order.norm_law import STEP, log_law, stencil
from maxout.theory.errors import MaxoutError
from maxout.theory.order.norm import SquaredNormMoment


def test_stencil_reproduces_polynomials_and_points() -> None:
    rng = np.random.default_rng(0)
    for offset in (*rng.uniform(-50, 50, 5), 7.0):
        first, weights = stencil(np.array(offset))
        nodes = np.arange(int(first), int(first) + len(weights))
        for degree in range(10):
            exact = (offset / 50) ** degree
            assert abs(weights @ (nodes / 50) ** degree - exact) < 1e-13
    first, weights = stencil(np.array(7.0))
    assert weights[7 - int(first)] == 1
    assert np.count_nonzero(weights) == 1


@pytest.mark.parametrize("rank", [1, 2, 3, 100, 10**6, 10**15])
@pytest.mark.parametrize("width", [1, 2, 7, 1000, 10**9])
def test_moments_of_the_rule(rank, width) -> None:
    law = log_law(rank, width)
    assert abs(law.weights.sum() - 1) < 1e-14
    # r^8 = e^{4z} is as large at the edge of the strip of analyticity as the stencil allows.
    for order, tolerance in ((1, 2e-14), (2, 2e-14), (3, 2e-14), (4, 1e-13)):
        moment = SquaredNormMoment(sp.Integer(rank), sp.Integer(width), sp.Integer(order))
        exact = float(enclose(moment, {}, 17))
        assert abs(law.tilted(order).weights.sum() / exact - 1) < tolerance


@pytest.mark.parametrize("width", [1, 2, 5, 64])
def test_logarithms_of_a_chi_square(width) -> None:
    law = log_law(2, width)
    mean = law.points @ law.weights
    assert abs(mean - np.log(2) - digamma(width / 2)) < 1e-12
    assert abs((law.points - mean) ** 2 @ law.weights - polygamma(1, width / 2)) < 1e-11


def test_resolutions_agree_on_a_smooth_function() -> None:
    for rank, width in ((3, 1), (5, 20), (10**6, 3)):
        values = []
        for refine in (1, 2):
            law = log_law(rank, width, refine)
            values.append(law.weights @ (1 / (1 + np.exp(-law.points))))
        assert abs(values[0] - values[1]) < 1e-14


def test_grid_averages_and_its_transpose() -> None:
    grid = LengthGrid()
    law = log_law(3, 4)
    log_x = np.array([-np.inf, -3.0, 0.37, 5.0])
    log_scale = np.log(0.4)
    values = 1 / (1 + np.exp(-grid.points))
    places = grid.places(float(log_scale), log_x)
    found = grid.expect(law, places, values)
    there = np.logaddexp(0, log_x)[:, None] + log_scale + law.points
    assert np.allclose(found, (1 / (1 + np.exp(-there))) @ law.weights, rtol=0, atol=1e-13)
    masses = np.array([0.1, 0.2, 0.3, 0.4])
    pushed = grid.push(law, places, masses)
    assert abs(pushed.sum() - 1) < 1e-13
    assert abs(pushed @ values - masses @ found) < 1e-14


def test_grid_is_constant_beyond_its_ends() -> None:
    grid = LengthGrid()
    assert grid.points[0] == pytest.approx(-42)
    values = np.linspace(0, 1, grid.size)
    law = log_law(2, 3)
    far = grid.expect(law, grid.places(500.0, np.array([0.0])), values)
    assert far[0] == pytest.approx(1, abs=1e-14)


def test_bad_arguments() -> None:
    with pytest.raises(MaxoutError, match="rank must be"):
        log_law(0, 3)
    with pytest.raises(MaxoutError, match="widths must be"):
        log_law(3, 0)
    assert STEP == 0.1
