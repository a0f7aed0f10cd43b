"""What a run says: a verdict an experiment, and the report of them all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from maxout.theory.catalogue import CATALOGUE
from maxout.theory.network import Network
from maxout.theory.statement import Relation
from maxout.verify.decisions import (
    ERROR,
    INCONCLUSIVE,
    ONE_SIDED,
    REFUTED,
    VERIFIED,
    Outcome,
)
from maxout.verify.experiment import Experiment

SCHEMA = 1
"""Version of the JSON of a report; a field that goes or changes its meaning raises it."""

NOT_HERE = "not applicable"
LEFT_OUT = "left out"
"""Of what was not judged at a person's own network: the statement says nothing there, or what
it says was not sampled. Neither is a verdict."""


@dataclass(frozen=True)
class Left:
    """A statement, or one of its experiments, that is not judged at a person's network.

    Attributes:
      status: ``NOT_HERE`` or ``LEFT_OUT``.
      reason: the condition that fails, or what sampling would need.
      network: the experiment, where it is one of several.
    """

    status: str
    reason: str
    network: str = ""


@dataclass(frozen=True)
class Verdict:
    """One experiment's outcome.

    Attributes:
      key: of the statement.
      relation: of the statement.
      predicted: value of the right side; 0 where the quantity is a distance of laws; None where no
        experiment exists.
      outcome: what the decision said; None where no experiment exists.
      network: the architecture and what else tells the experiment from others.
      left: why it was not judged, where it was not.
    """

    key: str
    relation: str
    predicted: float | None
    outcome: Outcome | None
    network: str
    left: Left | None = None

    @property
    def status(self) -> str:
        if self.left:
            return self.left.status
        return self.outcome.status if self.outcome else INCONCLUSIVE

    @property
    def times(self) -> float | None:
        """Of a bound: how many times the estimate it is."""
        o = self.outcome
        if self.relation not in ONE_SIDED or o is None or self.predicted is None:
            return None
        return self.predicted / o.estimate if o.estimate else None

    @property
    def refuted_at(self) -> float | None:
        """Of a bound: the factor at which these samples would refute it.

        Below it for an upper bound, above it for a lower one: where the interval begins and ends.
        """
        o = self.outcome
        if self.relation not in ONE_SIDED or o is None or not self.predicted:
            return None
        end = o.interval[0] if self.relation == Relation.LE else o.interval[1]
        return None if end is None else end / self.predicted

    def to_json(self) -> dict[str, Any]:
        o = self.outcome
        return {
            "key": self.key,
            "status": self.status,
            "relation": self.relation,
            "predicted": self.predicted,
            "estimate": o.estimate if o else None,
            "interval": list(o.interval) if o else [None, None],
            "samples": o.samples if o else 0,
            "detectable": o.detectable if o and self.relation not in ONE_SIDED else None,
            "times": self.times,
            "refuted_at": self.refuted_at,
            "network": self.network,
            "note": self.left.reason if self.left else o.note if o else "",
        }


@dataclass(frozen=True)
class Report:
    """All verdicts of a run.

    Attributes:
      seed: root seed.
      false_alarm_rate: bound of the chance that any true statement among them is refuted: the sum
        of the verdicts' own rates.
      verdicts: in the catalogue's order.
      network: a person's own that was looked at; None for a suite.
    """

    seed: int
    false_alarm_rate: float
    verdicts: tuple[Verdict, ...]
    network: Network | None = None

    @property
    def status(self) -> str:
        """The worst status of what was judged; inconclusive where nothing was."""
        found = {verdict.status for verdict in self.verdicts}
        for status in (ERROR, REFUTED, INCONCLUSIVE):
            if status in found:
                return status
        return VERIFIED if VERIFIED in found or not found else INCONCLUSIVE

    def to_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "status": self.status,
            "seed": self.seed,
            "false_alarm_rate": self.false_alarm_rate,
            **({"network": str(self.network)} if self.network else {}),
            "verdicts": [verdict.to_json() for verdict in self.verdicts],
        }


def assemble(
    seed: int,
    share: float,
    plan: Mapping[str, list[Experiment]],
    keys: list[str],
    outcomes: Iterable[Outcome],
    left: Mapping[str, list[Left]] | None = None,
    network: Network | None = None,
) -> Report:
    """Make the report from the outcomes of all chosen experiments, in their order."""
    remaining = iter(outcomes)
    verdicts: list[Verdict] = []
    for key in keys:
        relation = CATALOGUE[key].relation.value
        there = (left or {}).get(key, [])
        for experiment in plan[key]:
            verdicts.append(judged(experiment, next(remaining)))
        verdicts += [Verdict(key, relation, None, None, one.network, one) for one in there]
        if not plan[key] and not there:
            verdicts.append(Verdict(key, relation, None, None, "no experiment yet"))
    spent = share * sum(1 for verdict in verdicts if verdict.outcome)
    return Report(seed, spent, tuple(verdicts), network)


def judged(experiment: Experiment, outcome: Outcome) -> Verdict:
    """The verdict on an experiment."""
    # What could not be judged may have no prediction either.
    predicted = None if outcome.status == ERROR else experiment.predicted
    relation = experiment.statement.relation.value
    return Verdict(experiment.key, relation, predicted, outcome, experiment.name)
