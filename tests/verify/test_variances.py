"""A variance as the mean of half squared differences, over every pair of a small sample space."""

import numpy as np
import pytest

from maxout.verify.sampling.half_squares import half_squares, half_squares_variance

VALUES, CHANCES = np.array([0.0, 1.0, 4.0]), np.array([0.5, 0.3, 0.2])


def test_half_squares_of_consecutive_pairs() -> None:
    assert half_squares(np.array([1.0, 4.0, 2.0, 2.0, 9.0])).tolist() == [4.5, 0.0]


def test_the_mean_and_the_variance_over_all_pairs() -> None:
    pairs = np.array([(x, y) for x in VALUES for y in VALUES]).ravel()
    weights = np.outer(CHANCES, CHANCES).ravel()
    squares = half_squares(pairs)
    mean = weights @ squares
    # Sums of nine terms of at most 64: rounding is some 1e-14.
    assert mean == pytest.approx(CHANCES @ VALUES**2 - (CHANCES @ VALUES) ** 2, abs=1e-13)
    variance = half_squares_variance(lambda t: float(CHANCES @ VALUES**t))
    assert variance == pytest.approx(weights @ squares**2 - mean**2, abs=1e-12)
