"""``maxout verify --explain``: what is checked, how it is decided, what could be seen."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import click

from maxout.cli import output, overview
from maxout.theory.statement import Statement
from maxout.verify.run_setting import RunSetting

if TYPE_CHECKING:
    from maxout.verify.decisions.outcome import Decision
    from maxout.verify.experiment import Experiment


def show(statements: list[Statement], setting: RunSetting, as_json: bool, brief: bool) -> None:
    """Print what a suite would do about statements, or what could be done at one network.

    A line each where ``brief``.

    Nothing is drawn, so that no time chooses the margins: they are those of the quick suite.
    """
    from maxout.verify.experiments import experiments
    from maxout.verify.looks import verdict_alpha

    keys = [statement.key for statement in statements]
    if setting.network is None:
        plan = experiments(setting.suite, keys)
    else:
        from maxout.verify.own_network import own_plan

        plan = own_plan(setting.network, keys).experiments
    share = verdict_alpha(setting.alpha)
    found = [_explained(statement, plan[statement.key], share) for statement in statements]
    if as_json:
        output.dump(found)
        return
    if brief:
        pairs = zip(statements, found, strict=True)
        overview.show([(s, _decisions(e), _samples(e)) for s, e in pairs], _DETAILS)
        return
    for index, explained in enumerate(found):
        if index:
            click.echo()
        _print(explained)


_DETAILS = "maxout verify --explain KEY"


def _decisions(explained: dict[str, Any]) -> str:
    """The kinds of decision of a statement's experiments."""
    return ", ".join(dict.fromkeys(e["decision"] for e in explained["experiments"])) or "-"


def _samples(explained: dict[str, Any]) -> str:
    """How many experiments, and samples in all of them if none is decided early."""
    planned = sum(experiment["looks"][-1] for experiment in explained["experiments"])
    count = len(explained["experiments"])
    return f"{count} experiment{'' if count == 1 else 's'}, at most {planned:,} samples"


def _explained(statement: Statement, experiments: list[Experiment], share: float) -> dict[str, Any]:
    order = None if statement.symbolic_order or not statement.orders else statement.orders[0]
    return {
        "key": statement.key,
        "title": statement.title,
        "left": statement.left,
        "relation": statement.relation.value,
        "right": output.expression(statement.right(order), "pretty"),
        "assumptions": list(statement.assumptions),
        "source": str(statement.source),
        "status": statement.status,
        "proof": f"docs/{statement.proof}",
        "alpha": share,
        "experiments": [_experiment(experiment, share) for experiment in experiments],
    }


def _experiment(experiment: Experiment, share: float) -> dict[str, Any]:
    from maxout.verify import looks

    decision, predicted = experiment.decision, experiment.predicted
    plan = looks.sizes(experiment, share)
    remainder = getattr(decision, "bias", 0.0)
    return {
        "network": experiment.name,
        "populations": [population.name for population in experiment.populations],
        "predicted": predicted,
        "remainder": remainder,
        "looks": list(plan),
        "decision": type(decision).__name__,
        "rule": rule(decision),
        "margin": decision.margin,
        "detectable": decision.detectable(plan[-1] // experiment.group, looks.look_alpha(share)),
        "controls": [twin.label for twin in experiment.twins],
    }


def rule(decision: Decision) -> str:
    """A decision procedure in words: its docstring, up to the list of its attributes."""
    text = inspect.getdoc(type(decision)) or type(decision).__name__
    return text.split("\nAttributes:")[0].strip()


def remainder(experiment: dict[str, Any]) -> str:
    """What a limit leaves over, in words; nothing where it is none."""
    left = experiment["remainder"]
    return f", which the theory lets it miss by {left:.3g}" if left else ""


def detectable(explained: dict[str, Any], experiment: dict[str, Any]) -> str:
    """What the planned samples would find out, in words."""
    size = f"{experiment['detectable']:.3g}"
    side = {"<=": "below", ">=": "above"}.get(explained["relation"])
    if side is None:
        return f"an error of {size} is refuted 9 times in 10"
    return f"a bound that is {size} {side} the quantity itself is refuted 9 times in 10"


def _print(explained: dict[str, Any]) -> None:
    output.say(f"{explained['key']}: {explained['title']}")
    output.say(f"  {explained['left']}  {explained['relation']}  {explained['right']}")
    for assumption in explained["assumptions"]:
        output.say(f"  assumes {assumption}")
    output.say(f"  {explained['status']}: {explained['source']} ({explained['proof']})")
    if not explained["experiments"]:
        output.say("  no experiment yet: its verdict is inconclusive")
        return
    output.say(
        f"  chance of a false alarm at most {explained['alpha']:.3g} an experiment, shared by "
        f"{len(explained['experiments'][0]['looks'])} looks"
    )
    said = ""
    for number, experiment in enumerate(explained["experiments"], start=1):
        output.say(f"  experiment {number}: {experiment['network']}")
        output.say(f"    samples {' and '.join(experiment['populations'])}")
        output.say(f"    looks at {', '.join(f'{n:,}' for n in experiment['looks'])} samples")
        output.say(
            f"    predicted {experiment['predicted']:.6g}{remainder(experiment)}; "
            f"margin {experiment['margin']:.3g}; {detectable(explained, experiment)}"
        )
        for label in experiment["controls"]:
            output.say(f"    control, to be refuted: {label}")
        if experiment["rule"] != said:
            said = experiment["rule"]
            output.say(f"    rule {experiment['decision']}:")
            for line in said.splitlines():
                output.say(f"      {line}".rstrip())
