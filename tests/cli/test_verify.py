"""``maxout verify``: campaigns, explanations, order of the table, progress."""

import json
import math
import subprocess
import sys
from dataclasses import replace

import pytest

from maxout.cli import output, progress, summary
from maxout.cli.controls import show as show_controls
from maxout.cli.explain import rule
from maxout.cli.main import run
from maxout.cli.output import bluntness
from maxout.cli.verdicts import seen, show
from maxout.verify import controls, looks, run_setting, suite
from maxout.verify.decisions import VERIFIED, MeanEquality, Outcome
from maxout.verify.experiments import BUILDERS, experiments
from maxout.verify.report import Report, Verdict
from maxout.verify.run_setting import RunSetting
from maxout.verify.sampling.collector import Collector


def test_a_campaign_from_the_command_line(maxout, tmp_path) -> None:
    words = ("verify", "order.mean", "--device", "cpu", "--out", str(tmp_path / "out"), "--json")
    first, second = maxout(*words), maxout(*words)
    assert first.code == second.code == 0, first.err
    assert first.out == second.out
    assert set(first.json) == {"schema", "status", "seed", "false_alarm_rate", "verdicts"}
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
    share = suite.verdict_alpha(run_setting.ALPHA)
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
        # A bound: from either side, how far it is from where it would be refuted.
        ({"detectable": None, "predicted": 3.0, "refuted_at": 0.5}, math.log(2)),
        ({"detectable": None, "predicted": 3.0, "refuted_at": 2.0}, math.log(2)),
        ({"detectable": None, "predicted": 3.0, "refuted_at": 0.0}, float("inf")),
    ],
)
def test_bluntness(verdict, expected) -> None:
    assert bluntness({"refuted_at": None, **verdict}) == pytest.approx(expected)


def bound(relation: str, interval: tuple[float, float], estimate: float = 2.0) -> Verdict:
    outcome = Outcome("verified", estimate, interval, 100, 0.5, 1e-3)
    return Verdict("jacobian.mean.upper", relation, 8.0, outcome, "a network")


def test_of_a_bound_it_is_said_what_it_is_to_the_estimate_and_where_it_would_fall() -> None:
    """A right side 10^6 times too large is verified with an error of its own size in sight."""
    upper, lower = (bound(relation, (1.0, 4.0)).to_json() for relation in ("<=", ">="))
    assert (upper["times"], upper["refuted_at"], upper["detectable"]) == (4.0, 1 / 8, None)
    assert (lower["times"], lower["refuted_at"], lower["detectable"]) == (4.0, 1 / 2, None)
    assert seen(upper) == "4x, <0.125x"
    assert seen(lower) == "4x, >0.5x"
    equal = bound("==", (1.0, 4.0)).to_json()
    assert (equal["times"], equal["refuted_at"], equal["detectable"]) == (None, None, 0.5)
    assert seen(equal) == "0.5"
    assert bound("<=", (0.0, 4.0), estimate=0.0).to_json()["times"] is None


def test_the_verdicts_of_bounds_are_what_the_interval_says(maxout) -> None:
    for key, end in (("jacobian.mean.upper", 0), ("jacobian.mean.lower", 1)):
        done = maxout("verify", key)
        assert done.code == 0, done.err
        assert "how many times the estimate it is" in done.out
        for verdict in maxout("verify", key, "--json").json["verdicts"]:
            factor = verdict["interval"][end] / verdict["predicted"]
            assert verdict["refuted_at"] == factor
            assert verdict["times"] == verdict["predicted"] / verdict["estimate"]
            assert verdict["detectable"] is None


def test_on_a_narrow_terminal_verdicts_are_a_list(monkeypatch, capsys) -> None:
    monkeypatch.setattr(output, "on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    outcome = Outcome("verified", 24.961234, (23.711234, 25.511234), 5_133_206, 0.2435123, 1e-3)
    long = Verdict("order.large_rank.second_moment.elementary", "->", 24.95, outcome, "a")
    broken = Outcome("error", None, (None, None), 0, None, 1e-3, "ValueError: not that")
    wrong = Verdict("order.mean", "==", None, broken, "a")
    report = Report(0, 1e-6, (long, bound("<=", (1.0, 4.0)), wrong))
    show(report.to_json(), everything=True)
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[0] == "order.mean == -: error"
    assert "order.mean: ValueError: not that" in lines
    assert "    detectable 0.24351; 5,133,206 samples" in lines


def test_an_experiment_that_fails_is_an_error_and_the_others_go_on(monkeypatch, capsys) -> None:
    def broken(size):
        def estimand():
            raise ZeroDivisionError("no margin")

        for experiment in good(size):
            yield replace(experiment, estimand=estimand)

    good = BUILDERS["order.mean"]
    monkeypatch.setitem(BUILDERS, "order.mean", broken)
    assert run(["verify", "order.mean", "init.relu", "--json"]) == 3
    assert {v["key"]: v["status"] for v in json.loads(capsys.readouterr().out)["verdicts"]} == {
        "order.mean": "error",
        "init.relu": "verified",
    }
    assert run(["verify", "order.mean", "init.relu"]) == 3
    told = capsys.readouterr().out
    assert "order.mean: ZeroDivisionError: no margin" in told
    assert "1 error, 1 verified" in told
    assert run(["verify", "order.mean", "init.relu", "--controls"]) == 3
    assert "2 not refuted" in capsys.readouterr().out


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
        with progress.Looks(1, shown) as bar:
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
    found = controls.run(RunSetting(keys=["order.mean"], device="cpu"))
    found[1] = replace(found[1], outcome=replace(found[1].outcome, status=status))
    monkeypatch.setattr(controls, "run", lambda *_: found)
    assert show_controls(1, {}, as_json=False) == code
    _, first, *_, last = capsys.readouterr().out.splitlines()
    assert first.split()[-1] == status
    assert last.endswith("1 not refuted")


def test_controls_keep_nothing(maxout, tmp_path) -> None:
    done = maxout("verify", "order.mean", "--controls", "--out", str(tmp_path / "out"))
    assert done.code == 2
    assert "leave out --out" in done.err
    assert not (tmp_path / "out").exists()


def test_a_summary_has_a_line_a_subject_and_names_what_does_not_hold(maxout, capsys) -> None:
    words = ("verify", "order.mean", "init")
    lines = maxout(*words, "--summary").out.splitlines()
    verdicts = maxout(*words, "--json").json["verdicts"]
    assert [line.split()[:4] for line in lines[1:3]] == [
        ["order", "1", "1", "1"],
        ["init", *map(str, (len({v["key"] for v in verdicts[1:]}), *[len(verdicts) - 1] * 2))],
    ]
    margin = 100 * verdicts[0]["detectable"] / verdicts[0]["predicted"]
    assert lines[1].split()[4:] == [f"{margin:.1f}", "%", "order.mean"]
    assert lines[3].startswith(f"{len(verdicts)} verified; chance of any false alarm")

    summary.show([{**verdicts[0], "status": "refuted"}, *verdicts[1:]])
    shown = capsys.readouterr().out.splitlines()
    assert shown[1].split()[:4] == ["order", "1", "1", "0"]
    assert shown[3:] == [f"order.mean {verdicts[0]['network']}: refuted"]


@pytest.mark.parametrize(("missing", "named"), [("torch", "PyTorch"), ("numba", "Numba")])
def test_what_draws_need_is_named(missing, named) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from maxout.cli.main import run; sys.exit(run(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "verify", "order.mean"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert f"verify needs {named}: pip install 'maxout[torch]'" in done.stderr
    assert done.stderr.count("\n") == 1
