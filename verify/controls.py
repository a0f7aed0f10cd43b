"""Controls: for every statement, deliberately wrong versions of it, which must come out refuted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from maxout.verify.collector import Collector
from maxout.verify.decisions import Outcome
from maxout.verify.experiments import experiments
from maxout.verify.suite import ALPHA, chosen_keys, collect_and_judge, verdict_alpha


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
    progress: Callable[[str], None] | None = None,
    workers: int | None = None,
) -> list[Control]:
    """Judge the wrong twins of statements by the same samples and rules as the statements.

    Arguments and errors are those of ``maxout.verify.suite.run``.
    """
    plan = experiments(suite)
    share = verdict_alpha(alpha, plan)
    found: list[Control] = []
    with Collector(seed, device, dtype, memory, workers) as collector:
        for key, experiment, arrays in collect_and_judge(
            plan, chosen_keys(keys), collector, share, progress
        ):
            for twin in experiment.twins:
                wrong = twin.change(experiment)
                claimed = wrong.predicted
                samples = arrays
                if wrong.populations != experiment.populations:
                    count = experiment.samples(share)
                    samples = tuple(collector.collect(p, count) for p in wrong.populations)
                outcome = experiment.judge(samples, share, claimed)
                found.append(Control(key, twin.label, experiment.name, claimed, outcome))
    return found
