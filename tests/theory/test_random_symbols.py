"""Random symbols as expressions: they print, can be rebuilt, and keep what they bind."""

import pytest
import sympy as sp
from sympy.core.symbol import Str

from maxout.theory.catalogue import CATALOGUE
from maxout.theory.errors import MaxoutError
from maxout.theory.jacobian import layer_laws
from maxout.theory.random_symbols import (
    ChiSquared,
    Largest,
    Normal,
    Recursion,
    Smallest,
    is_random,
)
from maxout.theory.symbols import K, L, c, l, n

a, b, x, y = sp.symbols("a b x y")
k = sp.Symbol("k", integer=True, positive=True)
STEP = Recursion(a + y, [a, b], [b + x, a * k + Normal("g", k)], [x, y], (k, 1, K), [(x, b)])
LAWS = [key for key, statement in CATALOGUE.items() if is_random(statement.right())]


def test_variates_are_told_apart_by_name_and_indices() -> None:
    assert Normal("Z", l, 1) == Normal("Z", l, 1) != Normal("Z", l, 2)
    assert Normal("Z", l) != Normal("v", l)
    assert Normal("Z", l).xreplace({l: sp.Integer(3)}) == Normal("Z", 3)
    assert ChiSquared(n[l], l).free_symbols >= {l, n[l]}
    assert Normal("Z", l).free_symbols == {l}  # its name is none


def test_bound_symbols_are_not_free() -> None:
    assert STEP.free_symbols == {x, y, K}
    assert Recursion(a, [a], [a + b], [0], (k, 1, 3), [(b, x)]).free_symbols == {x}
    assert Largest(Normal("Z", k), (k, 1, K)).free_symbols == {K}


def test_substitution_leaves_bound_symbols_alone() -> None:
    """x is an intermediate inside a step, and the start's x is another one outside."""
    found = STEP.subs(x, 5)
    assert found.start == sp.Tuple(5, y)
    assert found.updates == STEP.updates
    assert found.intermediates == STEP.intermediates
    assert STEP.subs(a, 7) == STEP
    assert STEP.subs(k, 7) == STEP
    assert STEP.subs(K, 7).limits == sp.Tuple(k, 1, 7)
    assert STEP.subs(y, 2).value == a + 2


@pytest.mark.parametrize("key", LAWS)
def test_laws_print_and_can_be_rebuilt(key) -> None:
    right = CATALOGUE[key].right()
    kinds = (Normal, ChiSquared, Largest, Smallest, Recursion, Str)
    names = {kind.__name__: kind for kind in kinds}
    assert eval(sp.srepr(right), {**vars(sp), **names}) == right  # noqa: S307 - our own text
    for text in (sp.latex(right), sp.sstr(right), sp.pretty(right), sp.latex(right**2)):
        assert text
        assert "Recursion" not in text
        assert "Normal" not in text
    assert sp.latex(right).count(r"\left") == sp.latex(right).count(r"\right")


def test_how_a_law_reads() -> None:
    assert sp.sstr(layer_laws.ordered_gain("lower")) == (
        "chi2(n_L)*Product(c*Sum(min(Z[l, k, i]**2, (k, 1, K)), (i, 1, n[l]))/n[l], (l, 1, L - 1))"
        "/n_0"
    )
    assert sp.latex(ChiSquared(n[L - 1] - 1, L - 1)) == r"\chi^{2\,(L - 1)}_{{n}_{L - 1} - 1}"
    assert sp.latex(Largest(Normal("Z", l, k), (k, 1, K)) ** 2) == (
        r"\left(\max_{k=1}^{K} Z_{l,k}\right)^{2}"
    )
    simple = Recursion(a, [a], [c * a], [x], (l, 1, L))
    assert sp.sstr(simple) == "{a | (a) = (x); l = 1..L: (a) <- (a*c)}"
    assert sp.latex(simple) == (
        r"\left[a \,\middle|\, \left(a\right) = \left(x\right);\ l = 1, \ldots, L:\ "
        r"\left(a\right) \gets \left(a c\right)\right]"
    )
    assert sp.pretty(simple).splitlines()[0].rstrip("⎤ ").endswith("a")


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(TypeError, match="an update and a start"):
        Recursion(a, [a, b], [a], [x, y], (k, 1, 3))
    with pytest.raises(TypeError, match="symbols"):
        Recursion(a, [a + 1], [a], [x], (k, 1, 3))
    with pytest.raises(TypeError, match="one range"):
        Largest(Normal("Z", k, l), (k, 1, 3), (l, 1, 3))
    with pytest.raises(MaxoutError, match="'lower' or 'upper'; got 'top'"):
        layer_laws.ordered_gain("top")
    with pytest.raises(MaxoutError, match="'gaussian' or 'zero'; got 'any'"):
        layer_laws.gain_through_angles("any")
