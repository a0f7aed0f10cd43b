"""One trial of a decision procedure: the same experiment run many times on data of known truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from maxout.theory.errors import DomainError
from maxout.verify.decisions import INCONCLUSIVE, REFUTED, VERIFIED, Decision, Outcome
from maxout.verify.decisions.binomial import clopper_pearson
from maxout.verify.decisions.outcome import POWER
from maxout.verify.sampling.streams import Stream

KINDS = {
    "false alarm": "a true statement is refuted",
    "false verification": "a statement that is false by more than the margin is verified",
    "power": "a planted error as large as the stated detectable discrepancy is refuted",
    "reuse": "samples of a reused stream are found out",
}
"""Kind of a trial -> the event that is counted."""

CONFIDENCE = 0.999
"""Of the interval about each frequency."""

SHORTFALL = 0.03
"""Of the power below the stated one, that the interval must exclude."""

Draw = Callable[[Stream, int], Any]
"""(stream of the run, observations) -> the decision's data."""


@dataclass(frozen=True)
class Trial:
    """A procedure, a claim, and data of which it is known whether the claim is true.

    Attributes:
      kind: one of ``KINDS``.
      decision: the procedure.
      data: words for what is drawn.
      planted: words for the error; empty for a true claim.
      claim: the predicted value that is judged.
      samples: observations of one run.
      draw: draws the data of one run.
      alpha: stated rate of false alarms, and of false verifications.
      discrepancy: true size of the planted error, in units of the estimate.
    """

    kind: str
    decision: Decision
    data: str
    planted: str
    claim: float
    samples: int
    draw: Draw
    alpha: float
    discrepancy: float = 0.0

    @property
    def procedure(self) -> str:
        return type(self.decision).__name__

    @property
    def name(self) -> str:
        """Names the streams: two trials of one name would be the same draws."""
        return f"calibration/{self.kind}/{self.procedure}/{self.data}/{self.planted}/{self.samples}"

    @property
    def stated(self) -> float:
        """The rate that the frequency is held against: at most alpha, or at least the power."""
        return self.alpha if self.kind.startswith("false") else POWER

    def counts(self, outcome: Outcome) -> bool:
        """Whether the counted event happened."""
        if self.kind == "false verification":
            return outcome.status == VERIFIED
        if self.kind == "reuse":
            return outcome.status == INCONCLUSIVE and "reused" in outcome.note
        return outcome.status == REFUTED

    def once(self, seed: int, run: int) -> bool:
        """Draw and judge the data of one run; say whether the event happened."""
        data = self.draw(Stream(seed, self.name, run), self.samples)
        return self.counts(self.decision.decide(data, self.claim, self.alpha))


@dataclass(frozen=True)
class Row:
    """What became of a trial: ``count`` events in ``runs`` runs."""

    trial: Trial
    count: int
    runs: int

    @property
    def frequency(self) -> float:
        return self.count / self.runs

    @property
    def interval(self) -> tuple[float, float]:
        """Contains the event's probability with confidence ``CONFIDENCE``."""
        return clopper_pearson(self.count, self.runs, 1 - CONFIDENCE)

    @property
    def status(self) -> str:
        """Refuted where the stated rate is shown not to hold.

        Verified where the runs are many enough to show that a rate of errors exceeds the stated
        one by half of it at most, or that the power is short of it by ``SHORTFALL`` at most.
        """
        low, high = self.interval
        stated = self.trial.stated
        if self.trial.kind.startswith("false"):
            return REFUTED if low > stated else VERIFIED if high <= 1.5 * stated else INCONCLUSIVE
        narrow = low >= stated - SHORTFALL
        return REFUTED if high < stated else VERIFIED if narrow else INCONCLUSIVE

    def to_json(self) -> dict[str, Any]:
        t = self.trial
        return {
            "kind": t.kind,
            "procedure": t.procedure,
            "data": t.data,
            "planted": t.planted,
            "discrepancy": t.discrepancy,
            "samples": t.samples,
            "stated": t.stated,
            "count": self.count,
            "runs": self.runs,
            "frequency": self.frequency,
            "interval": list(self.interval),
            "status": self.status,
        }


def calibrate(trials: Sequence[Trial], runs: int, seed: int = 0, workers: int = 2) -> Iterator[Row]:
    """Run every trial ``runs`` times and yield its row.

    The result depends on the trials, ``runs`` and ``seed`` alone.

    Raises:
      DomainError: for fewer than one run or worker.
    """
    if runs < 1 or workers < 1:
        raise DomainError(f"runs and workers must be at least 1; got {runs} and {workers}")
    with ThreadPoolExecutor(workers) as pool:
        for trial in trials:
            events = pool.map(lambda run, trial=trial: trial.once(seed, run), range(runs))
            yield Row(trial, int(np.sum(list(events))), runs)
