"""Statements checked against sampled networks (PyTorch).

The public names are loaded on first use: planning does without PyTorch.
"""

from importlib import import_module
from typing import Any

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
