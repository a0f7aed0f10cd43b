"""A product of layer matrices as one expression."""

import pytest
import sympy as sp

from maxout.numerics.balls.evaluator import enclose
from maxout.theory.layer_product import LayerProduct
from maxout.theory.symbols import L, l, n

A = sp.Matrix([[n[l], 0], [1, 2 * n[l]]])
ROW, COLUMN = sp.Matrix([[1, 1]]), sp.Matrix([3, sp.Symbol("x")])


def product(last=L) -> LayerProduct:
    return LayerProduct(ROW, A, COLUMN, (l, 1, last))


def by_hand(layers: int) -> sp.Expr:
    vector = COLUMN
    for i in range(1, layers + 1):
        vector = A.subs(l, i) * vector
    return (ROW * vector)[0, 0]


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_multiplies_out_at_concrete_depth(layers) -> None:
    assert sp.expand(product().subs(L, layers).doit() - by_hand(layers)) == 0


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_as_sums_at_symbolic_depth(layers) -> None:
    sums = product().expand_sums()
    assert sums.has(sp.Sum)
    assert sp.expand(sums.subs(L, layers).doit() - by_hand(layers)) == 0


def test_no_layers_is_the_start() -> None:
    assert product(0) == 3 + sp.Symbol("x")
    assert product().subs(L, 0).doit() == 3 + sp.Symbol("x")


def test_only_a_triangular_product_has_sums() -> None:
    full = LayerProduct(ROW, sp.Matrix([[1, n[l]], [1, 1]]), COLUMN, (l, 1, L))
    with pytest.raises(RuntimeError, match="lower triangular"):
        full.expand_sums()


def test_shapes_and_limits_are_checked() -> None:
    with pytest.raises(TypeError, match="shapes"):
        LayerProduct(ROW.T, A, COLUMN, (l, 1, L))
    with pytest.raises(TypeError, match="limits"):
        LayerProduct(ROW, A, COLUMN, (l + 1, 1, L))


def test_the_index_is_bound() -> None:
    assert l not in product().free_symbols
    assert product().subs(l, 7) == product()
    assert product().bound_symbols == [l]


def test_evaluates_in_balls_and_in_floats() -> None:
    exact = by_hand(3).subs({n[1]: 2, n[2]: 5, n[3]: 7, sp.Symbol("x"): 4})
    start = product().subs(sp.Symbol("x"), 4)
    found = enclose(start, {L: 3, n: (1, 2, 5, 7)}, 20)
    assert exact in found
    numbers = LayerProduct(ROW, sp.Matrix([[l, 0], [1, 2]]), sp.Matrix([1, 1]), (l, 1, 3))
    assert numbers.evalf() == float(numbers.doit())


def test_latex_says_which_way_the_factors_run() -> None:
    assert r"\curvearrowleft" in sp.latex(product())
