"""Suites: looks, verdicts that do not depend on company, the report and its exit status."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from maxout.theory.catalogue import CATALOGUE
from maxout.theory.errors import MaxoutError
from maxout.verify import looks, run_setting, suite
from maxout.verify.decisions import INCONCLUSIVE, REFUTED, VERIFIED, MeanEquality, Outcome
from maxout.verify.experiment import Experiment
from maxout.verify.order.order_experiments import unit
from maxout.verify.report import Report, Verdict, assemble
from maxout.verify.run_setting import RunSetting
from maxout.verify.sampling.collector import Collector

KEYS = ["jacobian.variance.exact", "jacobian.moment.exact", "order.mean"]


class Normals:
    """N(0, 1) draws of NumPy, one a sample."""

    name = "normals"
    shard_size = 64

    def memory(self, setting):
        return 512, "64 normals"

    def draw(self, stream, setting):
        return {"value": stream.generator(0).standard_normal(self.shard_size)}


class Told(MeanEquality):
    """An estimand and its decision: says what it is told to, and notes what it was asked."""

    def __init__(self, answers=()):
        super().__init__(1.0, 0.05)
        self.answers, self.asked = answers, []

    def decision(self, relation, predicted, remainder):
        return self

    def decide(self, data, predicted, alpha):
        status = self.answers[len(self.asked)]
        self.asked.append((data.size, alpha))
        return Outcome(status, 0.0, (0.0, 0.0), data.size, 0.0, alpha)


def experiment(told: Told | None = None, group: int = 1) -> Experiment:
    return Experiment(
        CATALOGUE["order.mean"],
        unit(2),
        (Normals(),),
        lambda arrays: arrays["value"],
        lambda: told or Told(),
        group=group,
    )


@pytest.mark.parametrize(
    "answers",
    [
        [VERIFIED],
        [REFUTED],
        [INCONCLUSIVE, VERIFIED],
        [INCONCLUSIVE, INCONCLUSIVE, REFUTED],
        [INCONCLUSIVE] * 3,
    ],
)
def test_looks_end_with_the_first_decision(answers) -> None:
    told, seen = Told(answers), []
    with Collector(0, "cpu") as collector:
        outcome = looks.judge(experiment(told), collector, 3e-3, watch=seen.append)
    planned = experiment().samples(1e-3)
    assert outcome.status == answers[-1]
    quarters = [-(-planned * k // 4) for k in (1, 2, 4)][: len(answers)]
    assert told.asked == [(n, pytest.approx(1e-3)) for n in quarters]
    assert [look.drawn for look in seen if look.outcome][-1] == quarters[-1]
    assert {look.planned for look in seen} == {planned}


def test_the_looks_share_a_verdicts_alpha_and_plan_for_their_share() -> None:
    e = experiment(group=2)
    sizes = looks.sizes(e, 3e-3)
    assert len(sizes) * looks.look_alpha(3e-3) == pytest.approx(3e-3)
    assert sizes[-1] == e.samples(1e-3) > e.samples(3e-3)
    assert list(sizes) == sorted(set(sizes))
    assert all(size % e.group == 0 for size in sizes)


def test_looks_do_not_raise_the_false_alarm_rate() -> None:
    """Of 1,000 true statements at 5 %, at most 5 % and four deviations are refuted."""
    alpha, wrong = 0.05, 0
    generator = np.random.default_rng(3)
    rule = MeanEquality(1.0, 1.0)
    for _ in range(1000):
        data = 2 + generator.standard_normal(400)
        wrong += any(
            rule.decide(data[:n], 2.0, looks.look_alpha(alpha)).status == REFUTED
            for n in (100, 200, 400)
        )
    assert wrong <= 1000 * alpha + 4 * (1000 * alpha * (1 - alpha)) ** 0.5


@pytest.fixture(scope="module")
def report() -> Report:
    return suite.run(RunSetting(keys=KEYS, seed=3, device="cpu", workers=2))


def test_verdicts_do_not_depend_on_company_workers_or_memory(report) -> None:
    """Asked for together, they share samples; alone, with one worker, in another order."""
    alone = [
        suite.run(
            RunSetting(keys=[key], seed=3, device="cpu", workers=1, memory=50_000_000)
        ).verdicts
        for key in reversed(KEYS)
    ]
    assert {v for verdicts in alone for v in verdicts} == set(report.verdicts)


def test_the_report_counts_what_may_go_wrong(report) -> None:
    share = suite.verdict_alpha(run_setting.ALPHA)
    assert report.false_alarm_rate == pytest.approx(share * len(report.verdicts))
    assert report.status == VERIFIED
    assert json.loads(json.dumps(report.to_json()))["status"] == VERIFIED


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([VERIFIED, VERIFIED], VERIFIED),
        ([VERIFIED, INCONCLUSIVE], INCONCLUSIVE),
        ([INCONCLUSIVE, REFUTED, VERIFIED], REFUTED),
    ],
)
def test_the_weakest_verdict_is_the_reports(statuses, expected) -> None:
    verdicts = tuple(
        Verdict("k", "==", 0.0, Outcome(status, 0, (0, 0), 1, 0, 0.1), "n") for status in statuses
    )
    assert Report(0, 0.1, verdicts).status == expected


def test_a_statement_without_an_experiment_is_inconclusive() -> None:
    found = assemble(0, 1e-5, {"order.mean": []}, ["order.mean"], [])
    assert found.status == INCONCLUSIVE
    assert found.false_alarm_rate == 0
    (verdict,) = found.to_json()["verdicts"]
    assert verdict["samples"] == 0
    assert verdict["interval"] == [None, None]


@pytest.mark.parametrize(
    "wrong",
    [
        {"suite": "slow"},
        {"keys": ["jacobian.mena"]},
        {"seed": -1},
        {"alpha": 0.0},
        {"device": "tpu"},
        {"dtype": "half"},
        {"memory": 1000},
    ],
)
def test_bad_arguments_are_value_errors(wrong) -> None:
    with pytest.raises(MaxoutError, match="must|called|budget"):
        suite.run(RunSetting(**{"keys": ["jacobian.mean.exact"], "device": "cpu", **wrong}))


_VALUES = """
import sys
from pathlib import Path
from maxout.verify.report import Report, Verdict, assemble
from maxout.verify.run_setting import RunSetting
from maxout.verify.suite import job
keys = ["jacobian.moment.gaussian", "jacobian.log.mean"]
with job(RunSetting("standard", keys, device="cpu")) as ready:
    for e in ready.queue.experiments:
        print(e.key, e.predicted.hex(), e.decision.detectable(1, 1e-3).hex())
"""


@pytest.mark.parametrize("variable", ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"])
def test_predictions_are_the_same_bits_on_any_number_of_threads(variable) -> None:
    """Matrix products of several threads round otherwise: workers, which set one, showed it."""
    found = {
        subprocess.run(
            [sys.executable, "-c", _VALUES],
            env={**os.environ, variable: threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    }
    assert len(found) == 1
    assert "jacobian.log.mean" in found.pop()


_PLAN = """
import sys
from maxout.cli.main import run
code = run(["verify", "--explain", "order.mean", "kernel.winner.zero"])
assert code == 0, code
loaded = [name for name in sys.modules if name.endswith("_experiments")]
print("torch" in sys.modules, *sorted(name.rpartition(".")[2] for name in loaded), file=sys.stderr)
"""


def test_a_key_has_its_own_experiments_built_and_planning_needs_no_torch() -> None:
    done = subprocess.run([sys.executable, "-c", _PLAN], capture_output=True, text=True, check=True)
    assert done.stderr.split() == ["False", "kernels_experiments", "order_experiments"]
    assert "order.mean: " in done.stdout


def test_every_key_has_a_builder_where_it_is_looked_for() -> None:
    """Also after others: a key is not found in the module of another section."""
    from maxout.verify.experiments import BUILDERS, SIZES

    for key in CATALOGUE:
        assert next(iter(BUILDERS[key](SIZES["quick"])), None) is not None, key
    assert list(BUILDERS["order.nothing"](SIZES["quick"])) == []
