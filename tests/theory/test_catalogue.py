"""The catalogue as a whole: every statement is complete, printable and where it says it is."""

import pytest
import sympy as sp

from maxout.theory import symbols
from maxout.theory.catalogue import CATALOGUE, UnknownKeyError, select
from maxout.theory.domain import Point
from maxout.theory.network import Network
from maxout.theory.sources import BIBLIOGRAPHY

ARCHITECTURE = {
    symbols.n_0, symbols.n_L, symbols.L, symbols.K, symbols.c, symbols.t, symbols.n,
    symbols.n.label,
}  # fmt: skip
STATEMENTS = pytest.mark.parametrize("statement", CATALOGUE.values(), ids=CATALOGUE.keys())


@STATEMENTS
def test_complete(statement) -> None:
    assert statement.title
    assert statement.left
    assert statement.assumptions
    assert statement.source.key in BIBLIOGRAPHY
    assert "#" in statement.proof


@STATEMENTS
def test_prints(statement) -> None:
    for order in statement.orders or (None,):
        right = statement.right(order)
        assert sp.latex(right)
        assert str(right)
        assert sp.srepr(right)


@STATEMENTS
def test_declares_every_symbol_it_uses(statement) -> None:
    """A symbol that nobody supplies would make a statement impossible to evaluate."""
    order = statement.orders[0] if statement.orders else None
    unknown = {
        s
        for s in statement.right(order).free_symbols
        if not isinstance(s, sp.Indexed) and s not in ARCHITECTURE
    } - set(statement.parameters)
    assert not unknown


def test_select_by_prefix_and_by_name() -> None:
    chosen = [s.key for s in select(["jacobian.mean"])]
    assert "jacobian.mean.upper" in chosen
    assert "jacobian.moment.upper" not in chosen
    assert [s.key for s in select(["jacobian.mean.upper"])] == ["jacobian.mean.upper"]
    assert len(select([])) == len(CATALOGUE)


def test_unknown_key_suggests_the_nearest() -> None:
    with pytest.raises(UnknownKeyError, match=r"'jacobian\.mean\.upper'"):
        select(["jacobian.mean.uper"])


def test_rank_one_is_a_linear_layer() -> None:
    """Every bound and value of the mean reduces to (n_L/n_0) c^(L-1) at K = 1."""
    for key, statement in CATALOGUE.items():
        point = Point(Network(4, (5, 5), rank=1, bias="zero"), None, {symbols.cos_0: 1})
        if not key.startswith("jacobian.mean") or not statement.domain.contains(point):
            continue
        right = statement.right()
        if symbols.cos_0 in right.free_symbols or symbols.x_norm in right.free_symbols:
            continue
        linear = symbols.n_L / symbols.n_0 * symbols.c ** (symbols.L - 1)
        assert sp.simplify(right.subs(symbols.K, 1) / linear) == 1, key
