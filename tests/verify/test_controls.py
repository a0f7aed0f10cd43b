"""The quick suite whole: every statement verified, every deliberately wrong version refuted."""

import pytest

from maxout.theory.catalogue import CATALOGUE
from maxout.verify import controls, suite
from maxout.verify.decisions import REFUTED, VERIFIED
from maxout.verify.experiments import experiments


def test_every_statement_has_experiments_and_controls() -> None:
    bare = []
    for key, found in experiments("quick").items():
        if not found:
            bare.append(f"{key}: no experiment")
        elif not any(e.twins for e in found):
            bare.append(f"{key}: no control")
    assert not bare


def test_experiments_can_be_told_apart() -> None:
    names = [(key, e.name) for key, found in experiments("standard").items() for e in found]
    assert len(set(names)) == len(names)


def test_standard_covers_quick() -> None:
    quick, standard = experiments("quick"), experiments("standard")
    for key in CATALOGUE:
        assert {e.name for e in quick[key]} <= {e.name for e in standard[key]}, key


@pytest.mark.slow
def test_every_statement_is_verified() -> None:
    report = suite.run("quick", device="cpu")
    assert {verdict.key for verdict in report.verdicts} == set(CATALOGUE)
    wrong = [v for v in report.verdicts if v.status != VERIFIED]
    assert not wrong


@pytest.mark.slow
def test_every_control_is_refuted() -> None:
    found = controls.run("quick", device="cpu")
    assert {control.key for control in found} == {k for k, e in experiments("quick").items() if e}
    missed = [control for control in found if control.outcome.status != REFUTED]
    assert not missed


def test_controls_are_judged_by_the_statements_rule() -> None:
    found = controls.run("quick", ["jacobian.mean.exact"], device="cpu")
    honest = suite.run("quick", ["jacobian.mean.exact"], device="cpu")
    labels = [control.label for control in found]
    assert len(labels) == len(set(labels)) >= 3
    for control in found:
        assert control.claimed != honest.verdicts[0].predicted
        assert control.outcome.status == REFUTED
