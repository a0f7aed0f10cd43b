"""The float64 route: its error is the one stated, at groups' edges above all."""

import numpy as np
import pytest
from flint import arb, ctx

import maxout
from maxout.numerics.order.float_moments import _EDGES, RELATIVE_ERROR, moments
from maxout.numerics.order.moment_balls import STATISTICS, moment_ball
from maxout.numerics.order.order_moments import moment
from maxout.theory.errors import MaxoutError


def _ranks(count: int) -> np.ndarray:
    random = np.random.default_rng(20261125)
    scattered = np.floor(10 ** random.uniform(0, 12, count))
    edges = [*_EDGES, *(_EDGES - 1), *(_EDGES + 1)]
    ranks = np.unique([*range(2, 12), *scattered, *edges, 1e12])
    return ranks[(ranks >= 2) & (ranks <= 1e12)]


def _largest_error(order: int, statistic: str, ranks: np.ndarray) -> float:
    values = moments(ranks, order, statistic)
    worst = 0.0
    with ctx.workprec(90):
        for rank, value in zip(ranks, values, strict=True):
            truth = moment_ball(int(rank), order, statistic)
            worst = max(worst, float(abs(arb(float(value)) - truth) / truth))
    return worst


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("order", [1, 2, 3, 8])
def test_error_is_below_the_stated_one(order: int, statistic: str) -> None:
    worst = _largest_error(order, statistic, _ranks(25))
    assert worst < RELATIVE_ERROR
    assert worst > 1e-17  # a comparison with itself would give zero


def test_rank_one() -> None:
    assert moments(1, 3) == 0
    assert moments(1, 4) == 3
    assert moments(1, 2, "chi2-smallest") == 3


def test_shapes_and_types() -> None:
    grid = np.arange(1, 7).reshape(2, 3)
    values = maxout.moments(grid, 2)
    assert values.shape == (2, 3)
    assert values.dtype == np.float64
    assert moments([]).shape == (0,)
    # A matrix times a vector adds in another order than a row does.
    assert np.allclose(values.ravel(), [moments(k) for k in range(1, 7)], rtol=5e-16, atol=0)
    assert moments(5).shape == ()
    assert np.array_equal(moments(grid.astype(float)), values)  # the same sums


def test_a_value_does_not_depend_on_its_neighbours() -> None:
    """Chunks and groups are an arrangement only, up to the order of a dot product's additions."""
    ranks = np.arange(1, 3000)
    values = moments(ranks)
    assert np.allclose(values[::-1], moments(ranks[::-1]), rtol=5e-16, atol=0)
    assert (np.diff(values[1:]) > 0).all()


@pytest.mark.parametrize(
    "ranks", [[0], [-3], [2.5], [np.nan], [np.inf], [1e16], ["5"], [True], [None]]
)
def test_bad_ranks(ranks: list[object]) -> None:
    with pytest.raises(MaxoutError, match="ranks must be integers from 1 to"):
        moments(ranks)


def test_what_float64_cannot_hold_is_refused() -> None:
    for rank, order, statistic in ((1, 400, "largest"), (5, 400, "largest")):
        with pytest.raises(MaxoutError, match="outside float64"):
            moments(rank, order, statistic)
    with pytest.raises(MaxoutError, match="outside float64"):
        moments(10**12, 20, "chi2-smallest")
    with pytest.raises(MaxoutError, match="statistic must be"):
        moments(3, statistic="median")


def test_enclosures_hold_the_value() -> None:
    for rank in (2, 7, 10**12):
        found, sure = moment(rank, route="float64"), moment(rank, digits=30)
        assert sure in found
        assert not found.certified
        assert found.digits == 15
