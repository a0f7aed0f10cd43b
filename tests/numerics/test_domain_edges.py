"""Where domains end, in numbers written down here: a condition that is shifted must be noticed."""

from __future__ import annotations

from typing import Any

import pytest
import sympy as sp
from flint import arb

from maxout.numerics.balls.evaluator import enclose
from maxout.numerics.balls.trapezoid import rule_error
from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.errors import DoesNotApplyError
from maxout.theory.network import Network

ZERO = Network(4, (5, 3), 2, 3, c=sp.Rational(1, 2), bias="zero")
WIDE = Network(4, (6, 6), 2, 3, c=sp.Rational(1, 2), bias="zero")
ANY = Network(4, (5,), 2, 3, c=sp.Rational(1, 2), bias="any")
PLANE = Network(2, (4, 3), 2, 3, c=sp.Rational(1, 2), bias="gaussian")

# The least side of the 2021 theorem is 1/(2 C_bias C_grad), with C_bias^2 = n/(2 pi c) at the
# largest fan-in n = 4, and C_grad^2 = c max(1, cK)^{L-2} e^{(1/(4K) + 1) ceil(n_0/2)}.
_C_BIAS = sp.sqrt(sp.Rational(4) / (2 * sp.pi * sp.Rational(1, 2)))
_C_GRAD = sp.sqrt(sp.Rational(1, 2) * sp.Rational(3, 2) * sp.exp(sp.Rational(13, 12)))
LEAST = float(((1 / (2 * _C_BIAS * _C_GRAD)) ** 2).evalf(20))

LAST = {"inside": {"layer": 2}, "outside": {"layer": 3}}
SPEED = {"inside": {"exponent": 5}, "outside": {"exponent": 6}}
PAIR: dict[str, Any] = {"norm": 1, "other_norm": 1, "correlation": 0}

EDGES: list[tuple[str, Network, dict[str, Any], dict[str, Any]]] = [
    ("gradients.bias.exact", ZERO, LAST["inside"], LAST["outside"]),
    ("gradients.bias.lower", ZERO, LAST["inside"], LAST["outside"]),
    ("gradients.weights.upper", ZERO, LAST["inside"], LAST["outside"]),
    ("jacobian.lyapunov.rest", WIDE, SPEED["inside"], SPEED["outside"]),
    ("regions.count.upper", PLANE, {"volume": 1.001 * LEAST}, {"volume": 0.999 * LEAST}),
    ("kernel.ntk.shallow", ANY, PAIR, {**PAIR, "norm": 0}),
    ("kernel.ntk.shallow", ANY, PAIR, {**PAIR, "other_norm": 0}),
    ("kernel.nngp.shallow", ANY, {**PAIR, "norm": 0, "bias_variance": 1}, {**PAIR, "norm": 0}),
    ("order.orthant", ANY, {"m": 6, "rho": sp.Rational(-1, 5)}, {"m": 6, "rho": -0.2001}),
    ("order.orthant", ANY, {"m": 12, "rho": sp.Rational(-1, 11)}, {"m": 12, "rho": -0.091}),
]


@pytest.mark.parametrize(("key", "network", "inside", "outside"), EDGES)
def test_a_domain_ends_where_it_says(
    key: str, network: Network, inside: dict[str, Any], outside: dict[str, Any]
) -> None:
    assert predict(CATALOGUE[key], network, **inside).value is not None
    with pytest.raises(DoesNotApplyError, match=key):
        predict(CATALOGUE[key], network, **outside)


def test_normals_that_add_up_to_zero_are_never_all_positive() -> None:
    for m in (3, 6, 7, 12):
        value = predict(CATALOGUE["order.orthant"], ANY, m=m, rho=sp.Rational(-1, m - 1)).value
        assert value is not None
        assert (value.midpoint, value.radius) == ("0", "0")


def test_the_rules_error_has_both_of_its_parts() -> None:
    # 2 line/(e^{2 pi a/h} - 1) + 2 edges, at line = 3, edges = 1/7, a = 1/2, h = 1/4
    found = rule_error(arb(3), arb(1) / 7, arb(1) / 2, arb(1) / 4)
    expected = enclose(6 / (sp.exp(4 * sp.pi) - 1) + sp.Rational(2, 7), {}, 15)
    assert found.overlaps(expected.ball)
