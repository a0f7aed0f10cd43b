"""``maxout verify``: campaigns, explanations, order of the table, progress."""

import json
from dataclasses import replace

import pytest

from maxout.cli import progress
from maxout.cli.controls import show as show_controls
from maxout.cli.explain import rule
from maxout.cli.verify import bluntness
from maxout.verify import controls, looks, suite
from maxout.verify.collector import Collector
from maxout.verify.decisions import VERIFIED, MeanEquality, Outcome
from maxout.verify.experiments import experiments


def test_a_campaign_from_the_command_line(maxout, tmp_path) -> None:
    words = ("verify", "order.mean", "--device", "cpu", "--out", str(tmp_path / "out"), "--json")
    first, second = maxout(*words), maxout(*words)
    assert first.code == second.code == 0, first.err
    assert first.out == second.out
    assert set(first.json) == {"status", "seed", "false_alarm_rate", "verdicts"}
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["verdicts"] == first.json["verdicts"]
    other = maxout(*words, "--seed", "1")
    assert other.code == 2
    assert other.out == ""
    assert "seed is 0 there and 1 here" in other.err
    assert len(other.err.strip().splitlines()) == 1


def test_explain_says_everything_and_draws_nothing(maxout) -> None:
    done = maxout("verify", "--explain", "jacobian.mean.exact")
    assert done.code == 0, done.err
    for words in (
        "jacobian.mean.exact: ", "assumes zero biases", "docs/jacobian.md#", "looks at",
        "predicted", "margin", "is refuted 9 times in 10", "control, to be refuted: M_K off by 2 %",
        "rule MeanEquality", "Catoni",
    ):  # fmt: skip
        assert words in done.out


def test_explain_in_json_agrees_with_the_suite(maxout) -> None:
    done = maxout("verify", "--explain", "order.moment", "--json")
    (explained,) = done.json
    plan = experiments("quick")
    share = suite.verdict_alpha(suite.ALPHA)
    assert explained["alpha"] == share
    found = [(e["network"], e["looks"], e["predicted"]) for e in explained["experiments"]]
    assert found == [
        (e.name, list(looks.sizes(e, share)), e.predicted) for e in plan["order.moment"]
    ]


def test_a_rule_is_its_docstring_without_the_attributes() -> None:
    said = rule(MeanEquality(1.0, 0.1))
    assert said.startswith("E X = predicted")
    assert "Attributes" not in said


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        ({"detectable": 0.2, "predicted": -4.0}, 0.05),
        ({"detectable": 0.03, "predicted": 0}, 0.03),
        ({"detectable": None, "predicted": None}, float("inf")),
    ],
)
def test_bluntness(verdict, expected) -> None:
    assert bluntness(verdict) == pytest.approx(expected)


def test_progress_tells_samples_interval_and_verdict(capsys) -> None:
    experiment = experiments("quick")["order.mean"][0]
    seen: list[looks.Look] = []
    with Collector(0, "cpu") as collector:
        outcome = looks.judge(experiment, collector, 1e-5, watch=seen.append)
    assert outcome.status == VERIFIED
    line = progress.describe(seen[-1])
    assert line.startswith("order.mean  ")
    assert f"{seen[-1].drawn:,} of at most {seen[-1].planned:,} samples" in line
    assert line.endswith("]: verified")
    assert seen[0].outcome is None
    assert "[" not in progress.describe(seen[0])
    for shown, expected in ((True, True), (False, False), (None, False)):
        with progress.Progress(1, shown) as bar:
            for look in seen:
                bar.look(look)
            bar.drawing(1, 2)
        captured = capsys.readouterr()
        assert captured.out == ""
        assert bool(captured.err) == expected


def test_an_outcome_without_an_interval_is_shown_too() -> None:
    experiment = experiments("quick")["order.mean"][0]
    nothing = Outcome("inconclusive", None, (None, None), 10, 0.1, 0.1)
    assert "no interval: inconclusive" in progress.describe(looks.Look(experiment, 10, 20, nothing))


def test_controls_are_refuted_and_that_is_success(maxout) -> None:
    done = maxout("verify", "order.mean", "--controls")
    assert done.code == 0, done.err
    assert "2 wrong versions of 1 statements: all refuted" in done.out
    told = maxout("verify", "order.mean", "--controls", "--json").json
    labels = {twin.label for e in experiments("quick")["order.mean"] for twin in e.twins}
    assert told["status"] == "all refuted"
    assert {row["control"] for row in told["controls"]} == labels


@pytest.mark.parametrize(("status", "code"), [("verified", 1), ("inconclusive", 4)])
def test_a_control_that_is_missed_is_told_first(monkeypatch, capsys, status, code) -> None:
    found = controls.run("quick", ["order.mean"], device="cpu")
    found[1] = replace(found[1], outcome=replace(found[1].outcome, status=status))
    monkeypatch.setattr(controls, "run", lambda **_: found)
    assert show_controls(1, {}, as_json=False) == code
    _, first, *_, last = capsys.readouterr().out.splitlines()
    assert first.split()[-1] == status
    assert last.endswith("1 not refuted")


def test_controls_keep_nothing(maxout, tmp_path) -> None:
    done = maxout("verify", "order.mean", "--controls", "--out", str(tmp_path / "out"))
    assert done.code == 2
    assert "leave out --out" in done.err
    assert not (tmp_path / "out").exists()
