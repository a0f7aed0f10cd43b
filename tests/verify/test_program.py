"""Draws of expressions in random symbols, against the expression evaluated draw by draw."""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

import numpy as np
import pytest
import sympy as sp
from scipy import stats

from maxout.theory.catalogue import CATALOGUE
from maxout.theory.domain import PLAIN_BLOCKS
from maxout.theory.network import Network
from maxout.theory.parameters import environment
from maxout.theory.random_symbols import (
    ChiSquared,
    Largest,
    Normal,
    Recursion,
    Smallest,
    is_random,
)
from maxout.theory.symbols import l
from maxout.verify.sampling.law_program import Program
from maxout.verify.sampling.streams import Stream

i, j, k = sp.symbols("i j k", integer=True, positive=True)
STREAM = Stream(5, "expressions", 0)
COUNT = 50_000
FALSE_ALARM = 1e-6  # of each test, under its fixed seed


def drawn(expr: sp.Expr, count: int = COUNT, **values: Any) -> np.ndarray:
    return Program(expr, {sp.Symbol(name): value for name, value in values.items()}).run(
        STREAM, count
    )


class Plain:
    """One draw of an expression in plain Python, with the variates of the same streams."""

    def __init__(self, values: dict[sp.Basic, Any], draw: int) -> None:
        self.values, self.draw = values, draw

    def __call__(self, expr: sp.Expr, bound: dict[sp.Symbol, float]) -> float:
        def at(*terms: sp.Expr) -> list[float]:
            return [self(term, bound) for term in terms]

        def over(combine: Any, start: float | None = None) -> float:
            *inner, (index, first, last) = expr.limits  # the innermost comes first
            body = expr.func(expr.function, *inner) if inner else expr.function
            low, high = (round(end) for end in at(first, last))
            terms = [self(body, {**bound, index: m}) for m in range(low, high + 1)]
            return reduce(combine, terms if start is None else [start, *terms])

        if isinstance(expr, (Normal, ChiSquared)):
            return self.variate(expr, bound)
        if isinstance(expr, Recursion):
            return self.recursion(expr, bound)
        if isinstance(expr, sp.Sum):
            return over(lambda a, b: a + b, 0.0)
        if isinstance(expr, sp.Product):
            return over(lambda a, b: a * b, 1.0)
        if isinstance(expr, (Largest, Smallest)):
            return over(max if isinstance(expr, Largest) else min)
        if isinstance(expr, sp.Indexed):
            return float(self.values[expr.base][round(self(expr.indices[0], bound))])
        if isinstance(expr, sp.Symbol):
            return float(bound[expr] if expr in bound else self.values[expr])
        if isinstance(expr, sp.Add):
            return math.fsum(at(*expr.args))
        if isinstance(expr, sp.Mul):
            return math.prod(at(*expr.args))
        if isinstance(expr, sp.Abs):
            return abs(*at(*expr.args))
        if isinstance(expr, sp.Pow):
            base, exponent = at(*expr.args)
            return float(base**exponent)
        return float(expr)

    def variate(self, expr: Normal | ChiSquared, bound: dict[sp.Symbol, float]) -> float:
        name, indices = expr.label
        numbers = [round(self(index, bound)) for index in indices]
        # Behind the layer's their last index is a unit's, a row of their stream.
        units = name in ("Z", "v") and len(numbers) > 1
        label = ",".join([name, *map(str, numbers[:-1] if units else numbers)])
        generator = STREAM.symbol(label + ",*" * units)
        if isinstance(expr, ChiSquared):
            freedom = self(expr.freedom, bound)
            return float(generator.chisquare(freedom, DRAWS)[self.draw]) if freedom else 0.0
        rows = numbers[-1] if units else 1
        return float(generator.standard_normal((rows, DRAWS))[-1, self.draw])

    def recursion(self, expr: Recursion, bound: dict[sp.Symbol, float]) -> float:
        state = dict(zip(expr.states, (self(s, bound) for s in expr.start), strict=True))
        index, first, last = expr.limits
        for step in range(round(self(first, bound)), round(self(last, bound)) + 1):
            known = {**bound, **state, index: step}
            for name, term in expr.intermediates:
                known[name] = self(term, known)
            state = {s: self(u, known) for s, u in zip(expr.states, expr.updates, strict=True)}
        return self(expr.value, {**bound, **state})


DRAWS = 3
LAWS = [key for key, statement in CATALOGUE.items() if is_random(statement.right())]


@pytest.mark.parametrize("key", LAWS)
def test_laws_draw_by_draw(key) -> None:
    """The expression itself, term by term in Python: no vectors, no shared subexpressions."""
    statement = CATALOGUE[key]
    bias = statement.biases[-1]
    rank = 2 if key == "jacobian.law.rank2" else 3
    # What is left across a layer's mean and its input takes three units.
    widths = (3, 1, 2) if statement.domain.blocks is PLAIN_BLOCKS else (3, 4, 5)
    network = Network(4, widths, 2, rank, c=sp.Rational(4, 5), bias=bias)
    parameters = {"cosine": sp.Rational(-3, 10), "norm": sp.Rational(7, 5), "layer": 1}
    values = environment(statement, network, **parameters)
    found = Program(statement.right(), values).run(STREAM, DRAWS)
    expected = [Plain(values, draw)(statement.right(), {}) for draw in range(DRAWS)]
    assert found == pytest.approx(expected, rel=1e-12)


def test_equal_symbols_are_one_variable_and_others_independent() -> None:
    x, y = Normal("x"), Normal("y")
    assert np.array_equal(drawn(x * x), drawn(x) ** 2)
    assert np.array_equal(drawn(x + y), drawn(x) + drawn(y))
    for one, other in [(x, y), (Normal("x", 1), Normal("x", 2)), (x, ChiSquared(3)), (x, x**2)]:
        correlation = np.corrcoef(drawn(one), drawn(other))[0, 1]
        assert abs(correlation) < 5 / math.sqrt(COUNT)


@pytest.mark.parametrize(
    ("expr", "law"),
    [
        (Normal("x"), stats.norm()),
        (ChiSquared(3), stats.chi2(3)),
        (Largest(Normal("x", k), (k, 1, 4)), stats.norm()),
        (Smallest(Normal("x", k), (k, 1, 4)), stats.norm()),
        (sp.Sum(Normal("x", k) ** 2, (k, 1, 5)), stats.chi2(5)),
        (sp.sqrt(ChiSquared(1)) / sp.sqrt(ChiSquared(1, 2)), stats.halfcauchy()),
        (1 / (1 + Normal("a") ** 2 / Normal("b") ** 2), stats.arcsine()),
    ],
    ids=["normal", "chi2", "largest", "smallest", "sum", "ratio", "share"],
)
def test_laws_that_are_known(expr, law) -> None:
    cdf = law.cdf
    if isinstance(expr, Largest):
        cdf = lambda t: law.cdf(t) ** 4  # noqa: E731
    if isinstance(expr, Smallest):
        cdf = lambda t: 1 - law.sf(t) ** 4  # noqa: E731
    found = drawn(expr)
    assert stats.kstest(found, cdf).pvalue > FALSE_ALARM
    assert stats.kstest(1.1 * found + 0.05, cdf).pvalue < FALSE_ALARM


def test_empty_ranges() -> None:
    x = Normal("x")
    assert np.array_equal(drawn(x + sp.Sum(Normal("y", k), (k, 1, 0))), drawn(x))
    assert np.array_equal(drawn(x * sp.Product(Normal("y", k), (k, 1, 0))), drawn(x))
    assert not drawn(ChiSquared(0) * x).any()
    state = sp.Symbol("s")
    assert np.array_equal(drawn(Recursion(state, [state], [2 * state], [x], (k, 1, 0))), drawn(x))
    with pytest.raises(RuntimeError, match="extreme of nothing"):
        drawn(Largest(Normal("x", k), (k, 1, 0)))


def test_a_recursion_updates_all_states_from_those_before() -> None:
    a, b, s = sp.symbols("a b s")
    x, y = Normal("x"), Normal("y")
    swapped = Recursion(a - b, [a, b], [b, s], [x, y], (k, 1, 3), [(s, a)])
    assert np.array_equal(drawn(swapped), drawn(y - x))


def test_terms_that_depend_on_the_index_otherwise_are_taken_one_by_one() -> None:
    found = drawn(sp.Sum(i * Normal("x", i), (i, 1, 3)))
    assert stats.kstest(found / math.sqrt(14), stats.norm().cdf).pvalue > FALSE_ALARM
    nested = drawn(sp.Sum(sp.Sum(Normal("x", i, j), (j, 1, i)), (i, 1, 3)))
    assert stats.kstest(nested / math.sqrt(6), stats.norm().cdf).pvalue > FALSE_ALARM
    constant = drawn(Normal("x") + sp.Sum(2 * Normal("y"), (i, 1, 4)))
    assert np.allclose(constant, drawn(Normal("x")) + 8 * drawn(Normal("y")))


def test_what_cannot_be_drawn_is_refused() -> None:
    x = Normal("x")
    for wrong, error, said in [
        (sp.Symbol("c") * 2, RuntimeError, "random symbols"),
        (sp.gamma(x), NotImplementedError, "gamma"),
        (ChiSquared(3) + ChiSquared(4), RuntimeError, "two laws"),
        (ChiSquared(-1), RuntimeError, "freedom"),
        (Normal("x", 1) * sp.Sum(Normal("x", k), (k, 1, 2)), NotImplementedError, "by a number"),
        (sp.Sum(Normal("x", k) * k, (k, 1, sp.Rational(3, 2))), RuntimeError, "integer ends"),
        (sp.Symbol("unknown") * x, LookupError, "unknown"),
    ]:
        with pytest.raises(error, match=said):
            drawn(wrong, c=1)


def test_places_for_arrays_are_used_again() -> None:
    deep = Recursion(i, [i], [i + sp.Sum(Normal("Z", l, k) ** 2, (k, 1, 10))], [0], (l, 1, 50))
    program = Program(deep, {})
    assert program.draws == 500
    assert program.values <= 23
    unread = Recursion(i, [i, j], [i + Normal("x", l), Normal("y", l)], [0, 0], (l, 1, 5))
    assert Program(unread, {}).draws == 5
