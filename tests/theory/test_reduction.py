"""Integration by parts: each use of the rule is an equation of two integrals, checked as such."""

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from maxout.theory.errors import MaxoutError
from maxout.theory.order.reduction import (
    HalfNormalIntegral,
    PowerDensityIntegral,
    SurvivalIntegral,
    normal_mass,
)

KINDS = (PowerDensityIntegral, HalfNormalIntegral, SurvivalIntegral)
ALL = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


@given(st.sampled_from(KINDS), st.integers(1, 6), st.integers(1, 4), st.integers(0, 9))
@settings(derandomize=True, deadline=None, max_examples=20)
def test_the_rule_holds_for_the_integrals_themselves(kind, p, j, m) -> None:
    integral = kind(p, j, m)
    # apart: SymPy would chase a difference that is zero through ever higher precision
    assert abs(sp.N(integral, 25) - sp.N(integral.by_parts(), 25)) < 1e-23


@ALL
@pytest.mark.parametrize("m", [0, 1, 2, 9])
@pytest.mark.parametrize("j", [1, 3])
def test_the_end_is_a_probability(kind, j, m) -> None:
    integral = kind(0, j, m)
    for evaluate in (True, False):
        assert abs(sp.N(integral, 25) - sp.N(integral.as_probability(evaluate), 25)) < 1e-23


@ALL
def test_prints(kind) -> None:
    integral = kind(2, 3, 4)
    assert str(integral).endswith("(2; 3, 4)")
    assert r"\int_" in sp.latex(integral)
    assert sp.pretty(integral)
    assert sp.latex(integral**2).endswith("^{2}")


def test_the_mass_of_a_power_of_the_density() -> None:
    z = sp.Symbol("z", real=True)
    phi = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)
    for j in (1, 2, 3):
        assert sp.simplify(sp.integrate(phi**j, (z, -sp.oo, sp.oo)) - normal_mass(j)) == 0


@ALL
def test_bad_input(kind) -> None:
    for p, j, m in ((-1, 1, 1), (1, 0, 1), (sp.Rational(1, 2), 1, 1), (1, 1, -1)):
        with pytest.raises(MaxoutError, match=r"I\(p; j, m\) needs"):
            kind(p, j, m)
    with pytest.raises(RuntimeError, match="ends the reduction"):
        kind(0, 1, 3).by_parts()
    with pytest.raises(RuntimeError, match="integrate by parts first"):
        kind(2, 1, 3).as_probability()
