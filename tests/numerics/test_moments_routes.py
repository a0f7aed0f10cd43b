"""All routes to one moment agree within their stated errors; identities; bad input."""

from __future__ import annotations

import subprocess
import sys
from math import comb

import pytest
from flint import arb, ctx
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from maxout.numerics.balls.enclosure import Enclosure
from maxout.numerics.order.moment_balls import STATISTICS, moment_ball
from maxout.numerics.order.order_moments import ROUTES, constant, moment, table
from maxout.numerics.order.orthant_balls import (
    half_normal_ball,
    half_normal_survival_ball,
    orthant_ball,
)
from maxout.theory.errors import MaxoutError

RANKS = st.one_of(
    st.integers(1, 9), st.integers(2, 300), st.integers(1, 10**4), st.integers(1, 10**12)
)
ORDERS = st.one_of(st.integers(1, 3), st.integers(1, 9))


def every_route(rank: int, order: int, statistic: str, digits: int) -> dict[str, Enclosure]:
    """The value by each route that has one here; "closed" is asked where it can exist."""
    values = {}
    for route in ROUTES:
        try:
            values[route] = moment(rank, order, statistic, digits, route)
        except MaxoutError as error:
            excuse = {"closed": "no closed form", "float64": "outside float64"}.get(route)
            if excuse is None or excuse not in str(error):
                raise
    return values


@pytest.mark.slow
# Shrinking would take minutes: each example asks mpmath for the slow route.
@settings(max_examples=50, deadline=None, derandomize=True, phases=[Phase.generate])
@given(RANKS, ORDERS, st.sampled_from(STATISTICS), st.sampled_from((1, 5, 15, 28)))
def test_all_routes_agree(rank: int, order: int, statistic: str, digits: int) -> None:
    values = every_route(rank, order, statistic, digits)
    assert {"auto", "arb", "quadrature"} <= values.keys()
    sure = values["arb"]
    assert sure.certified
    assert sure.digits == digits
    for route, value in values.items():
        assert value.overlaps(sure), (route, value, sure)
        assert value.certified == (route not in ("quadrature", "float64"))
        # Narrow: agreement of wide enclosures would say nothing.
        width = value.upper - value.lower
        shown = min(digits, value.digits)
        if sure.lower > 0:
            assert width <= 4 * sure.upper / 10 ** (shown - 1), (route, value)
        else:
            assert rank == 1
            assert value.midpoint == "0"


# Ranks up to 5 at orders up to 3, but for the chi-squares at (5, 3), which are not closed.
CLOSED = [(k, t) for k in range(1, 6) for t in (1, 2, 3) if (k, t) != (5, 3)]


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize(("rank", "order"), CLOSED)
def test_closed_forms_lie_in_the_certified_balls(rank: int, order: int, statistic: str) -> None:
    """To 120 digits."""
    closed = moment(rank, order, statistic, 120, "closed")
    found = moment(rank, order, statistic, 120, "arb")
    assert closed.overlaps(found)
    assert closed.route == "closed"
    assert closed.certified


def test_auto_takes_the_closed_form_at_many_digits() -> None:
    assert moment(4, 2, digits=600).route == "closed"
    assert moment(4, 2, digits=50).route == "arb"
    assert moment(30, 2, digits=600).route == "arb"
    assert moment(4, 2, digits=600).overlaps(moment(4, 2, digits=600, route="arb"))


@pytest.mark.parametrize("statistic", STATISTICS)
def test_monotone_in_the_rank(statistic: str) -> None:
    """The largest grows with K and the smallest shrinks; balls prove each step."""
    ranks = [*range(1, 60), 299, 300, 301, 10**6, 10**6 + 1, 10**12, 10**12 + 1]
    values = [moment(rank, 2, statistic, 40) for rank in ranks]
    for rank, before, after in zip(ranks[1:], values, values[1:], strict=False):
        if statistic == "chi2-smallest":
            assert after.upper < before.lower
        elif (statistic, rank) == ("largest", 2):
            assert after.overlaps(before)  # M_1 = M_2 = 1
        else:
            assert before.upper < after.lower


@pytest.mark.parametrize("order", [1, 2, 5])
def test_alternating_sums_tie_the_ranks_together(order: int) -> None:
    """m_t(K) = (-1)^{t+1} sum_j (-1)^j C(K, j) m_t(j) at K = 100: 30 digits cancel."""
    rank = 100
    with ctx.workprec(430):
        values = [moment_ball(j, order) for j in range(1, rank + 1)]
        terms = [(-1) ** j * comb(rank, j) * v for j, v in enumerate(values, 1)]
        total = (-1) ** (order + 1) * sum(terms, arb(0))
        assert total.overlaps(values[-1])
        assert total.rad() < arb(10) ** -90
        # An error far below a float's last digit in one of them would show.
        wrong = total + comb(rank, 50) * values[49] * arb(10) ** -90
        assert not wrong.overlaps(values[-1])


def test_smallest_from_the_largest() -> None:
    """S_K = sum_j (-1)^{j+1} C(K, j) L_j."""
    rank = 100
    with ctx.workprec(430):
        largest = [moment_ball(j, 1, "chi2-largest") for j in range(1, rank + 1)]
        terms = [(-1) ** (j + 1) * comb(rank, j) * v for j, v in enumerate(largest, 1)]
        total = sum(terms, arb(0))
        smallest = moment_ball(rank, 1, "chi2-smallest")
        assert total.overlaps(smallest)
        assert total.rad() < arb(10) ** -90


@pytest.mark.parametrize("rank", [3, 4, 7, 20, 41, 300])
def test_means_through_probabilities(rank: int) -> None:
    """The reductions of E Xi, M, L, S to P_m, A_m and B_m."""
    with ctx.workprec(160):
        k, pi, third, quarter = arb(rank), arb.pi(), arb(1) / 3, arb(1) / 4
        root3 = arb(3).sqrt()
        triple = k * (k - 1) * (k - 2)
        pairs = [
            (moment_ball(rank, 1), k * (k - 1) / (2 * pi.sqrt()) * orthant_ball(rank - 2, third)),
            (
                moment_ball(rank, 2),
                1 + triple / (4 * root3 * pi) * orthant_ball(rank - 3, quarter),
            ),
            (
                moment_ball(rank, 1, "chi2-largest"),
                1 + triple / (root3 * pi) * half_normal_ball(rank - 3, quarter),
            ),
            (
                moment_ball(rank, 1, "chi2-smallest"),
                1
                - k * (k - 1) / pi
                + triple / (root3 * pi) * half_normal_survival_ball(rank - 3, quarter),
            ),
        ]
        for one, other in pairs:
            assert one.overlaps(other)
            assert one.rel_accuracy_bits() > 150
            assert other.rad() < arb(10) ** -40


@pytest.mark.parametrize("order", [1, 2, 8])
@pytest.mark.parametrize("digits", [15, 50, 200])
def test_a_table_is_its_entries(digits: int, order: int) -> None:
    ranks = [7, 1, 300, *range(2, 40), 301, 10**6]
    found = table(ranks, order, digits=digits)
    for rank, enclosure in zip(ranks, found, strict=True):
        sure = moment(rank, order, digits=digits)
        assert enclosure.overlaps(sure)
        assert enclosure.certified
        assert enclosure.digits == digits
        assert enclosure.upper - enclosure.lower <= 2 * sure.upper / 10 ** (digits - 1)
    assert table([3, 5], 1, "chi2-smallest") == [
        moment(3, 1, "chi2-smallest"),
        moment(5, 1, "chi2-smallest"),
    ]


def test_odd_moments_vanish_at_rank_one() -> None:
    for route in ROUTES:
        if route != "closed":
            assert moment(1, 3, route=route).midpoint == "0"
            assert moment(1, 3, route=route).radius == "0"


def test_constant_with_a_window_is_that_of_a_larger_rank() -> None:
    assert constant(3, 30, window=4) == constant(12, 30)
    assert constant(2).midpoint.startswith("1.0000")


@pytest.mark.parametrize("rank", [0, -1, 2.5, 10**20, "5", True, None])
def test_bad_ranks(rank: object) -> None:
    with pytest.raises(MaxoutError, match="rank must be an integer from 1 to"):
        moment(rank)  # type: ignore[arg-type]
    with pytest.raises(MaxoutError, match="rank must be"):
        constant(rank)  # type: ignore[arg-type]


def test_bad_arguments() -> None:
    for order in (0, -1, 1001, 1.5, "2"):
        with pytest.raises(MaxoutError, match="order must be an integer from 1 to"):
            moment(3, order)  # type: ignore[arg-type]
    for digits in (0, -1, 10**7, 2.5):
        with pytest.raises(MaxoutError, match="digits must be an integer from 1 to"):
            moment(3, digits=digits)  # type: ignore[arg-type]
    with pytest.raises(MaxoutError, match="statistic must be one of"):
        moment(3, statistic="median")
    with pytest.raises(MaxoutError, match="route must be one of"):
        moment(3, route="magic")
    with pytest.raises(MaxoutError, match="no closed form is known"):
        moment(40, route="closed")
    with pytest.raises(MaxoutError, match="rank must be"):
        constant(10**15, window=2)
    with pytest.raises(MaxoutError, match="window must be"):
        constant(3, window=0)


def test_moments_do_not_load_the_float_tables() -> None:
    """``maxout constant`` starts without NumPy and SciPy."""
    code = (
        "import sys; from maxout.numerics.order.order_moments import constant; constant(5);"
        "print([m for m in ('numpy', 'scipy', 'torch', 'maxout.numerics.order.float_moments') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
