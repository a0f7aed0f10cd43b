"""A run at one network: planned within a time, and planned again as a folder has it on record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from maxout.numerics.reading import FileError, read_json
from maxout.theory.network import Network, short_widths
from maxout.verify.budget import FACTORS, Choice, Cost, Margins, widened
from maxout.verify.campaigns.folder import MANIFEST, MAX_MANIFEST
from maxout.verify.decisions import DecisionError
from maxout.verify.own_network import OwnPlan, own_plan
from maxout.verify.pilot import seconds_a_sample
from maxout.verify.report import LEFT_OUT, NOT_HERE, Left
from maxout.verify.run_setting import RunSetting
from maxout.verify.sampling.collector import Collector
from maxout.verify.sampling.populations import Population

Told = Callable[[Cost, OwnPlan], None]
"""Called with what a run will take, before it draws."""


@dataclass(frozen=True)
class OwnRun:
    """What a run at one network will do.

    Attributes:
      plan: experiments with their margins.
      record: all that a timing decided, for a campaign's manifest: resumed, it decides the same.
    """

    plan: OwnPlan
    record: dict[str, Any]


def prepare(
    setting: RunSetting,
    keys: list[str],
    share: float,
    collector: Collector,
    out: Path | None = None,
    told: Told | None = None,
) -> OwnRun:
    """Plan a run at ``setting.network``: time its populations, unless a folder has it on record."""
    network = setting.network
    assert network is not None
    if out is not None and (kept := recorded(out, network)) is not None:
        return OwnRun(_again(kept, network, keys), kept)

    def rate(population: Population) -> float:
        collector.require_memory(population)
        return seconds_a_sample(population, collector.setting) / collector.workers

    plan = own_plan(network, keys)
    margins = Margins(plan, share, rate, setting.budget)
    if told:
        told(margins.cost(), plan)
    return OwnRun(plan, _record(network, plan, margins.chosen))


def _record(
    network: Network, plan: OwnPlan, chosen: dict[str, dict[str, Choice]]
) -> dict[str, Any]:
    return {
        "network": str(network),
        "margins": {key: {n: list(c) for n, c in found.items()} for key, found in chosen.items()},
        "left": {
            key: [[one.status, one.reason, one.network] for one in found]
            for key, found in plan.left.items()
        },
    }


def recorded(folder: Path, network: Network) -> dict[str, Any] | None:
    """What a campaign's manifest says of its margins; None where it says nothing that is of use.

    A manifest that is not this network's is refused later, by the campaign.
    """
    try:
        found = read_json(folder / MANIFEST, MAX_MANIFEST)
    except FileError:
        return None
    own = found.get("own") if isinstance(found, dict) else None
    if not isinstance(own, dict) or own.get("network") != str(network):
        return None
    margins, left = own.get("margins"), own.get("left")
    if not isinstance(margins, dict) or not isinstance(left, dict):
        return None
    chosen = [c for found in margins.values() if isinstance(found, dict) for c in found.values()]
    reasons = [one for found in left.values() if isinstance(found, list) for one in found]
    return own if all(map(_is_choice, chosen)) and all(map(_is_left, reasons)) else None


def _is_choice(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and value[0] in FACTORS
        and (value[1] is None or (type(value[1]) is int and value[1] > 0))
    )


def _is_left(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 3
        and all(isinstance(word, str) for word in value)
        and value[0] in (NOT_HERE, LEFT_OUT)
    )


def _again(record: dict[str, Any], network: Network, keys: list[str]) -> OwnPlan:
    """The plan of a record; what is not in it was left out."""
    plan = OwnPlan({}, {})
    for key, found in own_plan(network, keys).experiments.items():
        margins = record["margins"].get(key, {})
        plan.experiments[key] = []
        for experiment in found:
            if experiment.name not in margins:
                continue
            factor, most = margins[experiment.name]
            try:
                one = replace(widened(experiment, factor), most=most)
            except DecisionError:  # a record that this program did not make
                continue
            plan.experiments[key].append(one)
    for key in keys:
        if key in record["left"]:
            plan.left[key] = [Left(*one) for one in record["left"][key]]
    return plan


def words(network: Network) -> list[str]:
    """The options of a network as they are typed; without c where it is 1/M_K."""
    lying = network.convolution
    given: dict[str, Any] = {"rank": network.rank}
    if lying is None:
        given.update(inputs=network.inputs, widths=short_widths(network.widths))
    else:
        given.update(channels=short_widths(network.channels), **lying.words)
    given |= {
        "outputs": network.outputs,
        "c": network.c if network.c.is_Rational else None,
        "bias": network.bias,
        **network.block.parts,
    }
    named = ((name.replace("_", "-"), value) for name, value in given.items())
    return [word for n, value in named if value is not None for word in (f"--{n}", str(value))]
