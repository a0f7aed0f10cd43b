"""Every statement at its domain's edges: inside a value, or a named limit; outside a refusal."""

import pytest

from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.errors import DoesNotApplyError, OutOfReachError
from maxout.theory.network import BIAS, BIASES
from maxout.theory.statement import Statement

from .domains import Place, crossings, draws, home, unmet

STATEMENTS = pytest.mark.parametrize("statement", CATALOGUE.values(), ids=CATALOGUE.keys())


def _ask(statement: Statement, place: Place):
    return predict(statement, place.network, place.order, digits=6, **place.parameters)


def _inside(statement: Statement, place: Place) -> None:
    """A value within the range, or the name of what it leaves."""
    try:
        value = _ask(statement, place).value
    except OutOfReachError as error:
        assert str(error).startswith(f"{statement.key} has no value here: ")  # noqa: PT017
        return
    if value is None:
        assert not statement.numeric
        return
    least, most = statement.range.least, statement.range.most
    assert least is None or value.lower >= least
    assert most is None or value.upper <= most
    assert value.lower <= value.upper


def _outside(statement: Statement, place: Place) -> None:
    """A refusal that names every condition that fails, and the option that changes it."""
    limits = set(unmet(statement, place)) <= set(statement.domain.limits)
    with pytest.raises(OutOfReachError if limits else DoesNotApplyError) as caught:
        _ask(statement, place)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(statement.key)
    for condition in unmet(statement, place):
        if limits or condition not in statement.domain.limits:
            assert condition.words in message
            assert condition.options in message
            assert condition.options.startswith("--")


def _can_fail(condition) -> bool:
    return condition.reads != (BIAS,) or not all(condition.test(law) for law in BIASES)


@STATEMENTS
def test_each_condition_is_all_that_parts_inside_from_outside(statement) -> None:
    _inside(statement, home(statement))
    for condition in (*statement.domain.conditions, *statement.domain.limits):
        if not _can_fail(condition):
            continue
        inside, outside = next(crossings(statement, condition), (None, None))
        assert outside is not None, f"nothing fails {condition.words!r} alone"
        _inside(statement, inside)
        _outside(statement, outside)


@STATEMENTS
def test_points_at_the_edges_of_every_field(statement) -> None:
    for place in draws(statement, 3, seed=1):
        (_outside if unmet(statement, place) else _inside)(statement, place)


@pytest.mark.slow
@STATEMENTS
def test_many_points_at_the_edges_of_every_field(statement) -> None:
    for place in draws(statement, 25, seed=2):
        (_outside if unmet(statement, place) else _inside)(statement, place)
