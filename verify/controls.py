"""Controls: for every statement, deliberately wrong versions of it, which must come out refuted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from maxout.verify.decisions import Outcome
from maxout.verify.experiments import Experiment, Twin, experiments
from maxout.verify.looks import Watch, failed, judge
from maxout.verify.sampling.collector import Collector
from maxout.verify.suite import ALPHA, Queue, chosen_keys, one_thread, verdict_alpha


@dataclass(frozen=True)
class Control:
    """What became of one wrong version of a statement.

    Attributes:
      key: of the statement.
      label: what is wrong.
      network: the experiment it belongs to.
      claimed: the wrong predicted value; None where it could not be evaluated.
      outcome: refuted, if the verifier is any good.
    """

    key: str
    label: str
    network: str
    claimed: float | None
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
    """Judge the wrong twins of statements as statements are judged, each by its own rule.

    Arguments and errors are those of ``maxout.verify.suite.run``.
    """
    found: list[Control] = []
    with one_thread(), Collector(seed, device, dtype, memory, workers, stream) as collector:
        chosen = chosen_keys(keys)
        plan = experiments(suite, chosen)
        share = verdict_alpha(alpha)
        for experiment in Queue(plan, chosen, collector):
            for twin in experiment.twins:
                found.append(_judged(experiment, twin, collector, share, watch))
    return found


def _judged(
    experiment: Experiment,
    twin: Twin,
    collector: Collector,
    share: float,
    watch: Watch | None,
) -> Control:
    claimed: float | None = None
    try:
        wrong = twin.change(experiment)
        claimed = wrong.predicted
    except Exception as error:  # of any kind: the other controls go on
        outcome = failed(error, share)
    else:
        outcome = judge(wrong, collector, share, watch)
    return Control(experiment.key, twin.label, experiment.name, claimed, outcome)
