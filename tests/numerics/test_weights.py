"""Weights that are not normal: values of the text, and what two terms leave out."""

import math

import numpy as np
import pytest
import sympy as sp
from scipy import integrate, stats

import maxout
from maxout.numerics.activation.weight_sums import feature_moment, participation
from maxout.numerics.balls.evaluator import enclose
from maxout.theory.activation.weight_laws import (
    LAWS,
    correction,
    neglected,
    truncated_moment,
    two_term_moment,
)
from maxout.theory.errors import DoesNotApplyError, DomainError
from maxout.theory.order.moments import LargestNormalMoment


def two_terms(law: str, rank: int, share: sp.Rational) -> float:
    found = enclose(two_term_moment(sp.Integer(rank), LAWS[law].kurtosis, share), {}, 15)
    assert found.certified
    return float(found)


def test_values_of_the_text() -> None:
    assert two_terms("uniform", 5, sp.Rational(1, 4)) == pytest.approx(1.7719, abs=5e-5)
    # 1.7702(13) by samples, in the text
    assert feature_moment("uniform", (1,) * 4, 5, 2) == pytest.approx(1.7702, abs=0.0013)
    off = {n: two_terms("uniform", 5, sp.Rational(1, n)) - _uniform(5, n) for n in (2, 4, 8)}
    assert {n: round(value, 3) for n, value in off.items()} == {2: 0.012, 4: 0.003, 8: 0.001}
    assert float(truncated_moment(2)) == pytest.approx(0.773741, abs=5e-7)
    assert float(LAWS["truncated"].kurtosis) == pytest.approx(-0.63446, abs=5e-6)
    hidden = LargestNormalMoment(sp.Integer(5), 4) / LargestNormalMoment(sp.Integer(5), 2) ** 2
    assert float(hidden) == pytest.approx(2.01, abs=0.005)


def _uniform(rank: int, n: int) -> float:
    return feature_moment("uniform", (1,) * n, rank, 2)


@pytest.mark.parametrize(("n", "error"), [(2, 1e-5), (3, 1e-6), (4, 1e-8), (7, 1e-10)])
@pytest.mark.parametrize("rank", [3, 8])
def test_sums_of_uniform_weights_are_piecewise_polynomials(rank, n, error) -> None:
    """The law of Irwin and Hall, piece by piece; the errors are those that the function states."""
    scale = math.sqrt(12 / n)

    def below(z: float) -> float:
        terms = (
            (-1) ** k * math.comb(n, k) * (z / scale + n / 2 - k) ** n
            for k in range(n + 1)
            if z / scale + n / 2 > k
        )
        return math.fsum(terms) / math.factorial(n)

    exact = 0.0
    for k in range(n):
        low, high = (max(0.0, scale * (end - n / 2)) for end in (k, k + 1))
        exact += integrate.quad(
            lambda z: 2 * z * (1 - below(z) ** rank + (1 - below(z)) ** rank), low, high
        )[0]
    assert _uniform(rank, n) == pytest.approx(exact, rel=error)


@pytest.mark.parametrize(
    ("law", "frozen"),
    [
        ("uniform", stats.uniform(-math.sqrt(3), 2 * math.sqrt(3))),
        ("truncated", stats.truncnorm(-2, 2)),
        ("laplace", stats.laplace(scale=1 / math.sqrt(2))),
    ],
)
def test_laws_are_those_they_are_called(law, frozen) -> None:
    assert float(LAWS[law].kurtosis) == pytest.approx(float(frozen.stats("k")), abs=1e-12)
    # At rank 1 the moments are those of a sum.
    x = np.array([3.0, 1.0, 2.0])
    square = 3 + float(LAWS[law].kurtosis) * participation(x)
    assert feature_moment(law, tuple(x), 1, 2) == pytest.approx(1, abs=1e-7)
    assert feature_moment(law, tuple(x), 1, 4) == pytest.approx(square, abs=1e-6)


def test_normal_weights_are_the_limit() -> None:
    for order in (2, 4):
        exact = float(maxout.moment(7, order))
        assert feature_moment("normal", (3, 1, 1), 7, order) == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("law", LAWS)
def test_one_and_two_pieces_see_the_variance_alone(law, rank) -> None:
    assert correction(sp.Integer(rank), LAWS[law].kurtosis, sp.Integer(1)).doit() == 0
    assert feature_moment(law, (2, 1, 1, 1), rank, 2) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("x", [(1,) * 4, (1,) * 6, (1,) * 16, (3, 1, 1, 1) * 2, (3, 1, 1, 1) * 4])
@pytest.mark.parametrize("law", ["uniform", "truncated", "laplace"])
def test_what_two_terms_leave_out_is_covered(law, x) -> None:
    share = sp.Rational(sum(v**4 for v in x), sum(v**2 for v in x) ** 2)
    for rank in (3, 5, 12, 100):
        gap = abs(two_terms(law, rank, share) - feature_moment(law, x, rank, 2))
        allowed = float(neglected(sp.Integer(rank), LAWS[law].kurtosis, share))
        assert gap < allowed
        # Nor is it so wide that any number would do.
        assert allowed < 2 * abs(float(correction(sp.Integer(rank), LAWS[law].kurtosis, share)))
        assert gap > allowed / 25


@pytest.mark.parametrize(("fan_in", "rank"), [(4, 10), (16, 100)])
@pytest.mark.parametrize("law", ["uniform", "truncated", "laplace"])
def test_two_terms_are_good_to_a_percent_where_the_page_says_so(law, fan_in, rank) -> None:
    exact = feature_moment(law, (1,) * fan_in, rank, 2)
    assert two_terms(law, rank, sp.Rational(1, fan_in)) == pytest.approx(exact, rel=0.01)


def test_signs_as_weights_lie_on_a_lattice() -> None:
    """Binomial sums; the second term of the page, which is no statement."""
    n, rank = 16, 5
    below = np.cumsum([math.comb(n, k) for k in range(n + 1)]) / 2**n
    largest = np.diff(np.concatenate([[0], below**rank]))
    exact = float(np.sum(largest * (2 * np.arange(n + 1) - n) ** 2 / n))
    two = float(two_term_moment(sp.Integer(rank), sp.Integer(-2), sp.Rational(1, n)))
    lattice = (float(maxout.moment(rank, 2)) - 1) / (3 * n)
    assert exact == pytest.approx(1.7711, abs=5e-5)
    assert two - lattice == pytest.approx(1.7717, abs=1e-4)
    assert two - exact > 10 * abs(two - lattice - exact)


def test_what_has_no_value_is_refused() -> None:
    with pytest.raises(DomainError, match="weights must be one of normal, uniform, truncated, lap"):
        feature_moment("cauchy", (1, 1), 3, 2)
    with pytest.raises(DomainError, match="at least two inputs that are not 0; got 1"):
        feature_moment("uniform", (1, 0), 3, 2)
    network = maxout.Network(inputs=4, widths=(3,), rank=3, bias="zero")
    statement = maxout.CATALOGUE["init.weights.second_moment"]
    with pytest.raises(DoesNotApplyError, match=r"P_x >= 1/n_0 \(--participation or --inputs\)"):
        maxout.predict(statement, network, participation=0.2)
    with pytest.raises(DoesNotApplyError, match=r"kappa_4 > -2.*\(--kurtosis\)"):
        maxout.predict(statement, network, kurtosis=-2)
