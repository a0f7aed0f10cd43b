"""The mean square of the winner of K shifted normals: the step behind the two-sided bounds.

F(beta) = E a_{k*}^2, k* = argmax (a_k + beta_k), lies in [1, M_K] and falls along rays from 0
(docs/jacobian.md, two-sided bounds). F is computed here from its defining integral alone.
"""

import numpy as np
import pytest
from scipy import special

RNG = np.random.default_rng(20231)
SHIFTS = [scale * RNG.standard_normal(rank) for rank in (2, 3, 4, 6) for scale in (0.2, 1, 4)] + [
    np.array([3.0, 3.0, 3.0, -3.0]),
    np.array([5.0, -5.0, -5.0]),
]
GRID = np.linspace(-40, 40, 3201)
ABSOLUTE = 1e-12  # the trapezoidal rule on analytic integrands; rounding of numbers of order 10


def integral(values: np.ndarray) -> float:
    """Trapezoidal sum on GRID, checked against the one with every other node."""
    step = GRID[1] - GRID[0]
    fine, coarse = step * values.sum(), 2 * step * values[::2].sum()
    assert abs(fine - coarse) < ABSOLUTE
    return float(fine)


def below(shifts: np.ndarray, *left_out: int) -> np.ndarray:
    """Chance on GRID that all pieces but those left out score below."""
    return np.prod(special.ndtr(GRID[:, None] - np.delete(shifts, left_out)), axis=1)


def winner_square(shifts: np.ndarray) -> float:
    a = GRID[:, None] - shifts
    terms = a**2 * density(a)
    return sum(integral(terms[:, i] * below(shifts, i)) for i in range(shifts.size))


def tie_weight(shifts: np.ndarray, i: int, j: int) -> float:
    """w_ij, the integral that the proof shows not to be negative."""
    a, b = GRID - shifts[i], GRID - shifts[j]
    return integral((a + b) * density(a) * density(b) * below(shifts, i, j))


def density(a: np.ndarray) -> np.ndarray:
    return np.exp(-(a**2) / 2) / np.sqrt(2 * np.pi)


@pytest.mark.parametrize("shifts", SHIFTS, ids=str)
def test_two_sided_and_falling(shifts) -> None:
    values = [winner_square(r * shifts) for r in (0, 0.3, 1, 2)]
    assert np.all(np.diff(values) <= ABSOLUTE)
    assert values[-1] >= 1 - ABSOLUTE


def test_no_shift_gives_the_second_moment() -> None:
    from maxout.numerics import moment

    for rank in (2, 3, 5):
        assert abs(winner_square(np.zeros(rank)) - float(moment(rank, 2))) < ABSOLUTE


@pytest.mark.parametrize("shifts", [s for s in SHIFTS if s.size > 2][:5], ids=str)
def test_derivative_through_ties(shifts) -> None:
    """dF/dbeta_i = sum_j (beta_j - beta_i) w_ij with w_ij >= 0, against central differences."""
    step = 1e-3
    for i in range(shifts.size):
        weights = [0 if j == i else tie_weight(shifts, i, j) for j in range(shifts.size)]
        assert min(weights) >= -ABSOLUTE
        unit = step * np.eye(shifts.size)[i]
        slope = (winner_square(shifts + unit) - winner_square(shifts - unit)) / (2 * step)
        # Central differences are off by step^2/6 times a third derivative of order one.
        assert abs(slope - np.dot(shifts - shifts[i], weights)) < 5 * step**2
