"""Wrong versions of statements are noticed: in short; ``python -m tests.mutation`` asks more."""

import re
from pathlib import Path

import pytest

from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.network import Network
from maxout.verify import suite
from maxout.verify.decisions import REFUTED
from maxout.verify.run_setting import RunSetting

from .findings import NONE, REST, search
from .mutants import REVERSED, broken, mutants

PAGE = Path(__file__).resolve().parents[2] / "docs" / "mutants.md"

SAMPLED = ("order.second_moment", "jacobian.mean.upper.sharp", "jacobian.law.rank2")
"""A number, a bound, a law; samples of them are quickly drawn."""

FAR = ("curve.length.mean.upper.angle", "curve.length.mean.upper.sphere", "regions.count.patterns")
"""Bounds with an experiment where they are nearly attained and one where they are far off."""


@pytest.mark.parametrize("key", CATALOGUE)
def test_an_oracle_notices_every_wrong_right_side(key: str) -> None:
    """What is no change is none for lack of a symbol, never by a value that comes out equal."""
    for found in search([key], NONE):
        assert found.oracle or re.fullmatch("its right side has no [KLn]", found.unchanged), found


@pytest.mark.parametrize("key", SAMPLED)
def test_samples_refute_the_rest(key: str) -> None:
    assert not [found for found in search([key], REST) if found.survives]


@pytest.mark.parametrize("key", FAR)
def test_samples_refute_a_reversed_bound_that_is_far_off(key: str) -> None:
    reverse = next(m for m in mutants(CATALOGUE[key]) if m.label == REVERSED)
    with broken(reverse):
        assert suite.run(RunSetting(keys=[key], device="cpu")).status == REFUTED


def test_the_program_meets_what_stands_in_the_catalogue() -> None:
    honest = CATALOGUE["jacobian.mean.upper"]
    network = Network(3, (5, 4), 2, 3)
    value = float(predict(honest, network))
    double = next(m for m in mutants(honest) if m.label == "x 2")
    with broken(double):
        found = float(predict(CATALOGUE["jacobian.mean.upper"], network))
    assert found == pytest.approx(2 * value, rel=1e-14)
    assert CATALOGUE["jacobian.mean.upper"] is honest


def test_the_page_has_a_row_for_every_statement_and_no_survivor() -> None:
    rows = dict(re.findall(r"^\| `([\w.]+)` \| (.*) \|$", PAGE.read_text(), re.MULTILINE))
    assert set(rows) == set(CATALOGUE)
    assert not [key for key, marks in rows.items() if "SURVIVES" in marks]
    reverses = {key: marks.split("|")[-1].strip() for key, marks in rows.items()}
    assert not [key for key, marks in reverses.items() if marks not in ("-", "s", "os")]
