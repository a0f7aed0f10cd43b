"""A person's own network: what applies there, at what cost, and with which margins."""

import json
from itertools import pairwise

import pytest
import sympy as sp

from maxout.theory.block import Block
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.errors import DomainError
from maxout.theory.network import Network
from maxout.verify import own_run
from maxout.verify.budget import Margins, widened
from maxout.verify.decisions import DecisionError
from maxout.verify.experiment import scaled
from maxout.verify.experiments import BUILDERS, experiments
from maxout.verify.looks import judge, sizes, verdict_alpha
from maxout.verify.own_network import OwnPlan, own_plan
from maxout.verify.pilot import seconds_a_sample
from maxout.verify.report import LEFT_OUT, NOT_HERE
from maxout.verify.run_setting import RunSetting
from maxout.verify.sampling.collector import Collector
from maxout.verify.suite import chosen_keys, run
from maxout.verify.suite_errors import CampaignError

GAUSSIAN = Network(4, (6, 5), 3, 3, c=sp.Rational(7, 10), bias="gaussian")
NETWORKS = [
    GAUSSIAN,
    GAUSSIAN.but(bias="zero"),
    GAUSSIAN.but(bias="any", rank=2),
    Network(1, (4,), 1, 1, c=1, bias="zero"),
    Network(3, (3, 3), 2, 11, bias="zero"),
    GAUSSIAN.but(block=Block(dropout=sp.Rational(1, 10))),
    GAUSSIAN.but(bias="zero", widths=(12, 11), block=Block(norm="layer")),
    GAUSSIAN.but(bias="zero", block=Block(norm="rms", norm_place="linear", inner=9)),
    GAUSSIAN.but(bias="zero", widths=(9,), block=Block(norm="layer", norm_place="before")),
    GAUSSIAN.but(block=Block(norm="rms")),
]
SHARE = verdict_alpha(1e-3)


@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_every_statement_is_looked_at_there_or_says_why_not(network) -> None:
    plan = own_plan(network, CATALOGUE)
    assert list(plan.experiments) == list(CATALOGUE)
    for key, found in plan.experiments.items():
        left = plan.left.get(key, [])
        assert found or left, key
        assert all(one.reason for one in left)
        names = [e.name for e in found]
        assert len(set(names)) == len(names)  # margins are kept by name
        for experiment in found:
            there = experiment.network
            if CATALOGUE[key].domain.of_networks:
                # The exponents of the hidden layers are seen in square ones.
                inputs = there.inputs if key.startswith("jacobian.lyapunov") else network.inputs
                assert there == network.but(inputs=inputs), key
            else:
                assert there.rank == network.rank, key


def test_what_does_not_apply_names_the_condition_and_the_option() -> None:
    left = own_plan(GAUSSIAN, ["jacobian.mean.exact", "order.orthant", "order.moment"]).left
    (zero,), (none,), (order, _) = (left[key] for key in left)
    assert (zero.status, zero.reason) == (NOT_HERE, "it needs zero biases (--bias)")
    assert (none.status, none.reason) == (NOT_HERE, "it speaks of no network")
    assert order.status == NOT_HERE
    assert order.network.startswith("order 3")  # of orders 1 to 4, at K = 3
    (dropped,) = own_plan(NETWORKS[-1], ["jacobian.mean.upper"]).left["jacobian.mean.upper"]
    assert "plain blocks" in dropped.reason


def test_a_limit_that_leaves_everything_open_is_no_verdict() -> None:
    (left,) = own_plan(Network(3, (4,), 2, 3, bias="zero"), ["jacobian.alignment"]).left.values()
    assert left[0].status == LEFT_OUT
    assert "of its limit open" in left[0].reason


def test_numbers_beyond_floats_are_left_out_in_words() -> None:
    (left,) = own_plan(
        Network(6, (6, 6), 1, 3, bias="zero", c=10**300), ["jacobian.mean.exact"]
    ).left.values()
    assert {one.reason for one in left} == {"its numbers leave the range of 64-bit floats"}


def test_the_suites_do_not_see_it() -> None:
    """A builder that forgets whose turn it is would change a suite's streams."""
    before = {key: [e.name for e in found] for key, found in experiments("quick").items()}
    own_plan(GAUSSIAN, CATALOGUE)
    assert {k: [e.name for e in found] for k, found in experiments("quick").items()} == before


KEYS = ["order.mean", "jacobian.mean", "gradients.gaussian.weights.exact"]


def a_shard(seconds: float):
    """A rate: every shard takes so long."""
    return lambda population: seconds / population.shard_size


def margins(seconds: float | None, shard: float = 0.5) -> tuple[Margins, OwnPlan]:
    plan = own_plan(GAUSSIAN, chosen_keys(KEYS))
    return Margins(plan, SHARE, a_shard(shard), seconds), plan


def test_a_longer_time_has_narrower_margins_and_is_kept_to() -> None:
    seen = []
    for seconds in (5.0, 20.0, 500.0):
        chosen, plan = margins(seconds)
        cost = chosen.cost()
        assert 0 < cost.seconds <= seconds
        factors = [f for found in chosen.chosen.values() for f, _ in found.values()]
        judged = sum(map(len, plan.experiments.values()))
        assert judged == len(factors)
        seen.append((-judged, max(factors)))
    assert seen == sorted(seen, reverse=True)
    assert seen[0] != seen[-1]


def test_without_a_budget_margins_are_those_of_the_quick_suite_if_a_minute_allows() -> None:
    chosen, plan = margins(None, shard=1e-3)
    assert {f for found in chosen.chosen.values() for f, _ in found.values()} == {1.0}
    assert not any(one.status == LEFT_OUT for found in plan.left.values() for one in found)


def test_what_the_time_excludes_says_what_it_would_take() -> None:
    _, plan = margins(1.0, shard=100.0)
    assert not any(plan.experiments.values())
    reasons = [one.reason for found in plan.left.values() for one in found]
    assert any("samples, some" in reason and "--budget" in reason for reason in reasons)


def test_a_bound_is_looked_at_with_the_samples_that_the_time_allows() -> None:
    """It needs millions to be seen at its own size, and is far from it."""
    deep = GAUSSIAN.but(widths=(6,) * 8)
    plan = own_plan(deep, ["jacobian.mean.lower"])
    (before, *_) = plan.experiments["jacobian.mean.lower"]
    Margins(plan, SHARE, a_shard(0.5), 5.0)
    (after, *_) = plan.experiments["jacobian.mean.lower"]
    assert after.most is not None
    assert sizes(after, SHARE)[-1] == after.most < sizes(before, SHARE)[-1]
    assert after.decision.margin <= 0.5 * after.predicted  # at the statement's margins, not wider


def test_wider_margins_take_fewer_samples_and_none_is_meaningless() -> None:
    for key in ("jacobian.mean.gaussian", "jacobian.law.gaussian", "order.mean"):
        (experiment,) = own_plan(GAUSSIAN, [key]).experiments[key]
        needed = [widened(experiment, f).samples(SHARE) for f in (0.5, 1.0, 2.0)]
        assert all(more > fewer for more, fewer in pairwise(needed)), key
        assert widened(experiment, 2.0).predicted == experiment.predicted
        with pytest.raises(DecisionError, match="means nothing"):
            widened(experiment, 100.0)


def test_a_pilot_tells_seconds_a_sample_and_changes_none() -> None:
    (experiment,) = own_plan(GAUSSIAN, ["jacobian.mean.gaussian"]).experiments.popitem()[1]
    (population,) = experiment.populations
    with Collector(0, "cpu", workers=1) as collector:
        assert 0 < seconds_a_sample(population, collector.setting) < 1
        before = collector.collect(population, 8)
    with Collector(0, "cpu", workers=1) as collector:
        after = collector.collect(population, 8)
    assert {n: v.tobytes() for n, v in before.items()} == {n: v.tobytes() for n, v in after.items()}


def setting(**more) -> RunSetting:
    keys = ["jacobian.mean.gaussian", "jacobian.mean.exact", "order.mean"]
    return RunSetting(keys=keys, device="cpu", network=GAUSSIAN, **more)


def test_a_run_says_what_holds_and_what_was_left() -> None:
    told = []
    report = run(setting(budget=5.0), told=lambda cost, plan: told.append(cost))
    found = {verdict.key: verdict.status for verdict in report.verdicts}
    assert found["order.mean"] == found["jacobian.mean.gaussian"] == "verified"
    assert found["jacobian.mean.exact"] == NOT_HERE
    assert report.status == "verified"
    assert report.network == GAUSSIAN
    assert told[0].sharpest[0] <= told[0].bluntest[0]
    assert report.false_alarm_rate == pytest.approx(2 * SHARE)  # of what was judged alone


def test_a_wrong_right_side_is_refuted_at_a_network_of_ones_own(monkeypatch) -> None:
    good = BUILDERS["jacobian.mean.gaussian"]

    def wrong(size):
        for one in good(size):
            yield scaled(20).change(one)

    monkeypatch.setitem(BUILDERS, "jacobian.mean.gaussian", wrong)
    plan = own_plan(GAUSSIAN, ["jacobian.mean.gaussian"])
    assert not plan.left
    (experiment,) = plan.experiments["jacobian.mean.gaussian"]
    with Collector(0, "cpu", workers=1) as collector:
        assert judge(experiment, collector, SHARE).status == "refuted"


def test_a_folder_keeps_the_margins_that_a_time_chose(tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    first = run(setting(), out=out)

    def timed(*_):
        raise AssertionError("it is on record")

    monkeypatch.setattr(own_run, "seconds_a_sample", timed)
    report = (out / "report.json").read_bytes()
    (out / "report.json").unlink()
    assert run(setting(), out=out) == first
    assert (out / "report.json").read_bytes() == report
    assert (
        "--rank 3 --inputs 4 --widths 6,5 --outputs 3 --c 7/10 --bias gaussian" in report.decode()
    )
    other = RunSetting(keys=setting().keys, device="cpu", network=GAUSSIAN.but(rank=4))
    monkeypatch.undo()
    with pytest.raises(CampaignError, match="another campaign"):
        run(other, out=out)


@pytest.mark.parametrize(
    "damage",
    [
        lambda own: own["margins"]["order.mean"].update({"units of rank 3": [0.0, None]}),
        lambda own: own["margins"]["order.mean"].update({"units of rank 3": [1.0, -5]}),
        lambda own: own["margins"]["order.mean"].update({"units of rank 3": "wide"}),
        lambda own: own["left"].update({"order.mean": [["verified", "so it is", ""]]}),
        lambda own: own.update(margins=[]),
    ],
)
def test_a_record_that_no_run_made_is_refused(tmp_path, damage) -> None:
    out = tmp_path / "out"
    run(setting(), out=out)
    path = out / "manifest.json"
    manifest = json.loads(path.read_text())
    damage(manifest["own"])
    path.write_text(json.dumps(manifest))
    with pytest.raises(CampaignError):
        run(setting(), out=out)


def test_what_does_not_go_together_is_refused() -> None:
    with pytest.raises(DomainError, match="takes the place of a suite"):
        RunSetting("standard", network=GAUSSIAN)
    with pytest.raises(DomainError, match="a network of your own"):
        RunSetting(budget=5.0)
    with pytest.raises(DomainError, match="a time from 1 s"):
        RunSetting(network=GAUSSIAN, budget=0.0)
