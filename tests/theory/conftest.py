"""The slow reference of the order statistics: defining integrals by mpmath's own quadrature."""

from functools import cache
from types import SimpleNamespace
from typing import Any

import mpmath as mp
import pytest

BREAKS = [-30, -10, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 10, 30]


@cache  # the quadrature comes back to the same nodes for every order and rank
def _at(function: Any, z: Any, prec: int) -> Any:
    return function(z)


def density(z: Any) -> Any:
    return _at(_density, z, mp.mp.prec)


def _density(z: Any) -> Any:
    return mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi)


def cdf(z: Any) -> Any:
    return _at(mp.erfc, -z / mp.sqrt(2), mp.mp.prec) / 2


def line(f: Any) -> Any:
    return mp.quad(f, BREAKS)


def half_line(f: Any) -> Any:
    return mp.quad(f, [b for b in BREAKS if b >= 0])


def moment(rank: int, order: int, statistic: str) -> Any:
    """E X^order from the density of the order statistic."""
    if statistic == "largest":
        return line(lambda z: z**order * rank * density(z) * cdf(z) ** (rank - 1))
    if statistic == "chi2-largest":
        inside = lambda z: _at(mp.erf, z / mp.sqrt(2), mp.mp.prec)  # noqa: E731
    else:
        inside = lambda z: _at(mp.erfc, z / mp.sqrt(2), mp.mp.prec)  # noqa: E731
    return half_line(lambda z: z ** (2 * order) * 2 * rank * density(z) * inside(z) ** (rank - 1))


def orthant(m: int, rho: Any) -> Any:
    """P_m: E Phi(sY)^m, also at negative rho, where s is imaginary and the mean is real."""
    s = mp.sqrt(mp.mpf(rho) / (1 - mp.mpf(rho)))
    if mp.im(s) == 0:
        return line(lambda y: density(y) * cdf(s * y) ** m)

    def phi(y: Any) -> Any:
        return mp.mpc(1, mp.erfi(abs(s) * y / mp.sqrt(2))) / 2

    return line(lambda y: density(y) * mp.re(phi(y) ** m))


def half_normal(m: int, rho: Any, survival: bool = False) -> Any:
    """A_m or B_m: E f(|Y|)^m, Y ~ N(0, rho/(1-rho)), f that of |Z| or 1 less it."""
    s = mp.sqrt(mp.mpf(rho) / (1 - mp.mpf(rho)))
    f = mp.erfc if survival else mp.erf
    return 2 * half_line(lambda y: density(y) * _at(f, s * y / mp.sqrt(2), mp.mp.prec) ** m)


@pytest.fixture(scope="session")
def oracle() -> SimpleNamespace:
    return SimpleNamespace(moment=moment, orthant=orthant, half_normal=half_normal)
