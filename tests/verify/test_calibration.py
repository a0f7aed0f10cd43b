"""The calibration itself: it must find a procedure that errs too often, or sees too little."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from maxout.numerics.jacobian.shifted_winner import winner_mean_square
from maxout.verify.calibration import KINDS, Row, Trial, calibrate, trials
from maxout.verify.calibration.draws import Gain, Kinks, Orthant, Regrouped, Unit
from maxout.verify.decisions import REFUTED, VERIFIED, MeanEquality
from maxout.verify.sampling.streams import Stream

RUNS = 150


@pytest.fixture(scope="module")
def short() -> list[Trial]:
    return trials(short=True)


@pytest.mark.slow
def test_no_stated_rate_is_refuted(short) -> None:
    small = [trial for trial in short if trial.samples <= 6000]
    assert {trial.kind for trial in small} == set(KINDS)
    for row in calibrate(small, RUNS):
        assert row.status != REFUTED, row


@dataclass(frozen=True)
class Overconfident(MeanEquality):
    """Takes a quarter of the variance for the variance: half the width of an honest interval."""

    def decide(self, data, predicted, alpha):
        return MeanEquality(self.variance / 8, self.margin).decide(data, predicted, alpha)


@dataclass(frozen=True)
class Boastful(MeanEquality):
    """Says it detects half of what it does."""

    def detectable(self, samples, alpha):
        return super().detectable(samples, alpha) / 2


def _trial(short, kind: str, planted: str = "") -> Trial:
    found = [t for t in short if (t.kind, t.planted) == (kind, planted) and "M_K" in t.data]
    return found[-1]


def test_too_many_false_alarms_are_found(short) -> None:
    trial = _trial(short, "false alarm")
    honest = trial.decision
    wrong = replace(trial, decision=Overconfident(honest.variance, honest.margin))
    (row,) = calibrate([wrong], RUNS)
    assert row.status == REFUTED, row


def test_power_that_is_not_there_is_found(short) -> None:
    trial = _trial(short, "power", "K = 6 instead of 5")
    wrong = replace(trial, samples=trial.samples // 4)  # where Boastful claims to see it
    boast = Boastful(trial.decision.variance, trial.decision.margin)
    assert boast.detectable(wrong.samples, trial.alpha) <= trial.discrepancy * 1.01
    (row,) = calibrate([replace(wrong, decision=boast)], RUNS)
    assert row.status == REFUTED, row


def test_statuses_of_rows(short) -> None:
    alarm, power = _trial(short, "false alarm"), _trial(short, "power", "K = 6 instead of 5")
    assert Row(alarm, 0, 2000).status == VERIFIED
    assert Row(alarm, 200, 2000).status == REFUTED
    assert Row(alarm, 0, 10).status == "inconclusive"
    assert Row(power, 1900, 2000).status == VERIFIED
    assert Row(power, 1600, 2000).status == REFUTED
    assert Row(power, 9, 10).status == "inconclusive"


def test_result_depends_on_the_seed_alone(short) -> None:
    trial = _trial(short, "false alarm")
    data = trial.draw(Stream(0, trial.name, 3), trial.samples)
    again = trial.draw(Stream(0, trial.name, 3), trial.samples)
    assert np.array_equal(data, again)
    few = replace(trial, claim=trial.claim * 1.2)
    counts = {next(calibrate([few], 40, workers=workers)).count for workers in (1, 3)}
    assert len(counts) == 1


def test_every_planted_error_of_the_plan_is_there() -> None:
    planted = {t.planted for t in trials() if t.kind != "false alarm"}
    for constant in ("M_K", "L_K", "S_K", "c"):
        for percent in (1, 2, 5):
            assert f"{constant} off by {percent} %" in planted
    for label in ("K = 4 instead of 5", "K = 6 instead of 5", "the biases forgotten"):
        assert label in planted
    assert "strided instead of contiguous grouping" in planted
    assert "a stale stream reused" in planted


def _within_error(draw, truth: float, count: int = 200_000) -> None:
    data = np.asarray(draw(Stream(5, "truth", 0), count), dtype=float)
    assert abs(data.mean() - truth) < 5 * data.std() / np.sqrt(count)


def test_draws_have_the_means_they_are_said_to_have(short) -> None:
    _within_error(Unit(3, "largest", 1), 3 / (2 * np.sqrt(np.pi)))
    _within_error(Unit(2, "chi2_smallest", 1), 1 - 2 / np.pi)
    _within_error(Orthant(2, 0.5), 1 / 3)
    _within_error(Kinks(7, 0.25), 7 / 4)
    gaussian = next(t for t in short if t.data == "gaussian biases")
    assert isinstance(gaussian.draw, Gain)
    _within_error(gaussian.draw, gaussian.claim, 50_000)


def test_the_grouping_matters_where_a_piece_is_favoured(short) -> None:
    """Real networks both ways, against the exact means of the winner with and without shifts."""
    trial = next(t for t in short if t.planted.startswith("strided"))
    sampler = trial.draw.sampler
    scale = sampler.network.outputs / sampler.network.inputs * sampler.variance
    for strided, shifts in ((False, [2, 0, 0]), (True, [0, 0, 0])):
        truth = scale * float(winner_mean_square(shifts))
        _within_error(Regrouped(sampler, strided), truth, 20_000)
