"""What an experiment estimates becomes a decision by the relation, and never by the claim."""

import math
from dataclasses import replace

import pytest
import sympy as sp

from maxout.theory.statement import Relation
from maxout.verify import looks
from maxout.verify.decisions import (
    ERROR,
    INCONCLUSIVE,
    ONE_SIDED,
    REFUTED,
    VERIFIED,
    BoundedMeanAtLeast,
    BoundedMeanAtMost,
    BoundedMeanEquality,
    DecisionError,
    MeanAtLeast,
    MeanAtMost,
    MeanEquality,
    MedianEquality,
    ProportionAtLeast,
    ProportionAtMost,
    ProportionEquality,
    SameLaw,
    StochasticOrder,
    StochasticOrderReversed,
)
from maxout.verify.decisions.estimands import BoundedMean, Distribution, Mean, Median, Proportion
from maxout.verify.experiments import Experiment, experiments
from maxout.verify.looks import SHARES, verdict_alpha
from maxout.verify.sampling.collector import Collector

SUITES = ("quick", "standard")
SHARE = verdict_alpha(1e-3)

MEAN = Mean(2.0, 1.0, 0.1)
COUNT = BoundedMean(2.0, 10.0, 1.0, 0.1)
CHANCE = Proportion(0.25, 0.02)


@pytest.fixture(scope="module")
def plans(plan) -> dict[str, list[Experiment]]:
    return {suite: [e for found in plan(suite).values() for e in found] for suite in SUITES}


def claiming(experiment: Experiment, value: float) -> Experiment:
    """The experiment with another number claimed."""
    wrong = replace(experiment)
    wrong.__dict__["predicted"] = value
    return wrong


def scaled(experiment: Experiment, factor: float) -> Experiment:
    """The experiment with a right side that is off by a factor."""
    build = experiment.statement.build
    right = replace(experiment.statement, build=lambda t: sp.Rational(str(factor)) * build(t))
    return replace(experiment, statement=right)


def related(experiment: Experiment, relation: Relation) -> Experiment:
    statement = replace(experiment.statement, relation=relation, quantity="", rung="")
    return replace(experiment, statement=statement)


def judged(experiment: Experiment) -> looks.Outcome:
    with Collector(0, "cpu") as collector:
        return looks.judge(experiment, collector, SHARE)


@pytest.mark.parametrize(
    ("estimand", "relation", "kind"),
    [
        (MEAN, Relation.EQ, MeanEquality),
        (MEAN, Relation.LE, MeanAtMost),
        (MEAN, Relation.GE, MeanAtLeast),
        (MEAN, Relation.LIMIT, MeanEquality),
        (COUNT, Relation.EQ, BoundedMeanEquality),
        (COUNT, Relation.LE, BoundedMeanAtMost),
        (COUNT, Relation.GE, BoundedMeanAtLeast),
        (CHANCE, Relation.EQ, ProportionEquality),
        (CHANCE, Relation.LE, ProportionAtMost),
        (CHANCE, Relation.GE, ProportionAtLeast),
        (Median(1.0, 1.0, 0.1), Relation.LIMIT, MedianEquality),
        (Distribution(0.1), Relation.EQ_D, SameLaw),
        (Distribution(0.1), Relation.LE_ST, StochasticOrder),
        (Distribution(0.1), Relation.GE_ST, StochasticOrderReversed),
    ],
)
def test_the_relation_chooses_the_decision(estimand, relation, kind) -> None:
    limit = relation == Relation.LIMIT
    decision = estimand.decision(relation, 1.0, 0.25 if limit else 0.0)
    assert type(decision) is kind
    assert getattr(decision, "bias", 0.25 * limit) == 0.25 * limit


@pytest.mark.parametrize(
    ("estimand", "relation", "remainder"),
    [
        (MEAN, Relation.EQ_D, 0.0),
        (MEAN, Relation.EQ, 0.1),
        (COUNT, Relation.LIMIT, 0.1),
        (CHANCE, Relation.LE_ST, 0.0),
        (Median(1.0, 1.0, 0.1), Relation.LE, 0.0),
        (Distribution(0.1), Relation.EQ, 0.0),
    ],
)
def test_what_cannot_be_judged_is_refused(estimand, relation, remainder) -> None:
    with pytest.raises(DecisionError, match=r"cannot be judged|only a limit"):
        estimand.decision(relation, 1.0, remainder)


def test_a_limit_needs_a_remainder() -> None:
    (first, *_) = experiments("quick", ["jacobian.wide"])["jacobian.wide"]
    assert first.remainder is not None
    outcome = judged(replace(first, remainder=None))
    assert outcome.status == ERROR
    assert "jacobian.wide is a limit" in outcome.note


@pytest.mark.parametrize("suite", SUITES)
def test_no_claim_changes_what_is_sampled_or_how_it_is_judged(suite, plans) -> None:
    """Nor the tolerance of a limit; and of a bound only the margin, which a small one narrows."""
    for experiment in plans[suite]:
        if not experiment.statement.numeric:
            continue
        plan, honest = looks.sizes(experiment, SHARE), experiment.decision
        for factor in (0.0, 5e-5, 1.01, 2.0, 1e4, -1.0):
            wrong = claiming(experiment, factor * experiment.predicted)
            assert looks.sizes(wrong, SHARE) == plan, (experiment.key, factor)
            if experiment.statement.relation in ONE_SIDED:
                assert wrong.decision.margin <= abs(wrong.predicted) / 2
                wrong.decision.__dict__["margin"] = honest.margin
            assert wrong.decision == honest, (experiment.key, factor)


@pytest.mark.parametrize("suite", SUITES)
def test_a_margin_is_less_than_the_bound(suite, plans) -> None:
    """A lower bound with its margin taken off must not be a number that all others exceed."""
    for experiment in plans[suite]:
        if experiment.statement.relation in ONE_SIDED:
            assert 0 < experiment.decision.margin <= experiment.predicted / 2, experiment.key


@pytest.mark.parametrize("suite", SUITES)
def test_the_budget_of_a_suite_is_not_overrun(suite, plans) -> None:
    assert len(plans[suite]) <= SHARES
    assert pytest.approx(1e-3) == SHARES * SHARE


def test_experiments_are_built_for_the_keys_asked_for_alone() -> None:
    assert list(experiments("quick", ["order.mean"])) == ["order.mean"]


LIMITS = ["jacobian.alignment", "kernel.diagonal.limit", "kernel.winner.near_one"]


@pytest.mark.parametrize("key", LIMITS)
@pytest.mark.parametrize("factor", [100, 1.5, 0.5])
def test_a_limit_that_is_off_is_refuted_by_few_samples(key, factor) -> None:
    """The tolerance is what the theory leaves over, not the distance to what is claimed."""
    (experiment,) = experiments("quick", [key])[key]
    wrong = scaled(experiment, factor)
    with Collector(0, "cpu") as collector:
        arrays = tuple(collector.collect(p, 40_000) for p in wrong.populations)
        assert looks.decide(wrong, arrays, SHARE).status == REFUTED


@pytest.mark.parametrize("factor", [5e-5, 0.5, 20])
@pytest.mark.parametrize("key", ["jacobian.mean.exact", "gradients.bias.exact", "order.orthant"])
def test_a_claim_that_is_far_off_is_refuted(key, factor) -> None:
    """Twenty thousand times too small, it once asked for 2.5e14 samples."""
    experiment = experiments("quick", [key])[key][0]
    assert judged(scaled(experiment, factor)).status == REFUTED


def test_a_relation_turned_round_is_noticed() -> None:
    """Equalities hold both ways round; a bound that is not attained does not."""
    (mean,) = experiments("quick", ["order.mean"])["order.mean"]
    for relation in ONE_SIDED:
        assert judged(related(mean, relation)).status == VERIFIED
    for key in ("jacobian.mean.upper", "jacobian.mean.lower", "kernel.diagonal.upper"):
        experiment = experiments("quick", [key])[key][0]
        turned = Relation.GE if experiment.statement.relation == Relation.LE else Relation.LE
        assert judged(related(experiment, turned)).status == REFUTED, key
    for key in ("jacobian.order.upper", "jacobian.order.lower"):
        experiment = experiments("quick", [key])[key][0]
        upper = experiment.statement.relation == Relation.LE_ST
        turned = Relation.GE_ST if upper else Relation.LE_ST
        assert judged(related(experiment, turned)).status == REFUTED, key
        assert judged(related(experiment, Relation.EQ_D)).status == REFUTED, key


def test_a_lower_bound_of_zero_says_nothing() -> None:
    experiment = experiments("quick", ["gradients.bias.lower"])["gradients.bias.lower"][0]
    outcome = judged(claiming(experiment, 0.0))
    assert outcome.status == INCONCLUSIVE
    assert "margin is 0" in outcome.note


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_claim_that_is_no_number_is_an_error_of_its_experiment(value) -> None:
    (mean,) = experiments("quick", ["order.mean"])["order.mean"]
    outcome = judged(claiming(mean, value))
    assert outcome.status == ERROR
    assert "must be a finite number" in outcome.note


def test_a_plan_beyond_all_means_is_cut_and_says_so() -> None:
    (mean,) = experiments("quick", ["order.mean"])["order.mean"]

    class Rare:
        """A variance of one in 10^12 of which the samples show nothing."""

        def decision(self, relation, predicted, remainder):
            return MeanEquality(1e12, 1e-3)

    greedy = replace(mean, estimand=Rare)
    assert greedy.samples(SHARE) > 1e18 / 1e3
    assert looks.sizes(greedy, SHARE)[-1] == looks.most_samples(greedy)
    with Collector(0, "cpu") as collector:
        arrays = tuple(collector.collect(p, 1000) for p in greedy.populations)
        outcome = looks.decide(greedy, arrays, SHARE)
    assert outcome.status == INCONCLUSIVE
    assert "samples, and at most" in outcome.note
