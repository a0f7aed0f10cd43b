"""Decisions: bounds against slow references, statuses, what is said of depth and reused streams.

Rates of error and power are the subject of test_calibration.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maxout.theory.errors import MaxoutError
from maxout.verify.decisions import (
    INCONCLUSIVE,
    REFUTED,
    VERIFIED,
    BoundedMeanAtLeast,
    BoundedMeanAtMost,
    BoundedMeanEquality,
    DecisionError,
    LogMeanEquality,
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
from maxout.verify.decisions.confidence_bounds import betting_lower, catoni
from maxout.verify.decisions.outcome import UNREACHABLE
from maxout.verify.decisions.same_law import excess

ALPHA = 0.01


def exponential(count: int, seed: int = 1) -> np.ndarray:
    """Non-negative draws of mean 1 and variance 1."""
    return np.random.default_rng(seed).exponential(size=count)


def slow_wealth(data: np.ndarray, mean: float, alpha: float) -> float:
    """ln of the betting wealth against ``mean``, one observation after the other."""
    wealth, seen = 0.0, []
    for x in data:
        stake = 0.0
        if len(seen) >= 2:
            spread = np.mean(np.square(seen)) - np.mean(seen) ** 2
            stake = math.sqrt(2 * math.log(1 / alpha) / (len(data) * spread))
        wealth += math.log1p(min(stake, 0.9 / mean) * (x - mean))
        seen.append(x)
    return wealth


def test_betting_bound_is_where_the_wealth_reaches_its_goal() -> None:
    data = exponential(400)
    bound = betting_lower(data, ALPHA)
    assert slow_wealth(data, bound, ALPHA) == pytest.approx(math.log(1 / ALPHA), abs=1e-6)
    # Stakes come from the past alone: what follows cannot change the wealth so far.
    assert slow_wealth(data[:200], bound, ALPHA) == pytest.approx(
        slow_wealth(np.append(data[:200], []), bound, ALPHA)
    )


def test_betting_refuses_negative_data() -> None:
    with pytest.raises(MaxoutError, match="non-negative"):
        betting_lower(np.array([1.0, -1e-9, 2.0]), ALPHA)


@pytest.mark.parametrize("side", [-1, 1])
def test_catoni_bound_solves_its_equation(side) -> None:
    data, variance = exponential(300), 1.0
    bound = catoni(data, variance, ALPHA, side)
    tilt = math.sqrt(2 * math.log(1 / ALPHA) / (len(data) * variance))
    influence = sum(math.copysign(math.log1p(abs(y) + y * y / 2), y) for y in tilt * (data - bound))
    assert influence == pytest.approx(-side * 2 * math.log(1 / ALPHA), abs=1e-6)
    assert side * (bound - data.mean()) > 0


@given(st.lists(st.integers(0, 20), min_size=1, max_size=30), st.integers(1, 30))
def test_excess_is_the_largest_gap(values, count) -> None:
    first = np.array(values, dtype=float)
    second = np.random.default_rng(count).integers(0, 20, count).astype(float)
    points = np.concatenate([first, second])
    gaps = [np.mean(first <= t) - np.mean(second <= t) for t in points]
    assert excess(first, second) == pytest.approx(max(0.0, *gaps))


SCALED = {  # decision, claims that are true and false of data of mean 1
    "equal": (MeanEquality(1.0, 0.05), 1.0, 1.2),
    "at most": (MeanAtMost(1.0, 0.05), 1.3, 0.8),
    "at least": (MeanAtLeast(1.0, 0.05), 0.7, 1.2),
}


@pytest.mark.parametrize(("decision", "true", "false"), SCALED.values(), ids=SCALED)
def test_statuses_of_means(decision, true, false) -> None:
    data = exponential(20_000)
    assert decision.decide(data, true, ALPHA).status == VERIFIED
    assert decision.decide(data, false, ALPHA).status == REFUTED
    # With a tenth of the samples the interval is wider than the margin.
    assert decision.decide(data[:2_000], 1.0, ALPHA).status == INCONCLUSIVE


def test_few_samples_decide_nothing() -> None:
    """Absence of evidence is never called verified."""
    outcome = MeanEquality(1.0, 0.05).decide(exponential(50), 1.0, ALPHA)
    assert outcome.status == INCONCLUSIVE
    low, high = outcome.interval
    assert low < 1 < high


def test_proportion() -> None:
    events = np.arange(10_000) % 4 == 0
    decision = ProportionEquality(0.25, 0.02)
    assert decision.decide(events, 0.25, ALPHA).status == VERIFIED
    assert decision.decide(events, 0.29, ALPHA).status == REFUTED
    assert decision.decide(events[:100], 0.25, ALPHA).status == INCONCLUSIVE
    none = decision.decide(np.zeros(100, dtype=bool), 0.25, ALPHA)
    assert none.interval[0] == 0


def test_laws() -> None:
    first, second = exponential(40_000, 1), exponential(40_000, 2)
    assert SameLaw(0.05).decide((first, second), 0, ALPHA).status == VERIFIED
    assert SameLaw(0.05).decide((first, 1.1 * second), 0, ALPHA).status == REFUTED
    order = StochasticOrder(0.05)
    assert order.decide((first, 1.1 * second), 0, ALPHA).status == VERIFIED
    assert order.decide((1.1 * first, second), 0, ALPHA).status == REFUTED


@pytest.mark.parametrize("decision", [SameLaw(0.05), StochasticOrder(0.05)])
def test_a_reused_stream_shows_nothing(decision) -> None:
    """Identical samples have distance 0, which would verify anything."""
    data = exponential(40_000)
    outcome = decision.decide((data, np.roll(data, 7)), 0, ALPHA)
    assert outcome.status == INCONCLUSIVE
    assert "stream was reused" in outcome.note


def test_a_mean_ruled_by_rare_networks_is_not_reported() -> None:
    """ln X ~ N(-18, 36): E X = 1, and a million draws typically show a hundredth of it."""
    data = np.exp(6 * np.random.default_rng(3).standard_normal(20_000) - 18)
    outcome = MeanEquality(math.exp(36) - 1, 0.03).decide(data, 1.0, ALPHA)
    assert outcome.status == INCONCLUSIVE
    assert outcome.estimate is None
    assert outcome.interval == (None, None)
    assert "rare networks" in outcome.note
    logs = LogMeanEquality(36.0, 0.3)
    assert logs.decide(data, -18.0, ALPHA).status == VERIFIED
    assert logs.decide(data, -17.0, ALPHA).status == REFUTED


def test_log_scale_needs_positive_data() -> None:
    with pytest.raises(MaxoutError, match="positive"):
        LogMeanEquality(1.0, 0.1).decide(np.array([1.0, 0.0]), 0.0, ALPHA)


DECISIONS = {
    "equal": lambda margin: MeanEquality(1.0, margin),
    "at most": lambda margin: MeanAtMost(1.0, margin),
    "at least": lambda margin: MeanAtLeast(1.0, margin),
    "log": lambda margin: LogMeanEquality(1.0, margin),
    "proportion": lambda margin: ProportionEquality(0.3, margin),
    "law": SameLaw,
    "order": StochasticOrder,
}


@settings(max_examples=30)
@given(st.sampled_from(sorted(DECISIONS)), st.floats(0.005, 0.2), st.floats(1e-6, 0.2))
def test_more_certainty_and_narrowness_cost_more_samples(name, margin, alpha) -> None:
    make = DECISIONS[name]
    needed = make(margin).samples_needed(alpha)
    assert needed <= make(margin / 2).samples_needed(alpha)
    assert needed <= make(margin).samples_needed(alpha / 10)
    assert make(margin).detectable(4 * needed, alpha) < make(margin).detectable(needed, alpha)
    # What is verified within the margin could have been refuted at twice the margin.
    assert make(margin).detectable(needed, alpha) <= 2 * margin


@pytest.mark.parametrize("alpha", [0.0, 0.6, -1.0, 1.0])
@pytest.mark.parametrize("name", DECISIONS)
def test_alpha_out_of_range(name, alpha) -> None:
    data = exponential(100)
    given_data = (data, data + 1) if name in ("law", "order") else data
    with pytest.raises(MaxoutError, match="alpha must be"):
        DECISIONS[name](0.1).decide(given_data, 1.0, alpha)


OUT_OF_DOMAIN = {
    "negative variance": lambda: MeanEquality(-1.0, 0.1),
    "variance that is no number": lambda: MeanAtMost(math.nan, 0.1),
    "infinite variance": lambda: MeanAtLeast(math.inf, 0.1),
    "negative margin": lambda: MeanEquality(1.0, -0.1),
    "margin that is no number": lambda: SameLaw(math.nan),
    "negative margin of a law": lambda: StochasticOrder(-0.1),
    "negative bias": lambda: MeanEquality(1.0, 0.1, -0.1),
    "negative width": lambda: MeanAtLeast(1.0, 0.1, -0.1),
    "negative plan": lambda: MeanAtLeast(1.0, 0.1, planned=-1.0),
    "negative logarithmic variance": lambda: LogMeanEquality(-1.0, 0.1),
    "no ceiling": lambda: BoundedMeanEquality(0.0, 1.0, 0.1),
    "negative plan of a count": lambda: BoundedMeanEquality(9.0, -1.0, 0.1),
    "probability above one": lambda: ProportionEquality(1.0000000000000004, 0.1),
    "negative probability": lambda: ProportionEquality(-0.1, 0.1),
    "negative deviation": lambda: MedianEquality(-1.0, 0.1),
}


@pytest.mark.parametrize("make", OUT_OF_DOMAIN.values(), ids=OUT_OF_DOMAIN)
def test_parameters_out_of_domain_are_refused_by_the_family(make) -> None:
    """A variance of -1 once planned -6915 samples."""
    with pytest.raises(DecisionError, match=r"must be"):
        make()


ALL = {
    **DECISIONS,
    "count": lambda margin: BoundedMeanEquality(100.0, 1.0, margin),
    "median": lambda margin: MedianEquality(1.0, margin),
    "reversed order": StochasticOrderReversed,
}


@pytest.mark.parametrize("name", ALL)
def test_a_margin_of_zero_is_never_reached(name) -> None:
    """It once ended a whole suite by a division by zero."""
    decision = ALL[name](0.0)
    assert decision.samples_needed(ALPHA) == UNREACHABLE
    data = exponential(500) if name != "proportion" else np.arange(500) % 10 < 3
    true = {"proportion": 0.3, "log": float(np.log(data + 1e-9).mean()), "median": np.log(2)}
    given_data = (data, exponential(500, 2)) if "law" in name or "order" in name else data
    outcome = decision.decide(given_data, true.get(name, 1.0), ALPHA)
    assert outcome.status == INCONCLUSIVE
    assert "margin is 0" in outcome.note


@pytest.mark.parametrize("spoilt", [math.nan, math.inf, -math.inf, None])
@pytest.mark.parametrize("name", sorted(set(ALL) - {"proportion"}))
def test_observations_that_are_no_numbers_are_refused(name, spoilt) -> None:
    data = exponential(100) if spoilt is not None else np.array([])
    if spoilt is not None:
        data[50] = spoilt
    given_data = (exponential(100, 2), data) if "law" in name or "order" in name else data
    with pytest.raises(DecisionError, match=r"observations"):
        ALL[name](0.1).decide(given_data, 1.0, ALPHA)


def test_no_events_are_no_share() -> None:
    with pytest.raises(DecisionError, match="at least one observation"):
        ProportionEquality(0.5, 0.1).decide(np.zeros(0, dtype=bool), 0.5, ALPHA)


@pytest.mark.parametrize("name", sorted(set(DECISIONS) - {"law", "order", "proportion"}))
def test_one_observation_decides_nothing(name) -> None:
    outcome = DECISIONS[name](0.1).decide(np.array([1.0]), 0.0 if name == "log" else 1.0, ALPHA)
    assert outcome.status == INCONCLUSIVE


@pytest.mark.parametrize(
    ("at_most", "at_least", "data"),
    [
        (MeanAtMost(1.0, 0.05), MeanAtLeast(1.0, 0.05), exponential(20_000)),
        (
            MeanAtMost(1.0, 0.05, signed=True),
            MeanAtLeast(1.0, 0.05, signed=True),
            exponential(20_000) - 2,
        ),
        (
            BoundedMeanAtMost(20.0, 1.0, 0.05),
            BoundedMeanAtLeast(20.0, 1.0, 0.05),
            np.minimum(exponential(20_000), 20),
        ),
        (
            ProportionAtMost(0.25, 0.05),
            ProportionAtLeast(0.25, 0.05),
            np.arange(20_000) % 4 == 0,
        ),
    ],
    ids=["mean", "signed mean", "count", "share"],
)
def test_bounds_from_either_side(at_most, at_least, data) -> None:
    mean, far = float(data.mean()), 0.2
    for decision, sign in ((at_most, 1), (at_least, -1)):
        assert decision.decide(data, mean + sign * far, ALPHA).status == VERIFIED
        assert decision.decide(data, mean + sign * 100 * far, ALPHA).status == VERIFIED
        assert decision.decide(data, mean - sign * far, ALPHA).status == REFUTED
        assert decision.decide(data[:300], mean, ALPHA).status == INCONCLUSIVE


def test_a_law_above_another_and_below() -> None:
    first, second = exponential(40_000, 1), exponential(40_000, 2)
    reverse = StochasticOrderReversed(0.05)
    assert reverse.decide((1.1 * first, second), 0, ALPHA).status == VERIFIED
    assert reverse.decide((first, 1.1 * second), 0, ALPHA).status == REFUTED
