"""The dilogarithm forms of P_4 and A_3: their proofs' identities, and 1000 digits."""

import mpmath as mp
import pytest
import sympy as sp

from maxout.numerics.balls.evaluator import enclose
from maxout.theory.errors import MaxoutError
from maxout.theory.order import dilogarithm
from maxout.theory.order.orthant import HalfNormalProbability, OrthantProbability

R = sp.Rational
X = sp.Symbol("X")


@pytest.mark.parametrize(
    "rho", [R(-33, 100), R(-1, 4), R(-1, 100), R(1, 100), R(1, 4), R(1, 2), R(4, 5), R(99, 100)]
)
def test_orthant_4_over_the_whole_range(oracle, rho) -> None:
    with mp.workdps(30):
        value = mp.mpf(sp.N(dilogarithm.orthant(4, rho), 30)._mpf_)
        # near -1/3 the naive integrand decays slowly: fewer digits there
        near_end = rho < R(-3, 10)
        expected = oracle.orthant(4, mp.mpf(rho.p) / rho.q)
        assert abs(value - expected) < mp.mpf(10) ** (-4 if near_end else -17)


@pytest.mark.parametrize("rho", [R(1, 100), R(1, 4), R(1, 2), R(99, 100)])
def test_half_normal_3_over_the_whole_range(oracle, rho) -> None:
    with mp.workdps(30):
        value = mp.mpf(sp.N(dilogarithm.half_normal(3, rho), 30)._mpf_)
        expected = oracle.half_normal(3, mp.mpf(rho.p) / rho.q)
        assert abs(value - expected) < mp.mpf(10) ** -17


def test_values_where_they_are_known() -> None:
    """At 0, 1/2 and the ends: limits of the closed forms, which evaluation by name skips."""
    for rho, expected in ((R(0), R(1, 16)), (R(1, 2), R(1, 5))):
        assert abs(sp.N(dilogarithm.orthant(4, rho), 30) - expected) < 1e-28
    assert abs(sp.N(dilogarithm.half_normal(3, R(1, 2)), 30) - R(1, 4)) < 1e-28
    tiny = R(1, 10**30)
    assert abs(sp.N(dilogarithm.orthant(4, 1 - tiny), 20) - R(1, 2)) < 1e-14
    assert abs(sp.N(dilogarithm.orthant(4, tiny - R(1, 3)), 20)) < 1e-14
    assert abs(sp.N(dilogarithm.half_normal(3, tiny), 20)) < 1e-13
    assert abs(sp.N(dilogarithm.half_normal(3, 1 - tiny), 20) - 1) < 1e-13


@pytest.mark.parametrize("function", [OrthantProbability, HalfNormalProbability])
def test_a_thousand_digits(function) -> None:
    """Certified: the ball of the closed form and the ball of the certified quadrature overlap."""
    m = {OrthantProbability: 4, HalfNormalProbability: 3}[function]
    closed = enclose(function(m, R(1, 4)), {}, 1000)
    named = enclose(function(m, R(1, 4), evaluate=False), {}, 1000)
    assert closed.certified
    assert named.certified
    assert closed.overlaps(named)


def test_the_identities_of_the_proofs() -> None:
    """What makes the X-derivatives vanish and the theta-derivatives Schlaefli's."""
    square = lambda rho: 1 - 2 * X * rho + X**2  # noqa: E731 - |1 - w|^2
    cosine = lambda rho: (rho * (1 + X**2) - 2 * X) / square(rho)  # noqa: E731
    reduced = lambda rho: rho / (1 + 2 * rho)  # noqa: E731
    rho = X / (1 - X + X**2)
    assert sp.simplify((1 - X**2) * (1 - X**3) / (1 + X**3) / square(rho)) == 1
    assert sp.simplify(cosine(rho) + reduced(rho)) == 0
    rho = (1 + X) ** 2 / (2 * (1 + X**2))
    assert sp.simplify((1 - X**3) * (1 - X) / (1 + X**2) / square(rho)) == 1
    assert sp.simplify(cosine(rho) - (1 - 2 * reduced(rho))) == 0


def test_no_closed_form_is_claimed_beyond() -> None:
    with pytest.raises(MaxoutError, match="m <= 5"):
        dilogarithm.orthant(6, R(1, 4))
    with pytest.raises(MaxoutError, match="m <= 4"):
        dilogarithm.half_normal(5, R(1, 4))
