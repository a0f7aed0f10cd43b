"""Controls: for every statement, deliberately wrong versions of it, which must come out refuted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from maxout.verify.collector import Collector
from maxout.verify.decisions import Outcome
from maxout.verify.experiments import experiments
from maxout.verify.looks import Watch, judge
from maxout.verify.suite import ALPHA, Queue, chosen_keys, one_thread, verdict_alpha


@dataclass(frozen=True)
class Control:
    """What became of one wrong version of a statement.

    Attributes:
      key: of the statement.
      label: what is wrong.
      network: the experiment it belongs to.
      claimed: the wrong predicted value.
      outcome: refuted, if the verifier is any good.
    """

    key: str
    label: str
    network: str
    claimed: float
    outcome: Outcome


def run(
    suite: str = "quick",
    keys: Iterable[str] | None = None,
    seed: int = 0,
    device: str = "auto",
    dtype: str = "float64",
    memory: int | None = None,
    alpha: float = ALPHA,
    watch: Watch | None = None,
    workers: int | None = None,
    stream: str = "pcg",
) -> list[Control]:
    """Judge the wrong twins of statements by the rules and the samples of the statements.

    Arguments and errors are those of ``maxout.verify.suite.run``.
    """
    found: list[Control] = []
    with one_thread(), Collector(seed, device, dtype, memory, workers, stream) as collector:
        plan = experiments(suite)
        share = verdict_alpha(alpha, plan)
        for experiment in Queue(plan, chosen_keys(keys), collector):
            for twin in experiment.twins:
                wrong = twin.change(experiment)
                outcome = judge(experiment, collector, share, wrong, watch)
                found.append(
                    Control(experiment.key, twin.label, experiment.name, wrong.predicted, outcome)
                )
    return found
