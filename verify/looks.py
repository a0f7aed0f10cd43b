"""Early stopping: a few looks at growing samples, each decided at its share of the alpha.

A decision valid at any fixed size is valid at several by Bonferroni's inequality, whatever the
decision: the chance that any look refutes a true statement, or verifies one that is false by more
than the margin, is at most the sum of the looks' shares. The first look that decides ends it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from maxout.theory.errors import while_on
from maxout.verify.decisions import ERROR, INCONCLUSIVE, Outcome
from maxout.verify.decisions.outcome import check_alpha
from maxout.verify.experiment import Experiment
from maxout.verify.sampling.populations import Arrays

if TYPE_CHECKING:  # planning draws nothing, and does without PyTorch
    from maxout.verify.sampling.collector import Collector

SHARES = 2000
"""Parts that a suite's rate is divided into, one an experiment, whatever their number: a verdict
does not change when statements come or go. No suite may have more experiments."""

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


MOST_SHARDS = 10_000
"""Shards of a population that are drawn at most: some ten minutes of one core, wherever a plan asks
for more. What they leave open is inconclusive."""


def verdict_alpha(alpha: float) -> float:
    """Return one verdict's share of the family-wise rate (Bonferroni): always the same part of it.

    Raises:
      DecisionError: unless 0 < alpha <= 1/2.
    """
    check_alpha(alpha)
    return alpha / SHARES


def look_alpha(alpha: float) -> float:
    """Return one look's share of a verdict's alpha."""
    return alpha / len(QUARTERS)


def most_samples(experiment: Experiment) -> int:
    """Return the samples that are drawn at most."""
    most = MOST_SHARDS * min(population.shard_size for population in experiment.populations)
    if experiment.most is not None:
        most = min(most, experiment.most)
    return most // experiment.group * experiment.group


def sizes(experiment: Experiment, alpha: float) -> tuple[int, ...]:
    """Return the samples of every look; the last has what the decision needs at its share.

    They depend on facts about the samples and not on what is claimed of them.
    """
    planned = min(experiment.samples(look_alpha(alpha)), most_samples(experiment))
    observations = planned // experiment.group
    return tuple(
        -(-observations * quarters // QUARTERS[-1]) * experiment.group for quarters in QUARTERS
    )


def last_look(experiment: Experiment, alpha: float) -> int:
    """Return the samples of the last look; 0 where it cannot be planned, and is not sampled."""
    try:
        return sizes(experiment, alpha)[-1]
    except Exception:  # of any kind: its verdict will be this error
        return 0


def judge(
    experiment: Experiment,
    collector: Collector,
    alpha: float,
    watch: Watch | None = None,
) -> Outcome:
    """Sample and decide, look after look, until decided.

    What goes wrong while an experiment is planned or decided is its outcome, an error; what goes
    wrong while samples are drawn ends the run.

    Args:
      experiment: what is judged; a control is an experiment like any other.
      alpha: of the verdict.
      watch: called as samples come in and after every look.
    """
    with while_on(experiment.key):
        return _judge(experiment, collector, alpha, watch)


def _judge(
    experiment: Experiment, collector: Collector, alpha: float, watch: Watch | None
) -> Outcome:
    try:
        plan = sizes(experiment, alpha)
    except Exception as error:  # of any kind: the other experiments go on
        return failed(error, alpha)
    outcome: Outcome | None = None
    for samples in plan:

        def drawn(count: int, seen: Outcome | None = outcome) -> None:
            if watch:
                watch(Look(experiment, count, plan[-1], seen))

        arrays = tuple(collector.collect(p, samples, drawn) for p in experiment.populations)
        outcome = decide(experiment, arrays, alpha)
        if watch:
            watch(Look(experiment, samples, plan[-1], outcome))
        if outcome.status != INCONCLUSIVE:
            break
    assert outcome is not None  # there is at least one look
    return outcome


def decide(experiment: Experiment, arrays: tuple[Arrays, ...], alpha: float) -> Outcome:
    """Decide at one look what a statement claims of these samples, by its own rule."""
    share = look_alpha(alpha)
    try:
        outcome = experiment.decision.decide(experiment.data(arrays), experiment.predicted, share)
    except Exception as error:  # of any kind: the other experiments go on
        return failed(error, alpha)
    needed, most = experiment.samples(share), most_samples(experiment)
    if outcome.status == INCONCLUSIVE and needed > most:
        note = f"{outcome.note}; it needs {needed:.2g} samples, and at most {most:.2g} are drawn"
        outcome = replace(outcome, note=note)
    return outcome


def failed(error: Exception, alpha: float) -> Outcome:
    """Return the outcome of an experiment that could not be judged."""
    note = " ".join(f"{type(error).__name__}: {error}".split())
    return Outcome(ERROR, None, (None, None), 0, None, alpha, note)
