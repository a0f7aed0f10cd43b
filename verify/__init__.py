"""Statements checked against sampled networks (PyTorch).

The public names are loaded on first use: planning does without PyTorch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what the names below stand for, told to a type checker and an editor
    from maxout.verify.checking import check as check
    from maxout.verify.checking import check_statement as check_statement
    from maxout.verify.decisions import BoundedMeanAtLeast as BoundedMeanAtLeast
    from maxout.verify.decisions import BoundedMeanAtMost as BoundedMeanAtMost
    from maxout.verify.decisions import BoundedMeanEquality as BoundedMeanEquality
    from maxout.verify.decisions import Decision as Decision
    from maxout.verify.decisions import DecisionError as DecisionError
    from maxout.verify.decisions import LogMeanEquality as LogMeanEquality
    from maxout.verify.decisions import MeanAtLeast as MeanAtLeast
    from maxout.verify.decisions import MeanAtMost as MeanAtMost
    from maxout.verify.decisions import MeanEquality as MeanEquality
    from maxout.verify.decisions import MedianEquality as MedianEquality
    from maxout.verify.decisions import Outcome as Outcome
    from maxout.verify.decisions import ProportionAtLeast as ProportionAtLeast
    from maxout.verify.decisions import ProportionAtMost as ProportionAtMost
    from maxout.verify.decisions import ProportionEquality as ProportionEquality
    from maxout.verify.decisions import SameLaw as SameLaw
    from maxout.verify.decisions import StochasticOrder as StochasticOrder
    from maxout.verify.decisions import StochasticOrderReversed as StochasticOrderReversed
    from maxout.verify.decisions.estimands import BoundedMean as BoundedMean
    from maxout.verify.decisions.estimands import Distribution as Distribution
    from maxout.verify.decisions.estimands import Mean as Mean
    from maxout.verify.decisions.estimands import Median as Median
    from maxout.verify.decisions.estimands import Proportion as Proportion
    from maxout.verify.engines.dask import Dask as Dask
    from maxout.verify.engines.engine import ExecutorEngine as ExecutorEngine
    from maxout.verify.engines.processes import Processes as Processes
    from maxout.verify.report import Report as Report
    from maxout.verify.report import Verdict as Verdict
    from maxout.verify.run_setting import RunSetting as RunSetting
    from maxout.verify.sampling.network_populations import Networks as Networks
    from maxout.verify.sampling.networks import Sampler as Sampler
    from maxout.verify.suite import run as run

_DECISIONS = "maxout.verify.decisions"
_ESTIMANDS = "maxout.verify.decisions.estimands"

# name -> module that defines it
_PUBLIC: dict[str, str] = {
    "check": "maxout.verify.checking",
    "check_statement": "maxout.verify.checking",
    "run": "maxout.verify.suite",
    "RunSetting": "maxout.verify.run_setting",
    "Report": "maxout.verify.report",
    "Verdict": "maxout.verify.report",
    "Dask": "maxout.verify.engines.dask",
    "ExecutorEngine": "maxout.verify.engines.engine",
    "Processes": "maxout.verify.engines.processes",
    "Networks": "maxout.verify.sampling.network_populations",
    "Sampler": "maxout.verify.sampling.networks",
    **dict.fromkeys(
        (
            "BoundedMeanAtLeast",
            "BoundedMeanAtMost",
            "BoundedMeanEquality",
            "Decision",
            "DecisionError",
            "LogMeanEquality",
            "MeanAtLeast",
            "MeanAtMost",
            "MeanEquality",
            "MedianEquality",
            "Outcome",
            "ProportionAtLeast",
            "ProportionAtMost",
            "ProportionEquality",
            "SameLaw",
            "StochasticOrder",
            "StochasticOrderReversed",
        ),
        _DECISIONS,
    ),
    **dict.fromkeys(("BoundedMean", "Distribution", "Mean", "Median", "Proportion"), _ESTIMANDS),
}

__all__ = list(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name == "QUANTITIES":
        return tuple(import_module("maxout.verify.simulate").MEASURES)
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'maxout.verify' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "QUANTITIES"])
