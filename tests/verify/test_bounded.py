"""The decision on means of bounded counts: right at its rate, whatever the law."""

import numpy as np
import pytest

from maxout.theory.errors import MaxoutError
from maxout.verify.decisions import BoundedMeanEquality

LAWS = {
    "binomial": lambda g, n: g.binomial(20, 0.3, n).astype(float),
    "rare": lambda g, n: 20.0 * (g.random(n) < 0.02),
    "very rare": lambda g, n: 20.0 * (g.random(n) < 0.002),
    "constant": lambda g, n: np.full(n, 7.0),
}
MEANS = {"binomial": 6.0, "rare": 0.4, "very rare": 0.04, "constant": 7.0}


@pytest.mark.parametrize("law", LAWS)
def test_a_true_mean_is_rarely_refuted(law: str) -> None:
    generator = np.random.default_rng(0)
    decision = BoundedMeanEquality(20, 5.0, 1.0)
    refuted = sum(
        decision.decide(LAWS[law](generator, 200), MEANS[law], 0.05).status == "refuted"
        for _ in range(400)
    )
    # At most 5 % by the theory; 400 runs may show 8 % with chance below 1 %.
    assert refuted <= 32


def test_planned_samples_verify_the_truth_and_refute_the_margin() -> None:
    generator = np.random.default_rng(1)
    decision = BoundedMeanEquality(20, 20 * 0.3 * 0.7, 0.5)
    samples = decision.samples_needed(1e-3)
    for _ in range(20):
        data = LAWS["binomial"](generator, samples)
        assert decision.decide(data, 6.0, 1e-3).status == "verified"
        assert decision.decide(data, 6.5 + 0.5, 1e-3).status == "refuted"
        assert decision.decide(data, 5.0, 1e-3).status == "refuted"


def test_too_few_samples_are_inconclusive() -> None:
    data = LAWS["binomial"](np.random.default_rng(2), 10)
    assert BoundedMeanEquality(20, 4.2, 0.1).decide(data, 6.0, 1e-3).status == "inconclusive"


def test_an_impossible_count_is_an_error() -> None:
    with pytest.raises(MaxoutError, match=r"must lie in \[0, 20\]"):
        BoundedMeanEquality(20, 4.2, 0.1).decide(np.array([21.0]), 6.0, 1e-3)
