"""E a_{k*}^2 of shifted normals: against quadrature written out, simulation, and its bounds."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maxout.numerics import moment
from maxout.numerics.jacobian.shifted_winner import winner_mean_square
from maxout.theory.errors import MaxoutError

SHIFTS = st.lists(st.floats(-30, 30), min_size=1, max_size=8)


def reference(shifts: list[float]) -> float:
    """The defining integral at 30 digits, split at the shifts."""
    with mpmath.workdps(30):
        total = mpmath.mpf(0)
        for i, own in enumerate(shifts):
            others = [own - other for j, other in enumerate(shifts) if j != i]
            cuts = sorted({mpmath.mpf(-12), mpmath.mpf(12), *(-d for d in others if abs(d) < 12)})
            total += mpmath.quad(
                lambda a, d=others: (
                    a * a * mpmath.npdf(a) * mpmath.fprod(map(mpmath.ncdf, (a + e for e in d)))
                ),
                cuts,
            )
        return float(total)


@pytest.mark.parametrize("shifts", [[0.0], [0.3, -0.2], [1.0, 1.0, -2.0], [4.0, 3.5, 0.0, -9.0]])
def test_against_the_defining_integral(shifts) -> None:
    assert abs(winner_mean_square(shifts) - reference(shifts)) < 1e-13


@pytest.mark.parametrize("rank", [1, 2, 5, 40, 200])
def test_equal_shifts_give_the_second_moment(rank) -> None:
    assert abs(winner_mean_square(np.full(rank, 7.5)) - float(moment(rank, 2))) < 2e-13 * rank**0.5


@given(SHIFTS)
def test_between_one_and_the_second_moment(shifts) -> None:
    value = float(winner_mean_square(shifts))
    assert 1 - 1e-12 <= value <= float(moment(len(shifts), 2)) + 1e-12


def test_simulated() -> None:
    rng = np.random.default_rng(5)
    shifts = np.array([0.5, -0.4, 0.1])
    a = rng.standard_normal((400_000, 3))
    squares = a[np.arange(len(a)), np.argmax(a + shifts, axis=1)] ** 2
    error = squares.std() / np.sqrt(len(a))
    assert abs(squares.mean() - winner_mean_square(shifts)) < 5 * error


def test_rows_and_bad_input() -> None:
    rows = np.array([[[0.0, 1.0], [3.0, 3.0]]])
    assert winner_mean_square(rows).shape == (1, 2)
    for bad in (1.0, [], [0.0, np.nan], [np.inf, 0.0]):
        with pytest.raises(MaxoutError, match="shifts must be"):
            winner_mean_square(bad)
