"""Early stopping: a few looks at growing samples, each decided at its share of the alpha.

A decision valid at any fixed size is valid at several by Bonferroni's inequality, whatever the
decision: the chance that any look refutes a true statement, or verifies one that is false by more
than the margin, is at most the sum of the looks' shares. The first look that decides ends it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from maxout.verify.collector import Collector
from maxout.verify.decisions import INCONCLUSIVE, Outcome
from maxout.verify.experiments import Experiment
from maxout.verify.populations import Arrays

QUARTERS = (1, 2, 4)
"""Looks: quarters of the planned samples at which a decision is tried."""


@dataclass(frozen=True)
class Look:
    """What is known of an experiment as its samples grow.

    Attributes:
      experiment: whose turn it is.
      drawn: samples at hand.
      planned: samples of the last look.
      outcome: of the latest look; None before the first.
    """

    experiment: Experiment
    drawn: int
    planned: int
    outcome: Outcome | None


Watch = Callable[[Look], None]


def look_alpha(alpha: float) -> float:
    """Return one look's share of a verdict's alpha."""
    return alpha / len(QUARTERS)


def sizes(experiment: Experiment, alpha: float) -> tuple[int, ...]:
    """Return the samples of every look; the last has what the decision needs at its share."""
    observations = experiment.samples(look_alpha(alpha)) // experiment.group
    return tuple(
        -(-observations * quarters // QUARTERS[-1]) * experiment.group for quarters in QUARTERS
    )


def judge(
    experiment: Experiment,
    collector: Collector,
    alpha: float,
    wrong: Experiment | None = None,
    watch: Watch | None = None,
) -> Outcome:
    """Sample and decide, look after look, until decided.

    Args:
      experiment: its rule decides and its plan says how many samples.
      alpha: of the verdict.
      wrong: a control, whose claim and samples are judged by the experiment's rule instead.
      watch: called as samples come in and after every look.
    """
    judged = wrong or experiment
    plan = sizes(experiment, alpha)
    outcome: Outcome | None = None
    for samples in plan:

        def drawn(count: int, seen: Outcome | None = outcome) -> None:
            if watch:
                watch(Look(experiment, count, plan[-1], seen))

        arrays = tuple(collector.collect(p, samples, drawn) for p in judged.populations)
        outcome = decide(experiment, judged, arrays, alpha)
        if watch:
            watch(Look(experiment, samples, plan[-1], outcome))
        if outcome.status != INCONCLUSIVE:
            break
    assert outcome is not None  # there is at least one look
    return outcome


def decide(
    experiment: Experiment, judged: Experiment, arrays: tuple[Arrays, ...], alpha: float
) -> Outcome:
    """Decide at one look, by ``experiment``'s rule, what ``judged`` claims of these samples."""
    return experiment.decision.decide(judged.data(arrays), judged.predicted, look_alpha(alpha))
