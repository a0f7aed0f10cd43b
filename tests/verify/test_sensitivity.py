"""No experiment stands on a symmetry of its formula: a wrong right side predicts another number.

c = 1/M_K or 1, equal widths, one output or one chosen layer would make some wrong versions of a
formula agree with it there.
"""

from dataclasses import replace

import pytest
import sympy as sp

from maxout.theory.catalogue import CATALOGUE
from maxout.theory.errors import MaxoutError
from maxout.theory.network import Network
from maxout.theory.symbols import c, l
from maxout.verify.decisions import ONE_SIDED
from maxout.verify.experiments import Experiment
from maxout.verify.looks import look_alpha, sizes, verdict_alpha
from maxout.verify.run_setting import ALPHA
from maxout.verify.sampling.scales import weight_variance

from ..mutation.mutants import EXCHANGES, SHIFTS, mutants, rewritten

NUMERIC = [key for key, statement in CATALOGUE.items() if statement.numeric]
NOTICEABLE = 1e-3
"""Relative change of a bound: how far samples are from it says nothing of what would be seen."""

HIDDEN = {
    ("kernel.diagonal.variance.exact", "n-1"): "a unit less in each layer is less than the margin",
    ("kernel.trace.variance", "n-1"): "a unit less in each layer is less than the margin",
    ("order.large_rank.second_moment", "K+1"): "one piece more of 100 is less than the remainder",
    ("order.large_rank.second_moment.elementary", "K+1"): "one piece more of a million",
    ("order.large_rank.chi2_largest", "K+1"): "one piece more of 100 is less than the margin",
    (
        "skip.prenorm.jacobian",
        "K+1",
    ): "K enters behind the first of two blocks: within the remainder",
    ("jacobian.layer.log.variance", "K+1"): "Var ln rho^2 changes by 0.5 %, as of a chi-square",
    ("jacobian.layer.wide", "L for M"): "it makes Var Xi_K zero, and divides by it",
}
"""(statement, what is wrong) -> why samples cannot show it at any experiment."""

NEEDED = {
    "jacobian.alignment": "it holds at c = 1/M_K",
    "init.uniform": "the initializer that it speaks of takes c = 1/M_K",
}
"""Statement -> why its experiments have c = 1/M_K."""


def wrong_versions(statement):
    """(label, statement): factors aside, which any prediction shows, and relations."""
    order = statement.orders[0] if statement.orders else None
    for mutant in mutants(statement):
        # Var Xi_K with one moment in place of both is 0, and no number where it divides.
        if mutant.statement.right(order).has(sp.zoo):
            continue
        if mutant.label in {*SHIFTS, *EXCHANGES} and not mutant.unchanged:
            yield mutant.label, mutant.statement
    if statement.right(order).has(c):
        yield "c dropped", rewritten(statement, lambda right: right.xreplace({c: sp.S.One}))


def shown(experiment: Experiment, wrong) -> bool:
    """Whether the wrong version predicts something else here, by what samples would refute."""
    try:
        gap = abs(replace(experiment, statement=wrong).predicted - experiment.predicted)
    except MaxoutError:  # one width or layer less may have no value
        return False
    if wrong.relation in ONE_SIDED:
        return gap > NOTICEABLE * abs(experiment.predicted)
    decision, share = experiment.decision, verdict_alpha(ALPHA)
    last = sizes(experiment, share)[-1] // experiment.group
    seen = min(decision.detectable(last, look_alpha(share)), decision.margin)
    return gap > seen + getattr(decision, "bias", 0.0)


@pytest.mark.parametrize("key", NUMERIC)
def test_every_wrong_version_predicts_something_else_at_an_experiment(plan, key: str) -> None:
    found = plan("quick")[key]
    hidden = {
        (key, label)
        for label, wrong in wrong_versions(CATALOGUE[key])
        if not any(shown(experiment, wrong) for experiment in found)
    }
    assert hidden == {known for known in HIDDEN if known[0] == key}


@pytest.mark.parametrize("suite", ["quick", "standard"])
def test_every_statement_with_a_layer_has_the_first_a_middle_and_the_last(plan, suite) -> None:
    for key, found in plan(suite).items():
        if l not in CATALOGUE[key].parameters or any(s in key for s in ("lower", "upper")):
            continue
        for network in {e.network for e in found}:
            layers = {e.parameters["layer"] for e in found if e.network == network}
            assert layers == set(range(1, len(network.widths) + 1)), key


@pytest.mark.parametrize("suite", ["quick", "standard"])
def test_c_is_well_off_one_and_the_balanced_value(plan, suite) -> None:
    """Where a statement speaks of c, and unless it needs c = 1/M_K."""
    near = {
        (key, str(e.network))
        for key, found in plan(suite).items()
        for e in found
        if e.statement.right(e.order).has(c) and key not in NEEDED
        for variance in (weight_variance(e.network),)
        for special in (1.0, _balanced(e.network))
        if abs(variance / special - 1) < 0.1
    }
    assert not near


def _balanced(network: Network) -> float:
    n = network
    return weight_variance(Network(n.inputs, n.widths, n.outputs, n.rank, bias=n.bias))
