"""Units that pick among their features: constants, and what is refused."""

import pytest
import sympy as sp

import maxout
from maxout.numerics.balls.evaluator import enclose
from maxout.theory.activation.units import UNITS, unit_named
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.errors import DoesNotApplyError, DomainError
from maxout.theory.network import Network
from maxout.theory.order.places import PlacedMoment


def test_constants_in_closed_form() -> None:
    three = UNITS["mfm23"].constant(sp.Integer(3)).doit()
    assert sp.simplify(three - 4 * sp.pi / (4 * sp.pi - sp.sqrt(3))) == 0
    assert "1.159867" in maxout.constant(3, digits=7, unit="mfm23").midpoint
    assert (
        UNITS["groupsort"].constant(sp.Integer(7)) == UNITS["maxmin"].constant(sp.Integer(2)) == 1
    )
    assert UNITS["mfm"].constant(sp.Integer(2)).doit() == 1
    lwta = float(maxout.constant(5, digits=15, unit="lwta"))
    assert lwta == pytest.approx(5 / float(maxout.moment(5, digits=15)), rel=1e-14)


@pytest.mark.parametrize(
    ("name", "rank", "places"),
    [
        ("maxout", 4, (4,)),
        ("groupsort", 4, (1, 2, 3, 4)),
        ("lwta", 4, (4,)),
        ("mfm", 2, (2,)),
        ("maxmin", 2, (1, 2)),
        ("mfm23", 3, (2, 3)),
    ],
)
def test_the_energy_is_that_of_the_places_passed_on(name, rank, places) -> None:
    energy = sp.sympify(UNITS[name].energy(sp.Integer(rank)))
    added = sp.Add(*(PlacedMoment(r, rank, 2) for r in places))
    assert enclose(energy, {}, 25).overlaps(enclose(added, {}, 25))
    assert len(places) == UNITS[name].outputs(sp.Integer(rank)) or name == "lwta"


def test_at_rank_one_lwta_and_groupsort_are_linear_layers() -> None:
    for name in ("lwta", "groupsort", "maxout"):
        assert UNITS[name].constant(sp.Integer(1)).doit() == 1


def test_what_is_no_such_unit_is_refused() -> None:
    with pytest.raises(DomainError, match="unit must be one of maxout, .*; got 'relu'"):
        unit_named("relu")
    with pytest.raises(DomainError, match="a unit mfm23 has rank 3; got 4"):
        maxout.constant(4, unit="mfm23")
    with pytest.raises(DomainError, match="window, correlation and route are maxout's"):
        maxout.constant(3, unit="mfm23", window=4)


def test_a_network_is_of_one_kind_of_units() -> None:
    network = Network(3, (4, 2), rank=3, bias="zero")
    with pytest.raises(DoesNotApplyError, match=r"units of kind lwta \(--unit\)"):
        maxout.predict(CATALOGUE["activation.units.lwta"], network)
    for key in ("init.stationary", "jacobian.mean.exact", "regions.whole.upper.zero"):
        maxout.predict(CATALOGUE[key], network, unit="maxout")
        with pytest.raises(DoesNotApplyError, match=r"units of kind maxout \(--unit\)"):
            maxout.predict(CATALOGUE[key], network, unit="lwta")
    # Of no network: true whatever the units are.
    maxout.predict(CATALOGUE["order.mean"], network, unit="lwta")
    with pytest.raises(DomainError, match="unit must be one of maxout"):
        maxout.predict(CATALOGUE["order.mean"], network, unit="relu")
