"""What a normalization divides by, in symbols: closed where it is a chi-square."""

import pytest
import sympy as sp

from maxout.theory.errors import DomainError
from maxout.theory.order.normalizer import InverseSquareMoment, LogSquareMean, LogSquareVariance
from maxout.theory.symbols import K, n


@pytest.mark.parametrize(("rank", "lost"), [(1, 0), (2, 0), (1, 1)])
def test_a_chi_square_has_closed_numbers(rank: int, lost: int) -> None:
    """E chi^-2 = 1/(f-2), E chi^-4 = 1/((f-2)(f-4)), and digamma functions of f/2."""
    f = 9 - lost
    arguments = (sp.Integer(rank), sp.Integer(9), sp.Integer(lost))
    assert InverseSquareMoment(*arguments, sp.Integer(1)) == sp.Rational(1, f - 2)
    assert InverseSquareMoment(*arguments, sp.Integer(2)) == sp.Rational(1, (f - 2) * (f - 4))
    assert LogSquareMean(*arguments).doit() == sp.log(2) + sp.digamma(sp.Rational(f, 2))
    assert LogSquareVariance(*arguments).doit() == sp.polygamma(1, sp.Rational(f, 2))


def test_others_stay_as_they_are() -> None:
    """Rank 2 less the mean is no chi-square; symbols wait for numbers."""
    two, nine, one = sp.Integer(2), sp.Integer(9), sp.Integer(1)
    assert isinstance(InverseSquareMoment(two, nine, one, one), InverseSquareMoment)
    assert isinstance(LogSquareMean(K, n[1], 0), LogSquareMean)
    assert isinstance(LogSquareVariance(sp.Integer(3), nine, 0), LogSquareVariance)


def test_it_prints() -> None:
    text = sp.latex(InverseSquareMoment(K, n[1], sp.Integer(1), sp.Integer(2)) ** 3)
    assert r"\rho" in text
    assert "-4" in text
    assert sp.latex(LogSquareMean(K, n[1], sp.Integer(0))).startswith(r"\mathbb{E}\ln r")


@pytest.mark.parametrize(
    ("lost", "order", "message"),
    [(2, 1, "loses 0 or 1 directions; got 2"), (0, 0, "an integer order >= 1; got 0")],
)
def test_bad_arguments(lost: int, order: int, message: str) -> None:
    with pytest.raises(DomainError, match=message):
        InverseSquareMoment(K, n[1], sp.Integer(lost), sp.Integer(order))
