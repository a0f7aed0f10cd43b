"""Gradients of features at a corner, where pieces of units tie, stay below their sharp bound."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from maxout.numerics.balls.evaluator import enclose
from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.network import Network

GROUPS = [
    sizes
    for count in range(1, 6)
    for sizes in combinations_with_replacement((1, 2, 3, 4), count)
    if sum(sizes) <= 5
]


@pytest.mark.parametrize("sizes", GROUPS, ids=str)
def test_a_winner_of_tied_pieces_is_smaller_in_size(sizes: tuple[int, ...]) -> None:
    """The largest of one N(0, 1/m) a group, against that of as many pieces untied."""

    def within(z: np.ndarray, groups: tuple[int, ...]) -> np.ndarray:
        above = [norm.cdf(z * np.sqrt(m)) for m in groups]
        below = [norm.cdf(-z * np.sqrt(m)) for m in groups]
        return np.prod(above, axis=0) - np.prod(below, axis=0)

    z = np.linspace(0, 8, 401)
    slack = within(z, sizes) - within(z, (1,) * sum(sizes))
    assert slack.min() > -1e-15
    # Strictly so where anything is tied.
    assert (slack.max() > 1e-3) == (max(sizes) > 1)


@pytest.mark.parametrize("m", [2, 3, 5])
def test_the_density_of_a_tie_is_below_that_of_biases(m: int) -> None:
    """Of m-1 differences of N(0, 1): the integral of phi^m, against phi(0)^{m-1}."""
    density = quad(lambda a: norm.pdf(a) ** m, -12, 12)[0]
    assert density == pytest.approx((2 * np.pi) ** (-(m - 1) / 2) / np.sqrt(m), rel=1e-9)
    assert density < norm.pdf(0) ** (m - 1)


NETWORK = Network(1, (5, 4, 2), 1, 4, bias="gaussian")
COUNT = 40_000


def fourth_powers(ties: dict[int, tuple[int, ...]]) -> np.ndarray:
    """zeta'^4 of a feature of the last layer, at an input beside which biases are nothing.

    Args:
      ties: layer -> pieces of its first unit that tie.
    """
    rng = np.random.default_rng(5)
    x, slope = np.full((COUNT, 1), 1e6), np.ones((COUNT, 1))
    for layer, (fan_in, units) in enumerate(NETWORK.hidden(), start=1):
        rows = rng.standard_normal((COUNT, units, NETWORK.rank, fan_in + 1))
        rows *= np.sqrt(float(enclose(NETWORK.c)) / fan_in)
        augmented = np.concatenate([x, np.ones((COUNT, 1))], axis=1)
        along = augmented / np.linalg.norm(augmented, axis=1, keepdims=True)
        if tied := list(ties.get(layer, ())):
            # Normal rows, given that their scores are equal: each gets the mean of the scores.
            scores = np.einsum("nkf,nf->nk", rows[:, 0, tied], along)
            lacking = scores.mean(axis=1, keepdims=True) - scores
            rows[:, 0, tied] += lacking[:, :, None] * along[:, None, :]
        if layer == len(NETWORK.widths):
            return np.einsum("nf,nf->n", rows[:, 0, 0, :-1], slope) ** 4
        scores = np.einsum("nukf,nf->nuk", rows, augmented)
        won = scores.argmax(axis=2)[:, :, None, None]
        x = scores.max(axis=2)
        winners = np.take_along_axis(rows, won, axis=2)[:, :, 0, :-1]
        slope = np.einsum("nuf,nf->nu", winners, slope)
    raise AssertionError


def test_ties_only_lower_a_gradients_moments() -> None:
    """With one input the bound is attained without ties, and stays above with them."""
    bound = float(predict(CATALOGUE["regions.gradient.upper.sharp"], NETWORK, order=4))
    for ties in ({}, {1: (0, 1)}, {1: (0, 1, 2), 2: (1, 2)}, {3: (0, 1)}):
        powers = fourth_powers(ties)
        error = powers.std() / np.sqrt(COUNT)
        assert error < bound / 10
        if ties:
            assert powers.mean() < bound - 2 * error
        else:  # heavy tails: an error of its own in the error
            assert abs(powers.mean() - bound) < 4.5 * error
