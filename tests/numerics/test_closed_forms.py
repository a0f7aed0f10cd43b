"""Reductions and closed forms of the probabilities against plain quadrature of their means."""

from __future__ import annotations

import mpmath
import pytest
import sympy as sp

from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.network import Network

ORTHANT = {"order.orthant.odd", "order.orthant.half", "order.orthant.four"}
CASES = [
    ("order.orthant.odd", 5, {"m": 2}, (0, 0.25, 0.5, 0.9)),
    ("order.orthant.odd", 9, {"m": 4}, (0.25,)),
    ("order.orthant.half", 6, {"m": 6}, (0.5,)),
    ("order.orthant.four", 4, {}, (0, 0.25, 0.5, 0.9)),
    ("order.half_normal.even", 4, {"m": 2}, (0.25, 0.5, 0.9)),
    ("order.half_normal.even", 8, {"m": 4}, (0.25,)),
    ("order.half_normal.half", 6, {"m": 6}, (0.5,)),
    ("order.half_normal.three", 3, {}, (0, 0.25, 0.5, 0.9)),
    ("order.half_normal.survival", 5, {"m": 5}, (0.25, 0.5, 0.9)),
]


def mean(key: str, size: int, rho: float) -> mpmath.mpf:
    """E of the size-th power of Phi(Y), |2 Phi(Y) - 1| or its complement, Y ~ N(0, rho/(1-rho))."""
    spread = mpmath.sqrt(mpmath.mpf(rho) / (1 - mpmath.mpf(rho)))

    def power(y: mpmath.mpf) -> mpmath.mpf:
        if key in ORTHANT:
            return mpmath.ncdf(spread * y) ** size
        inside = mpmath.erf(spread * y / mpmath.sqrt(2))
        return (1 - inside if key.endswith("survival") else inside) ** size

    whole = mpmath.quad(lambda y: mpmath.npdf(y) * power(y), [0, 0.5, 1, 2, 4, 8, 12])
    if key not in ORTHANT:
        return 2 * whole
    return whole + mpmath.quad(lambda y: mpmath.npdf(y) * power(-y), [0, 0.5, 1, 2, 4, 8, 12])


@pytest.mark.parametrize(("key", "size", "given", "correlations"), CASES)
def test_probabilities(key: str, size: int, given: dict, correlations: tuple) -> None:
    for rho in correlations:
        parameters = {**given, "rho": sp.Rational(str(rho))}
        if key.endswith("half"):
            del parameters["rho"]
        found = predict(CATALOGUE[key], Network(1, (1,), rank=1), **parameters)
        # The quadrature is good to 15 digits.
        assert float(found) == pytest.approx(float(mean(key, size, rho)), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("rank", [3, 4, 7, 30, 10**6])
def test_the_smallest_in_three_terms(rank: int) -> None:
    network = Network(1, (1,), rank=rank)
    found = predict(CATALOGUE["order.chi2_smallest.mean.reduced"], network)
    moment = predict(CATALOGUE["order.chi2_smallest.moment"], network, order=1)
    assert float(found) == pytest.approx(float(moment), rel=1e-14)
