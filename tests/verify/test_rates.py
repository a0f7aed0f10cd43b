"""Intervals as wide as they are said to be, and errors seen where they are said to be seen.

Each interval is held to its own equation, written out here, and each detectable error to draws.
"""

import math

import numpy as np
import pytest
from scipy import stats

from maxout.verify.decisions import (
    INCONCLUSIVE,
    REFUTED,
    VERIFIED,
    BoundedMeanEquality,
    LogMeanEquality,
    MeanAtLeast,
    MeanAtMost,
    MeanEquality,
    MedianEquality,
    ProportionEquality,
    SameLaw,
    StochasticOrder,
    StochasticOrderReversed,
)
from maxout.verify.decisions.binomial import clopper_pearson
from maxout.verify.decisions.confidence_bounds import betting_lower

ALPHA = 0.01


def normals(count: int, seed: int = 1) -> np.ndarray:
    """Draws of mean 5 and variance 1."""
    return 5 + np.random.default_rng(seed).standard_normal(count)


def influence(data: np.ndarray, centre: float, tilt: float) -> float:
    """Catoni's sum, from its definition."""
    y = tilt * (data - centre)
    return float(np.sum(np.sign(y) * np.log(1 + np.abs(y) + y**2 / 2)))


@pytest.mark.parametrize("one_sided", [MeanAtMost, MeanAtLeast])
@pytest.mark.parametrize("count", [300, 2000])
def test_each_end_of_a_means_interval_has_half_of_alpha(one_sided, count) -> None:
    data, variance = normals(count), 1.3
    goal = 2 * math.log(2 / ALPHA)
    tilt = math.sqrt(2 * math.log(2 / ALPHA) / (count * variance))
    low, high = MeanEquality(variance, 0.1).decide(data, 5.0, ALPHA).interval
    # The root is found to 1e-12 of the deviation; the sum has a slope of some count * tilt.
    assert influence(data, low, tilt) == pytest.approx(goal, abs=1e-6)
    assert influence(data, high, tilt) == pytest.approx(-goal, abs=1e-6)
    assert one_sided(variance, 0.1).decide(data, 5.0, ALPHA).interval[1] == pytest.approx(high)


def test_blocks_change_no_width() -> None:
    """Of 300,000 draws block means are judged: of a fourth of the variance each, and as many."""
    count = 300_000
    width = 2 * math.sqrt(2 * math.log(2 / ALPHA) / count)
    low, high = MeanEquality(1.0, 0.1).decide(normals(count), 5.0, ALPHA).interval
    # Catoni's half-width is sqrt(2 v ln(2/alpha)/n) up to terms of relative order ln(1/alpha)/n.
    assert high - low == pytest.approx(width, rel=0.01)


@pytest.mark.parametrize(("count", "size"), [(0, 40), (3, 40), (20, 40), (39, 40), (40, 40)])
def test_each_end_of_a_shares_interval_has_half_of_alpha(count, size) -> None:
    low, high = clopper_pearson(count, size, ALPHA)
    if count:
        assert stats.binom.sf(count - 1, size, low) == pytest.approx(ALPHA / 2, rel=1e-9)
    if count < size:
        assert stats.binom.cdf(count, size, high) == pytest.approx(ALPHA / 2, rel=1e-9)
    found = ProportionEquality(0.5, 0.1).decide(np.arange(size) < count, 0.5, ALPHA)
    assert found.interval == (low, high)


@pytest.mark.parametrize("decision", [SameLaw, StochasticOrder, StochasticOrderReversed])
def test_the_bands_of_two_laws_are_added(decision) -> None:
    """Each empirical law is within sqrt(ln(4/alpha)/(2n)) of its own, at alpha/2 a law."""
    data = normals(900, 1), normals(900, 2)
    outcome = decision(0.4).decide(data, 0.0, ALPHA)
    band = math.sqrt(math.log(4 / ALPHA) / (2 * 900))
    assert outcome.interval[1] - outcome.estimate == pytest.approx(2 * band, rel=1e-12)
    violated = data[0] + (-3 if decision is StochasticOrderReversed else 3), data[1]
    apart = decision(0.4).decide(violated, 0.0, ALPHA)
    assert apart.estimate - apart.interval[0] == pytest.approx(2 * band, rel=1e-12)


def test_a_band_is_wide_enough_for_the_worst_law() -> None:
    """Of 400 pairs of samples of one law at alpha = 0.3, no more are told apart than may be."""
    generator = np.random.default_rng(5)
    decision = SameLaw(0.9)
    apart = sum(
        decision.decide(
            (generator.standard_normal(200), generator.standard_normal(200)), 0.0, 0.3
        ).status
        == REFUTED
        for _ in range(400)
    )
    # Two bands of half the width would refute one in three, these about one in a thousand.
    assert apart <= 8


@pytest.mark.parametrize("decision", [SameLaw, StochasticOrder, StochasticOrderReversed])
def test_a_detectable_distance_of_laws_is_detected(decision) -> None:
    """U(0, 1) against the same with so large a share moved far away."""
    samples, runs = 2000, 100
    distance = decision(0.9).detectable(samples, ALPHA)
    generator = np.random.default_rng(9)

    def refuted(share: float) -> float:
        found = 0
        for _ in range(runs):
            data = generator.random((2, samples))
            data[0 if decision is StochasticOrder else 1] += 10 * (
                generator.random(samples) < share * distance
            )
            found += decision(0.9).decide(tuple(data), 0.0, ALPHA).status == REFUTED
        return found / runs

    assert refuted(1.0) >= 0.85
    assert refuted(1 / 3) < 0.5


def test_each_end_of_a_bet_has_half_of_alpha() -> None:
    data = np.random.default_rng(1).binomial(9, 0.3, 500).astype(float)
    low = betting_lower(data, ALPHA / 2)
    high = 9 - betting_lower(9 - data, ALPHA / 2)
    assert BoundedMeanEquality(9, 2.0, 1.0).decide(data, 2.7, ALPHA).interval == (low, high)
    for one_sided in (MeanAtMost, MeanAtLeast):
        assert one_sided(2.0, 1.0).decide(data, 2.7, ALPHA).interval[0] == low


@pytest.mark.parametrize("count", [20, 501])
def test_each_end_of_a_medians_interval_has_half_of_alpha(count) -> None:
    """Between the k-th smallest and the k-th largest, k the largest that is allowed."""
    low, high = MedianEquality(1.0, 0.1).decide(np.arange(1.0, count + 1), 1.0, ALPHA).interval
    assert low + high == count + 1
    assert stats.binom.cdf(low - 1, count, 0.5) <= ALPHA / 2 < stats.binom.cdf(low, count, 0.5)


ALTERNATING = np.tile([0.0, 2.0], 2500)
"""Mean 1 and variance 1, exactly."""

LYING = {
    "equal": MeanEquality(0.01, 0.02),
    "at most": MeanAtMost(0.01, 0.02),
    "at least, signed": MeanAtLeast(0.01, 0.02, signed=True),
    "at most, signed": MeanAtMost(0.01, 0.02, signed=True),
}


@pytest.mark.parametrize("decision", LYING.values(), ids=LYING)
def test_a_variance_stated_too_small_verifies_nothing(decision) -> None:
    """Catoni's interval lies in the margin by a lie, and Student's does not."""
    outcome = decision.decide(ALTERNATING, 1.0, ALPHA)
    low, high = outcome.interval
    assert 0.98 < high < 1.02
    assert low > 0.98 or isinstance(decision, MeanAtMost)
    assert outcome.status == INCONCLUSIVE
    wide = type(decision)(
        0.01, 0.06, **({"signed": True} if getattr(decision, "signed", 0) else {})
    )
    assert wide.decide(ALTERNATING, 1.0, ALPHA).status == VERIFIED


def test_a_count_without_large_values_still_has_its_ceiling() -> None:
    """All of 200 counts are 0: 20 once in 500 is a mean that they cannot exclude."""
    outcome = BoundedMeanEquality(20, 0.8, 1.0).decide(np.zeros(200), 0.04, ALPHA)
    assert outcome.status != REFUTED
    assert outcome.interval[1] > 20 * (1 - ALPHA ** (1 / 200)) / 2
    closer = BoundedMeanEquality(2, 0.8, 1.0).decide(np.zeros(200), 0.04, ALPHA)
    assert closer.interval[1] == pytest.approx(outcome.interval[1] / 10)


class Case:
    """Draws of a known mean, and a decision about it."""

    def __init__(self, decision, truth, draw, factor=1.0):
        self.decision, self.truth, self.draw, self.factor = decision, truth, draw, factor


CASES = {
    "mean": Case(MeanEquality(1.0, 0.1), 0.0, lambda g, n: g.standard_normal(n)),
    "at least": Case(MeanAtLeast(1.0, 0.1), 1.0, lambda g, n: g.exponential(size=n)),
    "log": Case(LogMeanEquality(1.0, 0.1), 0.0, lambda g, n: np.exp(g.standard_normal(n))),
    "share": Case(ProportionEquality(0.3, 0.1), 0.3, lambda g, n: g.random(n) < 0.3),
    "rare": Case(ProportionEquality(0.01, 0.01), 0.01, lambda g, n: g.random(n) < 0.01),
    "certain": Case(ProportionEquality(1.0, 0.1), 1.0, lambda g, n: np.ones(n, dtype=bool)),
    "never": Case(ProportionEquality(0.0, 0.1), 0.0, lambda g, n: np.zeros(n, dtype=bool)),
    "median": Case(MedianEquality(1.0, 0.1), 0.0, lambda g, n: g.standard_normal(n)),
    "count": Case(BoundedMeanEquality(9, 2.1, 0.1), 2.7, lambda g, n: g.binomial(9, 0.3, n)),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_detectable_is_detected(name) -> None:
    """Nine times in ten at the stated error, on whichever side; at a third of it mostly not."""
    case, samples, runs = CASES[name], 1500, 300
    error = case.decision.detectable(samples, ALPHA)
    assert error > 0
    sides = (1,) if name in ("at least", "never") else (-1,) if name == "certain" else (-1, 1)
    generator = np.random.default_rng(7)
    data = [case.draw(generator, samples) for _ in range(runs)]
    for side in sides:

        def refuted(share: float, side: int = side) -> float:
            claim = case.truth + side * share * error
            return np.mean([case.decision.decide(d, claim, ALPHA).status == REFUTED for d in data])

        # 300 runs at 0.9 show less than 0.85 with chance 0.3 %.
        assert refuted(1.0 + 1e-9) >= 0.85
        assert refuted(1 / 3) < 0.5


@pytest.mark.parametrize(("probability", "side"), [(1.0, -1), (0.0, 1)])
def test_at_the_ends_the_detectable_error_is_the_binomials(probability, side) -> None:
    """Nothing is random there: n events of n exclude (alpha/2)^(1/n) and less."""
    for samples in (1, 50, 4000):
        error = ProportionEquality(probability, 0.1).detectable(samples, ALPHA)
        assert error == pytest.approx(1 - (ALPHA / 2) ** (1 / samples), rel=1e-9)
    planned = ProportionEquality(probability, 0.1).samples_needed(ALPHA)
    # ln(alpha/2)/ln(0.9) of them, up to the steps of the search.
    exact = math.log(ALPHA / 2) / math.log(0.9)
    assert exact <= planned <= 1.06 * exact + 2
    events = np.full(planned, probability == 1)
    decision = ProportionEquality(probability, 0.1)
    assert decision.decide(events, probability, ALPHA).status == VERIFIED
    assert decision.decide(events, probability + side * 0.11, ALPHA).status == REFUTED


PLANS = {
    "mean": (MeanEquality(1.0, 0.1), 0.0, lambda g, n: g.standard_normal(n)),
    "share": (ProportionEquality(0.3, 0.05), 0.3, lambda g, n: g.random(n) < 0.3),
    "rare": (ProportionEquality(0.001, 0.01), 0.001, lambda g, n: g.random(n) < 0.001),
    "median": (MedianEquality(1.0, 0.1), 0.0, lambda g, n: g.standard_normal(n)),
    "count": (BoundedMeanEquality(9, 2.1, 0.2), 2.7, lambda g, n: g.binomial(9, 0.3, n)),
}


@pytest.mark.parametrize("name", PLANS)
def test_planned_samples_verify_what_is_true(name) -> None:
    """With chance 1 - 1e-5: never otherwise in a hundred."""
    decision, truth, draw = PLANS[name]
    generator, alpha = np.random.default_rng(8), 1e-6
    samples = decision.samples_needed(alpha)
    for _ in range(100):
        assert decision.decide(draw(generator, samples), truth, alpha).status == VERIFIED
