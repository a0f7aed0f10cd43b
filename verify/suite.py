"""Run a suite: statement -> prediction -> verdict, and a report of them all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from maxout.theory.catalogue import select
from maxout.theory.network import Network
from maxout.verify.campaigns.folder import Campaign
from maxout.verify.campaigns.manifest import manifest
from maxout.verify.decisions import Outcome
from maxout.verify.engines.engine import Engine, Item
from maxout.verify.experiments import Experiment, experiments
from maxout.verify.looks import Watch, judge, last_look, sizes, verdict_alpha
from maxout.verify.report import Left, Report, assemble
from maxout.verify.run_setting import RunSetting
from maxout.verify.sampling.collector import Collector
from maxout.verify.sampling.populations import Population

if TYPE_CHECKING:
    from maxout.verify.own_run import Told


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

    def first_looks(self, share: float) -> Iterator[Item]:
        """Blocks that every experiment's first look needs, in the order of need."""
        for experiment in self.experiments:
            try:
                first = sizes(experiment, share)[0]
            except Exception:  # of any kind: its verdict will be this error
                continue
            for population in experiment.populations:
                for block in range(self._collector.blocks_for(population, first)):
                    yield population, block

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
      left: what is not judged at a person's own network, and why.
      network: that one; None for a suite.
    """

    keys: list[str]
    plan: dict[str, list[Experiment]]
    share: float
    collector: Collector
    queue: Queue
    campaign: Campaign | None
    left: dict[str, list[Left]] | None = None
    network: Network | None = None

    def report(self, outcomes: Iterable[Outcome]) -> Report:
        """Make the report from the outcomes of all chosen experiments, in their order."""
        return assemble(
            self.collector.seed,
            self.share,
            self.plan,
            self.keys,
            outcomes,
            self.left,
            self.network,
        )


@contextmanager
def job(
    setting: RunSetting,
    out: Path | None = None,
    told: Told | None = None,
    engine: Engine | None = None,
) -> Iterator[Job]:
    """Prepare a run; its threads and its folder are let go of at the end.

    Args:
      told: called with what a run at one network will take.
      engine: draws instead of threads of this process, and is closed at the end.
    """
    collector = Collector(**setting.drawing, engine=engine)
    chosen = chosen_keys(setting.keys)
    with one_thread():
        share = verdict_alpha(setting.alpha)
        own, left = None, None
        if setting.network is None:
            plan = experiments(setting.suite, chosen)
        else:
            from maxout.verify import own_run  # PyTorch, which single units do without

            prepared = own_run.prepare(setting, chosen, share, collector, out, told)
            plan, left = prepared.plan.experiments, prepared.plan.left
            own = own_run.words(setting.network), prepared.record
        queue = Queue(plan, chosen, collector)
        campaign = None
        if out is not None:
            record = manifest(setting, plan, share, collector.setting.device, own)
            campaign = Campaign(out, record, queue.planned(share))
        collector.shelf = campaign
        collector.expect(queue.first_looks(share))
        try:
            with collector:
                yield Job(chosen, plan, share, collector, queue, campaign, left, setting.network)
        finally:
            if campaign:
                campaign.close()


def one_thread() -> AbstractContextManager[object]:
    """Keep matrix products, those of predictions among them, to one thread.

    Several threads round otherwise than one, and how many there are is up to the machine: a report
    would not be the same bytes on two of them.
    """
    return threadpool_limits(1, user_api="blas")


def run(
    setting: RunSetting | None = None,
    watch: Watch | None = None,
    out: Path | None = None,
    told: Told | None = None,
    engine: Engine | None = None,
) -> Report:
    """Check statements against sampled networks.

    Args:
      setting: what, and how; the quick suite where None.
      watch: called as samples come in and after every look at them.
      out: folder of a campaign, which is resumed if it was begun there with the same setting.
      told: called with what a run at one network will take, before it draws.
      engine: draws instead of threads of this process; the verdicts are the same bits.

    Raises:
      MaxoutError: for an unknown suite, key, device or dtype, a memory budget that cannot
        hold one network, or a folder that is not this campaign's.
    """
    with job(setting or RunSetting(), out, told, engine) as ready:
        report = ready.report(
            judge(e, ready.collector, ready.share, watch=watch) for e in ready.queue
        )
        if ready.campaign:
            ready.campaign.report(report.to_json())
    return report
