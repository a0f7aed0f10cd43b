"""The quick suite whole: every statement verified, every deliberately wrong version refuted."""

from dataclasses import replace

import pytest

from maxout.theory.catalogue import CATALOGUE
from maxout.theory.statement import Relation
from maxout.verify import controls, looks, run_setting, suite
from maxout.verify.decisions import ERROR, REFUTED, VERIFIED, Outcome
from maxout.verify.experiments import BUILDERS, Twin
from maxout.verify.run_setting import RunSetting
from maxout.verify.sampling.collector import Collector


def test_every_statement_has_experiments_and_controls(plan) -> None:
    bare = []
    for key, found in plan("quick").items():
        if not found:
            bare.append(f"{key}: no experiment")
        elif not any(e.twins for e in found):
            bare.append(f"{key}: no control")
    assert not bare


def test_experiments_can_be_told_apart(plan) -> None:
    names = [(key, e.name) for key, found in plan("standard").items() for e in found]
    assert len(set(names)) == len(names)


def test_standard_covers_quick(plan) -> None:
    quick, standard = plan("quick"), plan("standard")
    for key in CATALOGUE:
        assert {e.name for e in quick[key]} <= {e.name for e in standard[key]}, key


@pytest.fixture(scope="module")
def judged(plan) -> tuple[list[tuple[str, str, Outcome]], list[tuple[str, str, str, Outcome]]]:
    """The whole quick suite and all its controls in one pass: the samples are drawn once."""
    quick = plan("quick")
    share = suite.verdict_alpha(run_setting.ALPHA)
    honest, wrong = [], []
    with Collector(0, "cpu") as collector:
        for e in suite.Queue(quick, list(quick), collector):
            honest.append((e.key, e.name, looks.judge(e, collector, share)))
            for twin in e.twins:
                outcome = looks.judge(twin.change(e), collector, share)
                wrong.append((e.key, e.name, twin.label, outcome))
    return honest, wrong


@pytest.mark.slow
def test_every_statement_is_verified(judged) -> None:
    honest, _ = judged
    assert {key for key, *_ in honest} == set(CATALOGUE)
    assert not [found for found in honest if found[-1].status != VERIFIED]


@pytest.mark.slow
def test_every_control_is_refuted(judged) -> None:
    _, wrong = judged
    assert {key for key, *_ in wrong} == set(CATALOGUE)
    assert not [found for found in wrong if found[-1].status != REFUTED]


def test_controls_are_refuted_by_their_own_rule() -> None:
    found = controls.run(RunSetting(keys=["jacobian.mean.exact"], device="cpu"))
    honest = suite.run(RunSetting(keys=["jacobian.mean.exact"], device="cpu"))
    labels = [(control.network, control.label) for control in found]
    assert len(labels) == len(set(labels)) >= 3
    predicted = {verdict.network: verdict.predicted for verdict in honest.verdicts}
    for control in found:
        assert control.claimed != predicted[control.network]
        assert control.outcome.status == REFUTED


def test_a_control_is_judged_as_what_it_says(monkeypatch) -> None:
    """One that turns the relation round, one that is true, one that cannot be made."""

    def with_relation(relation):
        def change(experiment):
            turned = replace(experiment.statement, relation=relation, quantity="", rung="")
            return replace(experiment, statement=turned)

        return change

    def impossible(experiment):
        raise ArithmeticError("no such network")

    twins = (
        Twin("a lower bound", with_relation(Relation.GE)),
        Twin("itself", lambda experiment: experiment),
        Twin("nothing", impossible),
    )
    key = "jacobian.mean.upper"
    build = BUILDERS[key]
    monkeypatch.setitem(BUILDERS, key, lambda size: [replace(next(iter(build(size))), twins=twins)])
    found = controls.run(RunSetting(keys=[key], device="cpu"))
    assert [control.outcome.status for control in found] == [REFUTED, VERIFIED, ERROR]
    assert found[2].claimed is None
    assert "no such network" in found[2].outcome.note
