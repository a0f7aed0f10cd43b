"""kappa_K and q_K in float64: closed forms, identities, the audit, bad input."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial.legendre import leggauss
from scipy.special import ndtr

from maxout.numerics.kernels import ACCURACY, KernelAccuracyError, kappa, winner, winner_table
from maxout.numerics.kernels.angle_integral import winner_integral
from maxout.numerics.kernels.winner_table import kernel_table
from maxout.theory.errors import MaxoutError

RHO = np.concatenate([np.linspace(-1, 1, 401), np.cos(np.logspace(-6, 0, 50))])


def test_rank_1_is_the_linear_kernel_without_rounding():
    # 1 - (1 - rho) rounds once below one half.
    assert np.max(np.abs(kappa(1, RHO) - RHO)) <= 2**-53
    assert np.all(winner(1, RHO) == 1)


def test_rank_2_closed_form():
    q = 0.5 + np.arcsin(RHO) / np.pi
    exact = RHO / 2 + (np.sqrt((1 - RHO) * (1 + RHO)) + RHO * np.arcsin(RHO)) / np.pi
    assert np.max(np.abs(winner(2, RHO) - q)) < ACCURACY
    assert np.max(np.abs(kappa(2, RHO) - exact)) < ACCURACY


def test_rank_3_closed_form():
    q = 1 / 3 + 0.75 / np.pi**2 * (np.arccos(-RHO) ** 2 - np.arccos(RHO / 2) ** 2)
    smooth = np.sqrt((1 - RHO) * (1 + RHO)) * np.arccos(-RHO)
    smooth += np.sqrt(4 - RHO**2) * np.arccos(RHO / 2)
    assert np.max(np.abs(winner(3, RHO) - q)) < ACCURACY
    assert np.max(np.abs(kappa(3, RHO) - (RHO * q + 1.5 / np.pi**2 * smooth))) < ACCURACY


@pytest.mark.parametrize("rank", [4, 16, 17, 100, 1000])
def test_the_derivative_of_kappa_is_the_winner_probability(rank):
    """Central difference of eighth order in the angle, where kappa is smooth up to both ends.

    Rounding 1e-15 M_K over the step leaves about 1e-13 M_K.
    """
    theta = np.linspace(0.3, np.pi - 0.3, 101)
    step = 0.02
    weights = np.array([4 / 5, -1 / 5, 4 / 105, -1 / 280])
    slope = sum(
        w * (kappa(rank, np.cos(theta + k * step)) - kappa(rank, np.cos(theta - k * step)))
        for k, w in enumerate(weights, start=1)
    ) / -(step * np.sin(theta))
    assert np.max(np.abs(slope - winner(rank, np.cos(theta)))) < 3e-12
    assert np.max(np.abs(slope - winner(rank + 1, np.cos(theta)))) > 1e-5  # known wrong


@pytest.mark.parametrize("rank", [2, 3, 5, 50, 4096])
def test_values_at_the_special_correlations(rank):
    second, mean = kappa(rank, 1.0), np.sqrt(kappa(rank, 0.0))
    # Independent route: the largest normal's moments by Gauss-Legendre of its density.
    x, weights = leggauss(600)
    x, weights = 10 * x + 2, 10 * weights  # from -8 to 12
    others = np.exp((rank - 1) * np.log1p(-ndtr(-x)))
    density = rank * np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * others
    assert mean == pytest.approx(np.sum(weights * x * density), rel=1e-12)
    assert second == pytest.approx(np.sum(weights * x * x * density), rel=1e-12)
    assert winner(rank, 0.0) == pytest.approx(1 / rank, abs=ACCURACY)
    assert abs(winner(rank, 1.0) - 1) < ACCURACY
    assert abs(winner(rank, -1.0)) < ACCURACY
    # Near 1: q = 1 - (E Xi/sqrt(pi)) theta + O(theta^2).
    assert (1 - winner(rank, np.cos(1e-4))) / 1e-4 == pytest.approx(mean / np.sqrt(np.pi), rel=1e-3)


@pytest.mark.parametrize("rank", [2, 5, 100])
def test_simulated_pairs(rank):
    rng = np.random.default_rng(rank)
    rho, count = 0.6, 400_000 // rank
    x = rng.standard_normal((count, rank))
    y = rho * x + np.sqrt(1 - rho**2) * rng.standard_normal((count, rank))
    same = x.argmax(1) == y.argmax(1)
    product = x.max(1) * y.max(1)
    for sample, function in ((same, winner), (product, kappa)):
        error = np.std(sample) / np.sqrt(count)
        assert abs(np.mean(sample) - function(rank, rho)) < 4.5 * error
    assert abs(np.mean(same) - winner(rank, rho - 0.1)) > 4.5 * np.std(same) / np.sqrt(count)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(rank=st.sampled_from([2, 3, 4, 7, 16, 17, 128, 129]), theta=st.floats(1e-3, np.pi - 1e-3))
def test_the_table_agrees_with_the_integral_at_any_angle(rank, theta):
    exact = winner_integral(rank, theta, shift=0.6)
    assert abs(kernel_table(rank).winner(np.array([theta]))[0] - exact) < ACCURACY


@settings(derandomize=True, deadline=None, max_examples=40)
@given(rank=st.integers(2, 12), rho=st.floats(-1, 1))
def test_bounds_and_order_in_the_rank(rank, rho):
    q, k = winner(rank, rho), kappa(rank, rho)
    assert -ACCURACY <= q <= 1 + ACCURACY
    assert k <= kappa(rank, 1.0)
    assert winner(rank + 1, rho) <= q + ACCURACY


def test_shapes_and_scalars():
    grid = RHO[:450].reshape(3, 5, 30)
    assert kappa(5, grid).shape == grid.shape
    assert np.array_equal(kappa(5, grid).ravel(), kappa(5, grid.ravel()))
    assert np.array_equal(winner(5, grid[::-1, ::2]), winner(5, grid)[::-1, ::2])
    assert np.ndim(kappa(5, 0.3)) == 0
    assert kappa(5, []).shape == (0,)


def test_rounding_outside_is_clipped_and_more_is_refused():
    assert kappa(4, 1 + 1e-13) == kappa(4, 1.0)
    assert winner(4, [-1 - 1e-13])[0] == winner(4, -1.0)
    for bad in (1.001, -1.001, np.nan, np.inf, [0.1, np.nan]):
        with pytest.raises(MaxoutError, match="rho must be a correlation"):
            kappa(4, bad)
    for bad in ("a", [[1], [1, 2]], 1j):
        with pytest.raises(MaxoutError, match="rho must be a real number"):
            winner(4, bad)


@pytest.mark.parametrize("rank", [0, -1, 2.5, 10_001, True, "3", None])
def test_ranks_outside_the_domain(rank):
    with pytest.raises(MaxoutError, match="rank must be an integer from 1 to 10,000"):
        kappa(rank, 0.5)


def test_the_audit_refuses_a_table_that_is_off(monkeypatch):
    """A lattice three times too coarse, and a mean that is off in its twelfth digit."""
    kernel_table.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr("maxout.numerics.kernels.angle_integral._STEPS", ((10**5, 3 / 4),))
        with pytest.raises(KernelAccuracyError, match="rank 10 failed its audit"):
            kappa(10, 0.5)
    moments = winner_table.mean_and_second_moment
    with monkeypatch.context() as patch:
        patch.setattr(
            winner_table, "mean_and_second_moment", lambda k: (moments(k)[0] + 1e-12, moments(k)[1])
        )
        with pytest.raises(KernelAccuracyError, match="Var Xi"):
            kappa(10, 0.5)
    assert np.isfinite(kappa(10, 0.5))


def test_every_table_keeps_its_audit():
    audit = kernel_table(6).audit
    assert len(audit) >= 8
    assert all(f.error <= f.allowed for f in audit)
    with pytest.raises(dataclasses.FrozenInstanceError):
        kernel_table(6).rank = 7


def test_probabilities_stay_in_their_range_whatever_the_rounding() -> None:
    """q is a probability and the running mean is one of probabilities: at the ends too."""
    theta = np.concatenate([np.geomspace(1e-16, 1e-3, 50), [0.0, np.pi / 2, np.pi]])
    theta = np.concatenate([theta, np.pi - theta])
    for rank in range(2, 25):
        table = kernel_table(rank)
        for values in (table.winner(theta), table.mean_winner(theta)):
            assert values.min() >= 0
            assert values.max() <= 1
        assert winner(rank, 1.0) <= 1
        assert kappa(rank, 1.0) <= table.second_moment
