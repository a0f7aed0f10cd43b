"""Numbers of r^2 and rho^2: proved balls, against integrals that share nothing with them."""

import math

import mpmath
import numpy as np
import pytest
import sympy as sp
from flint import arb, ctx
from scipy.special import ndtr

from maxout.numerics.balls.evaluator import ball, enclose
from maxout.numerics.balls.precision import working_precision
from maxout.numerics.order import unit_transform
from maxout.numerics.order.unit_transform import Peaked, Smoothed, Unit
from maxout.theory.errors import DomainError
from maxout.theory.order.normalizer import InverseSquareMoment, LogSquareMean, LogSquareVariance


def value(function, *arguments, digits: int = 15) -> float:
    found = enclose(function(*map(sp.Integer, arguments)), {}, digits)
    assert found.certified
    return float(found)


@pytest.mark.parametrize(
    ("rank", "units", "lost", "order", "expected"),
    [
        (3, 8, 1, 1, 0.3613933884),
        (3, 9, 1, 1, 0.3008873236),
        (5, 12, 1, 1, 0.2516095201),
        (2, 7, 1, 1, 0.3691635013),
        (4, 50, 1, 1, 0.0434033143),
        (3, 6, 1, 1, 0.6037649316),
        (3, 8, 0, 1, 0.1228226891),
        (3, 9, 0, 1, 0.1060978105),
        (5, 12, 0, 1, 0.0505987774),
        (3, 8, 0, 2, 0.0205542337),
        (3, 9, 1, 2, 0.1371066777),
    ],
)
def test_values_that_were_known(rank, units, lost, order, expected) -> None:
    """From quadrature in another program, to its ten digits."""
    assert value(InverseSquareMoment, rank, units, lost, order) == pytest.approx(
        expected, abs=6e-11
    )


def on_spheres(rank: int, f) -> float:
    """E f(rho^2) of four units over their mean, rho and the direction, by product rules."""
    leg, w = np.polynomial.legendre.leggauss(48)
    rho, w_rho = 5.5 * (leg + 1), 5.5 * w
    cos, w_cos = np.polynomial.legendre.leggauss(24)
    turn = np.arange(48) * 2 * np.pi / 48
    # An orthonormal frame across (1, 1, 1, 1), and (mean) steps along it.
    frame = np.array([[1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]]) / 2
    sin = np.sqrt(1 - cos**2)[:, None]
    points = np.stack(
        [sin * np.cos(turn), sin * np.sin(turn), np.broadcast_to(cos[:, None], (24, 48))]
    )
    direction = np.tensordot(frame.T, points, 1)  # (4, 24, 48)
    total = 0.0
    for mean in np.arange(-6, 7, 0.25):
        z = mean + rho[:, None, None, None] * direction
        log = (-(z**2) / 2).sum(axis=1) - 2 * math.log(2 * math.pi)
        product = rank**4 * np.exp(log) * np.prod(ndtr(z) ** (rank - 1), axis=1)
        sphere = (product * w_cos[:, None]).sum(axis=(1, 2)) * 2 * np.pi / 48
        total += 2 * 0.25 * float(np.sum(w_rho * rho**2 * f(rho**2) * sphere))
    return total


@pytest.mark.parametrize("rank", [2, 3, 6])
def test_four_units_over_the_sphere(rank: int) -> None:
    assert on_spheres(rank, np.ones_like) == pytest.approx(1, abs=1e-9)  # the rule's error
    inverse = on_spheres(rank, lambda x: 1 / x)
    assert value(InverseSquareMoment, rank, 4, 1, 1) == pytest.approx(inverse, rel=1e-8)


@pytest.mark.parametrize("rank", [2, 5])
def test_logarithms_over_the_sphere(rank: int) -> None:
    mean = on_spheres(rank, np.log)
    square = on_spheres(rank, lambda x: np.log(x) ** 2)
    # A logarithm at 0 costs Gauss's rule some digits.
    assert value(LogSquareMean, rank, 4, 1) == pytest.approx(mean, abs=1e-6)
    assert value(LogSquareVariance, rank, 4, 1) == pytest.approx(square - mean**2, abs=1e-5)


@pytest.mark.parametrize("function", [LogSquareMean, LogSquareVariance])
@pytest.mark.parametrize("lost", [0, 1])
def test_a_ball_holds_what_more_digits_say(function, lost: int) -> None:
    expr = function(sp.Integer(3), sp.Integer(5), sp.Integer(lost))
    with working_precision(60):
        coarse = ball(expr)
    with working_precision(100):
        fine = ball(expr)
    assert coarse.contains(fine)
    assert coarse.rad() < 1e-12
    assert fine.rad() < 1e-22


@pytest.mark.parametrize(("units", "order"), [(4, 1), (6, 2), (30, 3)])
def test_an_inverse_ball_holds_what_more_digits_say(units: int, order: int) -> None:
    expr = InverseSquareMoment(sp.Integer(4), sp.Integer(units), sp.Integer(1), sp.Integer(order))
    with working_precision(60):
        coarse = ball(expr)
    with working_precision(100):
        fine = ball(expr)
    assert coarse.contains(fine)
    assert coarse.rad() < 1e-12 * coarse
    assert fine.rad() < 1e-22 * fine


def of_unit(rank: int, t: float, s: float) -> mpmath.mpf:
    """E e^{-t (Xi - s)^2} by quadrature between the peaks of both factors."""
    with mpmath.workdps(30):
        t, s = mpmath.mpf(t), mpmath.mpf(s)
        width = 1 / mpmath.sqrt(1 + 2 * t)
        centre = 2 * t * s * width**2
        edges = [centre + width * k for k in range(-14, 15, 2)]

        def integrand(z):
            power = mpmath.ncdf(z) ** (rank - 1)
            return rank * mpmath.npdf(z) * power * mpmath.exp(-t * (z - s) ** 2)

        return mpmath.quad(integrand, edges)


@pytest.mark.parametrize(
    ("kind", "t"),
    [
        *((Smoothed, t) for t in (1e-9, 0.01, 0.3, 3.0, 100.0, 1e5)),
        *((Peaked, t) for t in (100.0, 1e5, 1e12)),
    ],
)
@pytest.mark.parametrize("index", [-3, 0, 5])
def test_the_transform_of_one_unit_at_any_t(kind, t: float, index: int) -> None:
    with working_precision(110):
        unit = Unit(3, 50.0)
        assert kind is Smoothed or t > unit.far
        found = kind(unit, arb(t), 1)(index)
        assert found.rad() < 1e-18 * found
        middle = found.mid().str(25, radius=False)
    with mpmath.workdps(30):
        expected = of_unit(3, t, index / 2)
        assert abs(mpmath.mpf(middle) / expected - 1) < 1e-18


def test_a_series_that_is_cut_short_is_noticed(monkeypatch) -> None:
    """Flint cuts series at its own cap, whatever is asked."""
    assert ctx.cap < 2 * unit_transform._TERMS

    class Short:
        """Stands for flint's context, and keeps the cap where it is."""

        cap = property(lambda self: 10, lambda self, value: None)

    monkeypatch.setattr(unit_transform, "ctx", Short())
    with pytest.raises(RuntimeError, match="a series of 10 terms, not of 32"):
        Unit(3, 50.0).even_series(1, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, 3, 1, 1), r"E rho\^-2 is infinite for 3 units: it needs at least 4"),
        ((3, 2, 0, 1), r"E r\^-2 is infinite for 2 units: it needs at least 3"),
        ((3, 5, 1, 2), r"E rho\^-4 is infinite for 5 units: it needs at least 6"),
        ((201, 9, 1, 1), "the rank must be at most 200 for the spread of a layer; got 201"),
        ((10_001, 9, 0, 1), "the rank must be at most 10,000 for the length of a layer"),
    ],
)
def test_where_it_has_no_value(arguments, message: str) -> None:
    with pytest.raises(DomainError, match=message):
        value(InverseSquareMoment, *arguments)
