"""What a campaign is: everything that its results depend on, in one record."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import sympy as sp

from maxout.theory.catalogue import CATALOGUE
from maxout.verify import looks
from maxout.verify.campaigns.processor import accelerator, processor
from maxout.verify.experiment import Experiment
from maxout.verify.run_setting import RunSetting

if TYPE_CHECKING:
    import torch

FORMAT = 3
OwnRecord = tuple[list[str], dict[str, Any]]

BLOCKS = {"quick": 1}
MOST = 8
"""Shards of one file at most, by suite; ``MOST`` for others. A shard is some 50 ms of one core, so
that a file of 8 is 0.4 s: few enough files for a suite of hours, and little to lose. It is fixed by
the suite, since the folder's bytes may depend on nothing that the manifest does not say."""


def manifest(
    setting: RunSetting,
    plan: dict[str, list[Experiment]],
    share: float,
    device: torch.device,
    own: OwnRecord | None = None,
) -> dict[str, Any]:
    """Return the record of a campaign.

    Args:
      plan: chosen statements and their experiments.
      share: of one verdict in alpha.
      device: that draws; the CPU and a GPU round float64 differently.
      own: of a person's network, the options that name it and what was decided by its cost.
    """
    kept = {
        "suite": setting.suite,
        "seed": setting.seed,
        "dtype": setting.dtype,
        "device": device.type,
        "alpha": setting.alpha,
    }
    options = (word for name, value in kept.items() for word in (f"--{name}", str(value)))
    packages = ("maxout", "numba", "numpy", "scipy", "sympy", "torch")
    return {
        "format": FORMAT,
        "command": " ".join(
            ["maxout", "verify", *setting.keys, *(own[0] if own else ()), *options]
        ),
        "suite": setting.suite,
        "keys": list(plan),
        **kept,
        **({"own": own[1]} if own else {}),
        "block": BLOCKS.get(setting.suite, MOST),
        "statements": {key: statement_hash(key, found, share) for key, found in plan.items()},
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in packages},
        },
        "processors": [{**processor(), **accelerator(device)}],
    }


def statement_hash(key: str, experiments: list[Experiment], share: float) -> str:
    """SHA-256 over what a statement says, what is sampled for it, and when it is looked at.

    No other statement is in it: those that come or go do not end the campaign of this one.
    """
    statement = CATALOGUE[key]
    rights = [sp.srepr(statement.right(order)) for order in statement.orders or (None,)]
    said = [key, statement.left, statement.relation.value, *rights, *statement.assumptions]
    sampled = [
        [e.name, [[p.name, p.shard_size] for p in e.populations], _looks(e, share), share]
        for e in experiments
    ]
    return hashlib.sha256(json.dumps([said, sampled]).encode()).hexdigest()


def _looks(experiment: Experiment, share: float) -> list[int] | str:
    try:
        return list(looks.sizes(experiment, share))
    except Exception as error:  # of any kind: its verdict will be this error
        return repr(error)


def differences(there: dict[str, Any], here: dict[str, Any]) -> list[str]:
    """Say in what two records differ, but for what changes no verdict.

    The command may be worded in several ways. Processors may change the last digits of what is
    computed from the draws; ``other_processor`` tells.
    """
    found: list[str] = []
    for name in sorted({*there, *here} - {"command", "processors"}):
        old, new = there.get(name), here.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            found += [f"{name}: {line}" for line in differences(old, new)]
        elif old != new:
            found.append(f"{name} is {_short(old)} there and {_short(new)} here")
    return found


def other_processor(there: dict[str, Any], here: dict[str, Any]) -> str | None:
    """Say in what this processor differs from those that a campaign ran on; None if from none."""
    known, (this,) = there["processors"], here["processors"]
    if this in known:
        return None
    return (
        f"the campaign was begun on another processor ({'; '.join(differences(known[0], this))}): "
        "the draws are the same samples, and what is computed from them agrees to rounding"
    )


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
