"""What a campaign says: an interval for every accuracy, a verdict for every pair of schemes.

Seed s of two schemes has the same draws (scaled) and the same batches, and seeds are independent,
so the pairs of test accuracies are independent draws of one law. "A improves on B" means that a
seed is more often better with A than worse, Pr(A > B) > Pr(A < B). Given how many pairs are no
ties, the wins are binomial, so the Clopper-Pearson interval of the share of wins is valid at every
number of seeds, whatever the law of the accuracies (the sign test). Bounds of a mean that use no
more than that accuracies lie in [0, 1] would need hundreds of seeds to see a difference of a few
points; they are reported beside the verdict, and decide nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from maxout.lab.training.accuracies import Result
from maxout.lab.training.schemes import REFERENCES, scheme
from maxout.verify.decisions import INCONCLUSIVE, REFUTED, VERIFIED, Outcome
from maxout.verify.decisions.binomial import clopper_pearson
from maxout.verify.decisions.confidence_bounds import betting_lower
from maxout.verify.decisions.proportions import ProportionEquality

Interval = tuple[float, float]

LEVEL = 0.05
"""Chance that an interval of one accuracy misses; each interval by itself."""


def mean_interval(values: np.ndarray, alpha: float = LEVEL) -> Interval:
    """Interval of the mean of draws in [0, 1], by betting; valid at every number of draws.

    Source: Waudby-Smith and Ramdas (2024).
    """
    return betting_lower(values, alpha / 2), 1 - betting_lower(1 - values, alpha / 2)


def median_interval(values: np.ndarray, alpha: float = LEVEL) -> Interval:
    """Interval of the median of draws in [0, 1] between two order statistics; always valid."""
    count = len(values)
    # Fewer than k draws lie below the median with chance Pr(Bin(n, 1/2) < k), and above likewise.
    rank = int(stats.binom.ppf(alpha / 2, count, 0.5))
    if rank < 1:
        return 0.0, 1.0
    ordered = np.sort(values)
    return float(ordered[rank - 1]), float(ordered[count - rank])


def superiority(differences: np.ndarray, alpha: float) -> Outcome:
    """Judge Pr(D > 0) > Pr(D < 0) from independent draws of D.

    Returns:
      The outcome for the share of wins among the draws that are not 0. Verified where the interval
      lies above 1/2, refuted where it lies below; each is wrong with chance alpha/2 at most.
      Equal schemes are inconclusive, as no number of seeds proves a tie.
    """
    decided = differences[differences != 0]
    if not decided.size:
        return Outcome(INCONCLUSIVE, 0.5, (0.0, 1.0), 0, 1.0, alpha, "every pair is a tie")
    wins, count = int((decided > 0).sum()), decided.size
    low, high = clopper_pearson(wins, count, alpha)
    status = VERIFIED if low > 0.5 else REFUTED if high < 0.5 else INCONCLUSIVE
    note = "" if status != INCONCLUSIVE else "the interval holds 1/2"
    detectable = ProportionEquality(0.5, margin=0.5).detectable(count, alpha)
    return Outcome(status, wins / count, (low, high), count, detectable, alpha, note)


@dataclass(frozen=True)
class Comparison:
    """A verdict on "``reference`` improves on ``other``" in one data set, network and optimizer.

    Attributes:
      outcome: on the share of wins.
      wins, losses, ties: pairs of seeds where the reference is better, worse, equal.
      difference: mean difference of the test accuracies.
      difference_interval: of the mean difference, by betting at ``LEVEL``.
      claimed: whether the paper claims it: against small and large c. Against c = 1, torch's
        default, the ReLU network and what is matched to the reference, and between its own two
        schemes, the paper claims no improvement.
    """

    data: str
    network: str
    optimizer: str
    reference: str
    other: str
    outcome: Outcome
    wins: int
    losses: int
    ties: int
    difference: float
    difference_interval: Interval
    claimed: bool

    @property
    def share_interval(self) -> Interval:
        """Of the share of wins; all of [0, 1] where every pair is a tie."""
        low, high = self.outcome.interval
        return (0.0, 1.0) if low is None or high is None else (low, high)


def compare(results: Sequence[Result], alpha: float) -> list[Comparison]:
    """Compare every reference with every other scheme of its data set, network and optimizer.

    Args:
      results: any number of cells.
      alpha: chance that any verdict at all is wrong; shared equally (Bonferroni).
    """
    pairs = [
        (a, b)
        for a in results
        for b in results
        if a.group == b.group and a.scheme in REFERENCES and _ranks_behind(b.scheme, a.scheme)
    ]
    return [_compared(a, b, alpha / len(pairs)) for a, b in pairs]


def _is_claimed(other: str) -> bool:
    """Whether the paper's training compares with it: a c that is too small or too large."""
    named = scheme(other)
    return named.variance not in (None, 1.0) and not named.match and not named.is_relu


def _ranks_behind(other: str, reference: str) -> bool:
    """Whether the pair is looked at; two references meet once, the later against the first."""
    if other in REFERENCES:
        return REFERENCES.index(other) < REFERENCES.index(reference)
    return True


def _compared(a: Result, b: Result, alpha: float) -> Comparison:
    if len(a.test) != len(b.test):
        raise RuntimeError(f"{a.name} has {len(a.test)} seeds, {b.name} has {len(b.test)}")
    differences = a.test - b.test
    low, high = mean_interval((differences + 1) / 2)
    return Comparison(
        a.data, a.network, a.optimizer, a.scheme, b.scheme,
        outcome=superiority(differences, alpha),
        wins=int((differences > 0).sum()),
        losses=int((differences < 0).sum()),
        ties=int((differences == 0).sum()),
        difference=float(differences.mean()),
        difference_interval=(2 * low - 1, 2 * high - 1),
        claimed=_is_claimed(b.scheme),
    )  # fmt: skip


def overall(comparisons: Sequence[Comparison]) -> str:
    """The verdict on all that the paper claims: the worst of them."""
    found = {c.outcome.status for c in comparisons if c.claimed}
    return next((s for s in (REFUTED, INCONCLUSIVE) if s in found), VERIFIED)
