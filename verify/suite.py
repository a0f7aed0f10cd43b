"""Run a suite: statement -> prediction -> verdict, and a report of them all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from maxout.theory.catalogue import CATALOGUE, select
from maxout.theory.statement import Relation
from maxout.verify.campaigns.folder import Campaign
from maxout.verify.campaigns.manifest import manifest
from maxout.verify.decisions import (
    ERROR,
    INCONCLUSIVE,
    ONE_SIDED,
    REFUTED,
    VERIFIED,
    Outcome,
)
from maxout.verify.experiments import Experiment, experiments
from maxout.verify.looks import Watch, judge, last_look, sizes, verdict_alpha
from maxout.verify.run_setting import RunSetting
from maxout.verify.sampling.collector import Collector
from maxout.verify.sampling.populations import Population


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
    """

    key: str
    relation: str
    predicted: float | None
    outcome: Outcome | None
    network: str

    @property
    def status(self) -> str:
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
            "note": o.note if o else "",
        }


@dataclass(frozen=True)
class Report:
    """All verdicts of a run.

    Attributes:
      seed: root seed.
      false_alarm_rate: bound of the chance that any true statement among them is refuted: the sum
        of the verdicts' own rates.
      verdicts: in the catalogue's order.
    """

    seed: int
    false_alarm_rate: float
    verdicts: tuple[Verdict, ...]

    @property
    def status(self) -> str:
        found = {verdict.status for verdict in self.verdicts}
        for status in (ERROR, REFUTED, INCONCLUSIVE):
            if status in found:
                return status
        return VERIFIED

    def to_json(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "seed": self.seed,
            "false_alarm_rate": self.false_alarm_rate,
            "verdicts": [verdict.to_json() for verdict in self.verdicts],
        }


def chosen_keys(keys: Iterable[str] | None) -> list[str]:
    """Return the catalogue's keys, or those named or under a named prefix.

    Raises:
      UnknownKeyError: for a key that names nothing.
    """
    return [statement.key for statement in select(list(keys or ()))]


class Queue:
    """The chosen experiments in their order; lets go of samples after their last use."""

    def __init__(
        self, plan: dict[str, list[Experiment]], keys: list[str], collector: Collector
    ) -> None:
        self.experiments = [experiment for key in keys for experiment in plan[key]]
        self._collector = collector
        self._last: dict[str, int] = {}
        for index, experiment in enumerate(self.experiments):
            for population in experiment.populations:
                # Fail before drawing anything where a population cannot fit.
                collector.require_memory(population)
                self._last[population.name] = index

    def planned(self, share: float) -> list[tuple[Population, int]]:
        """All that is sampled, with the samples of the last look that each experiment may take."""
        return [
            (population, most)
            for experiment in self.experiments
            for most in (last_look(experiment, share),)
            for population in experiment.populations
        ]

    def first(self, share: float) -> Iterator[tuple[Population, int]]:
        """What will be sampled whatever comes out: the first look of every experiment."""
        for experiment in self.experiments:
            try:
                samples = sizes(experiment, share)[0]
            except Exception:  # of any kind: its verdict will be this error
                continue
            for population in experiment.populations:
                yield population, samples

    def __iter__(self) -> Iterator[Experiment]:
        for index, experiment in enumerate(self.experiments):
            yield experiment
            for population in experiment.populations:
                if self._last[population.name] == index:
                    self._collector.forget(population)


@dataclass(frozen=True)
class Job:
    """A run that is ready to draw.

    Attributes:
      keys: chosen statements.
      plan: their experiments.
      share: of one verdict in the family-wise rate.
      collector: samples for it.
      queue: the chosen experiments.
      campaign: its folder; None where nothing is kept.
    """

    keys: list[str]
    plan: dict[str, list[Experiment]]
    share: float
    collector: Collector
    queue: Queue
    campaign: Campaign | None

    def report(self, outcomes: Iterable[Outcome]) -> Report:
        """Make the report from the outcomes of all chosen experiments, in their order."""
        return assemble(self.collector.seed, self.share, self.plan, self.keys, outcomes)


@contextmanager
def job(
    setting: RunSetting, out: Path | None = None, owner: bool = True, **drawing: Any
) -> Iterator[Job]:
    """Prepare a run; its threads and its folder are let go of at the end.

    Args:
      owner: whether this process prepares the folder, or finds it prepared.
      drawing: further arguments of the collector, or others than those of the setting.
    """
    collector = Collector(**{**setting.drawing, **drawing})
    chosen = chosen_keys(setting.keys)
    with one_thread():
        plan = experiments(setting.suite, chosen)
        share = verdict_alpha(setting.alpha)
        queue = Queue(plan, chosen, collector)
        campaign = None
        if out is not None:
            record = manifest(setting, plan, share, collector.setting.device)
            campaign = Campaign(out, record, queue.planned(share), owner)
        collector.shelf = campaign
        try:
            with collector:
                yield Job(chosen, plan, share, collector, queue, campaign)
        finally:
            if campaign:
                campaign.close()


def one_thread() -> AbstractContextManager[object]:
    """Keep matrix products, those of predictions among them, to one thread.

    Several threads round otherwise than one, and how many there are is up to the machine and to
    torchrun: a report would not be the same bytes under both.
    """
    return threadpool_limits(1, user_api="blas")


def run(
    setting: RunSetting | None = None, watch: Watch | None = None, out: Path | None = None
) -> Report:
    """Check statements against sampled networks.

    Args:
      setting: what, and how; the quick suite where None.
      watch: called as samples come in and after every look at them.
      out: folder of a campaign, which is resumed if it was begun there with the same setting.

    Raises:
      MaxoutError: for an unknown suite, key, device or dtype, a memory budget that cannot
        hold one network, or a folder that is not this campaign's.
    """
    with job(setting or RunSetting(), out) as ready:
        ready.collector.foresee(ready.queue.first(ready.share))
        report = ready.report(
            judge(e, ready.collector, ready.share, watch=watch) for e in ready.queue
        )
        if ready.campaign:
            ready.campaign.report(report.to_json())
    return report


def assemble(
    seed: int,
    share: float,
    plan: dict[str, list[Experiment]],
    keys: list[str],
    outcomes: Iterable[Outcome],
) -> Report:
    """Make the report from the outcomes of all chosen experiments, in their order."""
    remaining = iter(outcomes)
    verdicts: list[Verdict] = []
    for key in keys:
        relation = CATALOGUE[key].relation.value
        for experiment in plan[key]:
            outcome = next(remaining)
            # What could not be judged may have no prediction either.
            predicted = None if outcome.status == ERROR else experiment.predicted
            verdicts.append(Verdict(key, relation, predicted, outcome, experiment.name))
        if not plan[key]:
            verdicts.append(Verdict(key, relation, None, None, "no experiment yet"))
    spent = share * sum(1 for verdict in verdicts if verdict.outcome)
    return Report(seed, spent, tuple(verdicts))
