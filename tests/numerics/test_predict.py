"""Predictions: the symbolic right side against plain arithmetic, and who is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import sympy as sp

import maxout
from maxout.numerics.balls.enclosure import RangeError
from maxout.numerics.order.order_moments import moment
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.errors import DoesNotApplyError, MaxoutError
from maxout.theory.network import Network

ZERO = Network(inputs=10, widths=(20, 7, 13), outputs=3, rank=5, bias="zero")
GAUSSIAN = Network(inputs=10, widths=(20, 7, 13), outputs=3, rank=5, bias="gaussian")
K, WIDTHS, N0, NL = 5, (20, 7, 13), 10, 3


def _moment(order: int = 2, statistic: str = "largest", rank: int = K) -> float:
    return float(moment(rank, order, statistic, 20))


M, LARGEST, SMALLEST = _moment(), _moment(1, "chi2-largest"), _moment(1, "chi2-smallest")
C = 1 / M  # the default


def _frame_mean(cosine: float) -> float:
    """The moving frame's recursion (A, B) -> (c/n)(m M A + B, (m-1) B), term by term."""
    a, b, fan_in = cosine**2, 1 - cosine**2, N0
    for units in WIDTHS:
        a, b = C / fan_in * (units * M * a + b), C / fan_in * (units - 1) * b
        fan_in = units
    return (a + b) * NL / fan_in


def _order_bound(t: int) -> float:
    spread = sum(1 / (n * K) for n in WIDTHS) + 1 / NL
    return (NL / N0) ** t * (C * K) ** (3 * t) * math.exp(t**2 * spread)


KNOWN = {
    "jacobian.mean.lower": lambda: NL / N0 * (C * SMALLEST) ** 3,
    "jacobian.mean.upper": lambda: NL / N0 * (C * LARGEST) ** 3,
    "jacobian.mean.lower.sharp": lambda: NL / N0 * C**3,
    "jacobian.mean.upper.sharp": lambda: NL / N0 * (C * M) ** 3,
    "jacobian.mean.exact": lambda: _frame_mean(math.sqrt(1 / N0)),
    "jacobian.variance.upper": lambda: _order_bound(2) - (NL / N0 * (C * SMALLEST) ** 3) ** 2,
    "init.max_pooling": lambda: _moment(rank=4 * K),
    "order.mean": lambda: _moment(1),
    "order.second_moment": lambda: M,
    "order.chi2_largest.mean": lambda: LARGEST,
    "order.chi2_smallest.mean": lambda: SMALLEST,
}


@pytest.mark.parametrize("key", KNOWN)
def test_values(key: str) -> None:
    found = maxout.predict(CATALOGUE[key], ZERO)
    assert found.value is not None
    assert found.value.certified
    assert float(found) == pytest.approx(KNOWN[key](), rel=1e-13)  # fifteen digits, float sums


@pytest.mark.parametrize("order", [1, 2, 3, 7])
def test_orders(order: int) -> None:
    statement = CATALOGUE["jacobian.moment.upper"]
    found = maxout.predict(statement, ZERO, order=order)
    assert found.order == order
    assert float(found) == pytest.approx(_order_bound(order), rel=1e-12)
    assert maxout.predict(statement, ZERO).order == statement.orders[0]


def test_parameters() -> None:
    statement = CATALOGUE["jacobian.mean.exact"]
    for cosine in (0, 0.5, 1):
        found = maxout.predict(statement, ZERO, cosine=cosine)
        assert float(found) == pytest.approx(_frame_mean(cosine), rel=1e-13)
    pooled = maxout.predict(CATALOGUE["init.max_pooling"], ZERO, window=9)
    assert float(pooled) == pytest.approx(_moment(rank=45), rel=1e-13)


def test_digits_are_those_asked_for() -> None:
    found = maxout.predict(CATALOGUE["jacobian.mean.exact"], ZERO, digits=40).value
    assert found is not None
    assert found.digits == 40
    assert found.upper - found.lower < abs(found.upper) / 10**39


def test_a_law_has_no_number() -> None:
    found = maxout.predict(CATALOGUE["jacobian.law.zero"], ZERO)
    assert found.value is None
    with pytest.raises(TypeError, match="predicts a law, not a number"):
        float(found)


@pytest.mark.parametrize(
    ("key", "network", "message"),
    [
        ("jacobian.mean.exact", GAUSSIAN, r"it needs zero biases \(--bias\)$"),
        ("jacobian.law.gaussian", ZERO, r"it needs gaussian biases N\(0, c/fan_in\) \(--bias\)$"),
        ("jacobian.mean.rank2", ZERO, r"it needs K = 2 \(--rank\)$"),
        ("jacobian.lyapunov.rest", ZERO, r"it needs constant width .* \(--widths\)$"),
        (
            "curve.plane.regions",
            GAUSSIAN,
            r"it needs zero biases \(--bias\) and n_0 = 2 \(--inputs\)$",
        ),
    ],
)
def test_who_is_refused(key: str, network: Network, message: str) -> None:
    with pytest.raises(DoesNotApplyError, match=f"(?m){message}"):
        maxout.predict(CATALOGUE[key], network)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"order": 0}, "order must be"),
        ({"order": 2.5}, "order must be"),
        ({"digits": 0}, "digits must be"),
        ({"cosine": 2}, "cosine must be a number from -1 to 1"),
        ({"cosine": math.nan}, "cosine must be"),
        ({"cosine": "1"}, "cosine must be"),
        ({"angle": 1}, "no parameter is called 'angle'"),
    ],
)
def test_bad_arguments(arguments: dict, message: str) -> None:
    with pytest.raises(MaxoutError, match=message):
        maxout.predict(CATALOGUE["jacobian.moment.exact"], ZERO, **arguments)


@pytest.mark.parametrize(
    ("key", "right"),
    [
        ("kernel.winner.one", "1.05"),
        ("jacobian.variance.exact", "-1"),
        ("curve.plane.regions", "0"),
    ],
)
def test_a_value_outside_the_range_is_no_prediction(key: str, right: str) -> None:
    wrong = replace(CATALOGUE[key], build=lambda t: sp.Rational(right))
    network = Network(2, (5, 5), 1, 3, bias="zero")
    with pytest.raises(RangeError, match=key) as caught:
        maxout.predict(wrong, network)
    assert not isinstance(caught.value, MaxoutError)
    assert float(caught.value.value) == float(right)


def test_c_is_recommended_in_any_exact_form() -> None:
    alignment = CATALOGUE["jacobian.alignment"]
    closed = sp.pi / (sp.sqrt(3) / 2 + sp.pi)
    assert maxout.predict(alignment, Network(4, (5, 5), rank=3, c=closed, bias="zero")).value
    assert maxout.predict(alignment, Network(4, (5, 5), rank=2, c=1, bias="zero")).value
    near = sp.Rational(str(float(closed)))  # its first seventeen digits
    with pytest.raises(DoesNotApplyError, match="c = 1/M_K"):
        maxout.predict(alignment, Network(4, (5, 5), rank=3, c=near, bias="zero"))


def test_a_low_number_of_digits_keeps_ranks_exact() -> None:
    statement = CATALOGUE["order.mean"]
    network = Network(1, (1,), rank=10**15)
    few, many = (maxout.predict(statement, network, digits=d).value for d in (3, 15))
    assert few.overlaps(many)
