"""Verdicts: right on constructed data, wrong no more often than stated, refuted for the twin."""

import numpy as np
import pytest

from maxout.lab.training.accuracies import Result, from_csv, result_of, to_csv
from maxout.lab.training.cell import train_cell
from maxout.lab.training.compare import (
    compare,
    mean_interval,
    median_interval,
    overall,
    superiority,
)
from maxout.lab.training.data import load
from maxout.lab.training.setting import Setting
from maxout.lab.training.training_tables import markdown


def result(scheme: str, test, optimizer: str = "sgd", diverged: int = 0) -> Result:
    accuracies = np.array(test, dtype=float)
    gone = np.zeros(len(accuracies), dtype=int)
    gone[:diverged] = 3
    return Result("iris", "fc", optimizer, scheme, 1 / 3, accuracies, accuracies, gone)


def test_a_clear_case_and_its_twin() -> None:
    better = np.linspace(0.01, 0.1, 20)
    assert superiority(better, 0.001).status == "verified"
    assert superiority(-better, 0.001).status == "refuted"
    outcome = superiority(np.concatenate([better[:10], -better[10:]]), 0.001)
    assert outcome.status == "inconclusive"
    assert outcome.estimate == 0.5
    assert superiority(np.zeros(20), 0.001).status == "inconclusive"


def test_ties_do_not_count() -> None:
    some = np.concatenate([np.full(12, 0.1), np.zeros(30)])
    assert superiority(some, 0.001).samples == 12
    assert superiority(some, 0.001).interval == superiority(some[:12], 0.001).interval


def test_wrong_verdicts_are_as_rare_as_stated() -> None:
    """Equal schemes, skewed differences of mean not 0: nothing but Pr(D > 0) = 1/2 holds."""
    generator = np.random.default_rng(11)
    trials, alpha = 2000, 0.1
    draws = generator.exponential(size=(trials, 20)) - np.log(2)
    wrong = sum(superiority(row, alpha).status != "inconclusive" for row in draws)
    # Binomial with chance at most alpha: five standard errors above it.
    assert wrong / trials < alpha + 5 * np.sqrt(alpha * (1 - alpha) / trials)
    assert wrong > 0


@pytest.mark.parametrize("interval", [mean_interval, median_interval])
def test_intervals_cover(interval) -> None:
    generator = np.random.default_rng(12)
    trials, truth = 500, {mean_interval: 0.75, median_interval: 0.7937005259840998}
    draws = generator.beta(3, 1, size=(trials, 20))  # median 2^(-1/3)
    inside = sum(low <= truth[interval] <= high for low, high in map(interval, draws))
    # 95 % or more is promised; four standard errors of 500 trials below it.
    assert inside / trials > 0.95 - 4 * np.sqrt(0.05 * 0.95 / trials)


def test_intervals_of_few_or_equal_values() -> None:
    assert median_interval(np.array([0.5, 0.6, 0.7])) == (0.0, 1.0)
    assert median_interval(np.full(20, 0.25)) == (0.25, 0.25)
    low, high = mean_interval(np.full(20, 1.0))
    assert 0.5 < low < high == 1.0
    low, high = mean_interval(np.zeros(20))
    assert low == 0.0
    assert 0 < high < 0.5


def test_pairs_share_the_error_rate() -> None:
    good, bad = np.linspace(0.8, 0.9, 20), np.linspace(0.3, 0.4, 20)
    found = compare(
        [
            result("maxout", good),
            result("c=2", bad),
            result("relu", bad),
            result("c=0.1", good, "adam"),
            result("maxout", bad, "adam"),
        ],
        0.01,
    )
    assert [(c.optimizer, c.other, c.outcome.status, c.claimed) for c in found] == [
        ("sgd", "c=2", "verified", True),
        ("sgd", "relu", "verified", False),
        ("adam", "c=0.1", "refuted", True),
    ]
    assert all(c.outcome.alpha == pytest.approx(0.01 / 3) for c in found)
    assert overall(found) == "refuted"
    assert overall(found[:2]) == "verified"
    assert found[0].difference == pytest.approx(0.5)
    assert found[0].difference_interval[0] > 0


def test_what_the_paper_does_not_claim_is_in_brackets() -> None:
    good, bad = np.linspace(0.8, 0.9, 20), np.linspace(0.3, 0.4, 20)
    others = ("c=1", "default", "relu", "c=1:function", "c=2:step", "c=0.1", "he")
    found = compare([result("maxout", good), *(result(o, bad) for o in others)], 0.01)
    assert [c.other for c in found if c.claimed] == ["c=0.1", "he"]


def test_the_schemes_of_the_paper_meet_once() -> None:
    good = np.linspace(0.8, 0.9, 20)
    found = compare([result(s, good) for s in ("maxout", "maxpool", "c=1")], 0.01)
    assert [(c.reference, c.other) for c in found] == [
        ("maxout", "c=1"),
        ("maxpool", "maxout"),
        ("maxpool", "c=1"),
    ]


def test_csv_loses_nothing() -> None:
    results = [result("maxout", [0.1, 1 / 3], diverged=1), result("c=0.1", [0.2, 2 / 3])]
    again = from_csv(to_csv(results))
    for ours, theirs in zip(again, results, strict=True):
        assert ours.name == theirs.name
        assert ours.chance == theirs.chance
        for field in ("test", "final", "diverged"):
            assert np.array_equal(getattr(ours, field), getattr(theirs, field))
    assert markdown(again, compare(again, 0.01)) == markdown(results, compare(results, 0.01))


def test_trained_networks_and_the_control() -> None:
    """c = 1/M_K against gradients that vanish; the claim turned round is refuted."""
    data = load("iris")
    cells = {
        name: train_cell(
            Setting("iris", "fc", "adam", name, seeds=16, epochs=40, multiplier=0.5), data
        )
        for name in ("maxout", "c=0.1")
    }
    accuracy = {name: result_of(cell).test for name, cell in cells.items()}
    assert superiority(accuracy["maxout"] - accuracy["c=0.1"], 0.01).status == "verified"
    assert superiority(accuracy["c=0.1"] - accuracy["maxout"], 0.01).status == "refuted"
