"""The ladder: order of the rungs, the best of rival statements, layers and orders."""

from dataclasses import replace

import pytest
import sympy as sp

from maxout.numerics.ladder import ladder
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.network import Network
from maxout.theory.statement import RUNGS

WITH_RUNG = [s for s in CATALOGUE.values() if s.rung]


@pytest.mark.parametrize("bias", ["any", "gaussian", "zero"])
@pytest.mark.parametrize("rank", [1, 2, 5])
def test_rungs_are_in_order(bias, rank) -> None:
    rows = [row for row in ladder(Network(6, (8, 5), 1, rank, bias=bias), WITH_RUNG) if row.rungs]
    assert {row.quantity for row in rows} >= {"jacobian.mean", "jacobian.moment"}
    for row in rows:
        assert list(row.rungs) == [name for name in RUNGS if name in row.rungs]
        values = list(row.rungs.values())
        for below, above in zip(values[:-1], values[1:], strict=True):
            # Equal where a bound is attained, such as at rank 1.
            assert below.value.lower <= above.value.upper, row.label


def test_one_row_for_each_order_and_layer() -> None:
    network = Network(6, (8, 5, 7), 1, 4, bias="zero")
    labels = [row.label for row in ladder(network, WITH_RUNG)]
    assert len(labels) == len(set(labels))
    assert "jacobian.moment (t=2)" in labels
    only = ladder(network, WITH_RUNG, order=4)
    assert {row.order for row in only if row.quantity == "jacobian.moment"} == {4}


def test_the_best_bound_wins() -> None:
    bound = CATALOGUE["jacobian.mean.upper"]
    loose = replace(bound, key="loose", build=lambda t: 2 * bound.right())
    network = Network(6, (8, 5), 1, 4)
    for statements in ([bound, loose], [loose, bound]):
        (row,) = ladder(network, statements)
        assert row.rungs["upper"].statement is bound
    low = CATALOGUE["jacobian.mean.lower.sharp"]
    weak = replace(low, key="weak", build=lambda t: low.right() / 2)
    (row,) = ladder(network, [weak, low])
    assert row.rungs["lower.sharp"].statement is low


def test_a_rung_must_fit_its_relation() -> None:
    with pytest.raises(RuntimeError, match="rung must be one of"):
        replace(CATALOGUE["jacobian.mean.upper"], rung="lower")
    with pytest.raises(RuntimeError, match="both quantity and rung"):
        replace(CATALOGUE["jacobian.mean.upper"], rung="")


def test_nothing_applies() -> None:
    exact = CATALOGUE["jacobian.mean.exact"]
    (row,) = ladder(Network(6, (8,), 1, 4, c=sp.Rational(1, 2)), [exact])
    assert row.rungs == {}
    assert "it needs zero biases (--bias)" in str(row.refusals[exact.key])
