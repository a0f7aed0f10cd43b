"""Many processes on one campaign: ``torchrun --nproc-per-node N -m maxout.torchrun ...``.

All processes walk the same plan. What is to be done at a look is a list that each computes for
itself; a counter in torchrun's store deals its items out one by one, and finished shards lie in the
campaign's folder, where whoever judges reads them in shard order. So nothing is keyed by rank, no
sum is formed across processes, and no collective operation is needed, of gloo or of NCCL: a process
that dies takes nothing along but the shard that it was drawing.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from torch.distributed import Store, is_available, rendezvous

from maxout.theory.errors import MaxoutError
from maxout.verify.campaigns.folder import Campaign
from maxout.verify.decisions import INCONCLUSIVE, Outcome
from maxout.verify.experiment import Experiment
from maxout.verify.looks import QUARTERS, Look, Watch, decide, failed, sizes
from maxout.verify.run_setting import RunSetting
from maxout.verify.sampling.collector import Collector
from maxout.verify.sampling.devices import cores
from maxout.verify.sampling.populations import Population
from maxout.verify.suite import Job, Report, job

Item = tuple[Population, int]

# A process that dies ends the others through torchrun, never by this running out.
_PATIENCE = timedelta(days=365)


@dataclass(frozen=True)
class Team:
    """The processes of a run, and the store that they share.

    Attributes:
      store: torchrun's, new after every restart.
      rank: of this process, from 0; decides who prints, and nothing else.
      size: number of processes.
    """

    store: Store
    rank: int
    size: int

    @classmethod
    def from_environment(cls) -> Team:
        """Join the team whose address torchrun left in the environment.

        Raises:
          MaxoutError: where torchrun did not start this process.
        """
        if not is_available() or not {"RANK", "WORLD_SIZE", "MASTER_ADDR"} <= set(os.environ):
            raise MaxoutError(
                "start several processes by: torchrun --nproc-per-node N -m maxout.torchrun"
            )
        store, rank, size = next(rendezvous("env://", timeout=_PATIENCE))
        return cls(store, rank, size)

    def deal(self, name: str, count: int) -> Iterator[int]:
        """Yield those of ``count`` items that this process is to do; each goes to one process."""
        while (index := self.store.add(f"deal/{name}", 1) - 1) < count:
            yield index

    def meet(self, name: str) -> None:
        """Wait until all have come here."""
        if self.store.add(f"meet/{name}", 1) == self.size:
            self.store.set(f"met/{name}", "yes")
        self.store.wait([f"met/{name}"], _PATIENCE)

    def tell(self, name: str, value: object) -> None:
        """Put a value of JSON where all can read it."""
        self.store.set(f"say/{name}", json.dumps(value))

    def hear(self, name: str) -> object:
        """Return a value that somebody has told or will tell."""
        self.store.wait([f"say/{name}"], _PATIENCE)
        return json.loads(self.store.get(f"say/{name}"))


def run(
    team: Team,
    setting: RunSetting | None = None,
    watch: Watch | None = None,
    out: Path | None = None,
    drawing: Callable[[int, int], None] | None = None,
) -> Report:
    """Check statements, in all processes of a team at once; all return the same report.

    Arguments and errors are those of ``maxout.verify.suite.run``, and

    Args:
      team: this process's.
      setting: memory and workers are those of each process.
      out: a folder that all machines share; a temporary one of this machine's by default.
      drawing: called with (blocks dealt out, blocks of this look) as this process draws.
    """
    setting = setting or RunSetting()
    beside = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    here = {
        "workers": setting.workers or max(1, cores() // beside),
        "index": int(os.environ.get("LOCAL_RANK", "0")),
    }
    with _folder(team, out) as folder:
        if team.rank:
            team.hear("prepared")
        with job(setting, folder, team.rank == 0, **here) as ready:
            if team.rank == 0:
                team.tell("prepared", True)
            outcomes = _work(team, ready, watch, drawing)
            report = ready.report(outcomes)
            if team.rank == 0 and ready.campaign:
                ready.campaign.report(report.to_json())
            team.meet("end")
    return report


@contextmanager
def _folder(team: Team, out: Path | None) -> Iterator[Path]:
    if out is not None:
        yield out
    elif team.rank:
        yield Path(str(team.hear("folder")))
    else:
        temporary = tempfile.mkdtemp(prefix="maxout-")
        try:
            team.tell("folder", temporary)
            yield Path(temporary)
        finally:
            shutil.rmtree(temporary)


def _work(
    team: Team,
    ready: Job,
    watch: Watch | None,
    drawing: Callable[[int, int], None] | None,
) -> list[Outcome]:
    """Draw and judge look by look; every process returns all outcomes."""
    experiments = ready.queue.experiments
    outcomes: dict[int, Outcome] = {}
    plans: dict[int, tuple[int, ...]] = {}
    for index, experiment in enumerate(experiments):
        try:
            plans[index] = sizes(experiment, ready.share)
        except Exception as error:  # as in looks.judge, and the same in every process
            outcomes[index] = failed(error, ready.share)
    for look in range(len(QUARTERS)):
        undecided = [
            index
            for index in range(len(experiments))
            if index not in outcomes or outcomes[index].status == INCONCLUSIVE
        ]
        items = _blocks(ready.collector, [(experiments[i], plans[i][look]) for i in undecided])
        for _ in ready.collector.draw(_dealt(team, ready.campaign, look, items, drawing)):
            pass  # the collector has shelved it
        team.meet(f"drawn/{look}")
        groups = _groups(experiments, undecided)
        for number in team.deal(f"judge/{look}", len(groups)):
            found = [_judge(ready, experiments[i], plans[i][look]) for i in groups[number]]
            team.tell(f"{look}/{number}", [asdict(outcome) for outcome in found])
        for number, group in enumerate(groups):
            for index, values in zip(group, _listed(team.hear(f"{look}/{number}")), strict=True):
                outcome = Outcome(**{**values, "interval": tuple(values["interval"])})
                outcomes[index] = outcome
                if watch:
                    watch(Look(experiments[index], plans[index][look], plans[index][-1], outcome))
    return [outcomes[index] for index in range(len(experiments))]


def _listed(value: object) -> list[dict]:
    assert isinstance(value, list)
    return value


def _blocks(collector: Collector, wanted: list[tuple[Experiment, int]]) -> list[Item]:
    """All blocks that experiments need at a look, each once, in the order of first need."""
    items: dict[tuple[str, int], Item] = {}
    for experiment, samples in wanted:
        for population in experiment.populations:
            for block in range(collector.blocks_for(population, samples)):
                items.setdefault((population.name, block), (population, block))
    return list(items.values())


def _dealt(
    team: Team,
    campaign: Campaign | None,
    look: int,
    items: list[Item],
    drawing: Callable[[int, int], None] | None,
) -> Iterator[Item]:
    """Yield the unfinished blocks that fall to this process."""
    assert campaign is not None  # several processes always have a folder
    for index in team.deal(f"draw/{look}", len(items)):
        if drawing:
            drawing(index, len(items))
        if not campaign.has(*items[index]):
            yield items[index]


def _groups(experiments: list[Experiment], undecided: list[int]) -> list[list[int]]:
    """Experiments on the same samples go to one process, which reads them once."""
    found: dict[tuple[str, ...], list[int]] = {}
    for index in undecided:
        names = tuple(population.name for population in experiments[index].populations)
        found.setdefault(names, []).append(index)
    return list(found.values())


def _judge(ready: Job, experiment: Experiment, samples: int) -> Outcome:
    arrays = tuple(ready.collector.collect(p, samples) for p in experiment.populations)
    return decide(experiment, arrays, ready.share)
