"""Every number of the catalogue against another way to it, and against slight changes of itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import sympy as sp

from maxout.theory.catalogue import CATALOGUE
from maxout.theory.statement import Statement

from .collected import ORACLES, noticed

NUMBERS = [key for key, statement in CATALOGUE.items() if statement.numeric]


def test_every_statement_has_an_oracle() -> None:
    assert set(CATALOGUE) == set(ORACLES)


@pytest.mark.parametrize("key", CATALOGUE)
def test_the_program_agrees_with_the_oracle(key: str) -> None:
    statement = CATALOGUE[key]
    assert not [line for found in ORACLES[key] for line in found.disagreements(statement)]


@contextmanager
def multiplied(key: str, factor: sp.Rational) -> Iterator[Statement]:
    """The catalogue with one right side off by a factor."""
    honest = CATALOGUE[key]
    CATALOGUE[key] = replace(honest, build=lambda t: factor * honest.build(t))
    try:
        yield CATALOGUE[key]
    finally:
        CATALOGUE[key] = honest


@pytest.mark.parametrize("factor", [sp.Rational(251, 250), sp.Rational(10001, 10000)], ids=str)
@pytest.mark.parametrize("key", NUMBERS)
def test_a_slight_error_of_the_statement_is_noticed(key: str, factor: sp.Rational) -> None:
    with multiplied(key, factor) as wrong:
        seen = noticed(wrong)
    # Beyond a probability's 1 the program itself refuses to print it.
    assert "by the oracle" in seen or "lies outside its range, 0 to 1" in seen
