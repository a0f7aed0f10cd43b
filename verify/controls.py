"""Controls: for every statement, deliberately wrong versions of it, which must come out refuted."""

from __future__ import annotations

from dataclasses import dataclass

from maxout.verify.decisions import Outcome
from maxout.verify.experiment import Experiment, Twin
from maxout.verify.looks import Watch, failed, judge
from maxout.verify.run_setting import RunSetting
from maxout.verify.sampling.collector import Collector
from maxout.verify.suite import job


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


def run(setting: RunSetting | None = None, watch: Watch | None = None) -> list[Control]:
    """Judge the wrong twins of statements as statements are judged, each by its own rule.

    Arguments and errors are those of ``maxout.verify.suite.run``.
    """
    with job(setting or RunSetting()) as ready:
        return [
            _judged(experiment, twin, ready.collector, ready.share, watch)
            for experiment in ready.queue
            for twin in experiment.twins
        ]


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
