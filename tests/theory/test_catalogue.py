"""The catalogue as a whole: every statement is complete, printable and where it says it is."""

import re
from dataclasses import replace

import pytest
import sympy as sp

from maxout.theory import symbols
from maxout.theory.catalogue import CATALOGUE, UnknownKeyError, select
from maxout.theory.conditions import AWAY_FROM_ORIGIN
from maxout.theory.domain import Domain, Point
from maxout.theory.network import Network
from maxout.theory.sources import BIBLIOGRAPHY
from maxout.theory.statement import Status

ARCHITECTURE = {
    symbols.n_0, symbols.n_L, symbols.L, symbols.K, symbols.c, symbols.t, symbols.n,
    symbols.n.label, symbols.dropout, symbols.beta, symbols.inner, symbols.inner.label,
    symbols.share,
}  # fmt: skip
STATEMENTS = pytest.mark.parametrize("statement", CATALOGUE.values(), ids=CATALOGUE.keys())


@STATEMENTS
def test_complete(statement) -> None:
    assert statement.title
    assert statement.left
    assert statement.assumptions
    assert set(statement.source.keys) <= set(BIBLIOGRAPHY)
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


def test_every_reference_is_cited_and_is_bibtex() -> None:
    cited = {key for statement in CATALOGUE.values() for key in statement.source.keys}
    assert cited == set(BIBLIOGRAPHY)
    for reference in BIBLIOGRAPHY.values():
        assert re.match(r"@(article|inproceedings|book|misc|software)\{\w+,\n", reference.bibtex)
        assert reference.bibtex.count("{") == reference.bibtex.count("}")
        for name in ("title", "author", "year"):
            assert f"  {name} = {{" in reference.bibtex


def test_what_rests_on_a_theorem_that_is_not_proved_here_says_so() -> None:
    cited = {key for key, s in CATALOGUE.items() if s.status == Status.CITED}
    bounds = {"regions.count.upper", "regions.boundary.upper"}
    assert cited == {*bounds, "regions.whole.maximum"}
    for key in bounds:
        assert CATALOGUE[f"{key}.sharp"].status == Status.DERIVED
    assert {s.status for s in CATALOGUE.values()} <= set(Status)


def test_a_condition_may_only_read_what_the_statement_knows() -> None:
    statement = CATALOGUE["jacobian.mean.upper"]
    with pytest.raises(RuntimeError, match=r"'\|x\| > 0' reads norm"):
        replace(statement, domain=Domain(AWAY_FROM_ORIGIN))


def test_assumptions_are_the_definitions_and_the_conditions() -> None:
    statement = CATALOGUE["jacobian.moment.gaussian"]
    assert statement.assumptions[-3:] == (
        "gaussian biases N(0, c/fan_in)",
        "n_0 >= 2, or rho_0 = 1 or -1",
        "t <= 4 for its value",
    )
