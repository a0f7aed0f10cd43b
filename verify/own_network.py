"""A person's own network: which statements apply there, and the experiments on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from maxout.numerics.predict import decide
from maxout.theory.block import BLOCK_FIELDS
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.convolution import CHANNELS, SIZES
from maxout.theory.domain import Point
from maxout.theory.errors import DoesNotApplyError, MaxoutError, while_on
from maxout.theory.network import FIELDS, Network
from maxout.theory.statement import Relation, Statement
from maxout.verify.decisions.estimands import WIDEST
from maxout.verify.experiment import LEAST_SAMPLES, Experiment, Size
from maxout.verify.experiments import BUILDERS
from maxout.verify.regions.hulls import LayerHulls
from maxout.verify.report import LEFT_OUT, NOT_HERE, Left
from maxout.verify.sampling.concrete_networks import Windows
from maxout.verify.sampling.polylines import Chords, Polylines

OWN = "own"
"""What a suite of one network is called."""

LEAST = 1_000
"""Samples at least, where a suite takes ``LEAST_SAMPLES``: those of an own network may be dear."""

SPEAKS_OF_NONE = Left(NOT_HERE, "it speaks of no network")


@dataclass(frozen=True)
class OwnPlan:
    """What can be looked at in a network.

    Attributes:
      experiments: by statement; empty lists where nothing is judged.
      left: by statement, what is not judged and why.
    """

    experiments: dict[str, list[Experiment]]
    left: dict[str, list[Left]]

    def leave(self, experiment: Experiment, reason: str, status: str = LEFT_OUT) -> None:
        """Take an experiment out."""
        self.experiments[experiment.key].remove(experiment)
        self.left.setdefault(experiment.key, []).append(Left(status, reason, experiment.name))


def own_plan(network: Network, keys: Iterable[str]) -> OwnPlan:
    """The experiments on a network, with the margins of the quick suite.

    Args:
      keys: statements of the catalogue.
    """
    plan = OwnPlan({}, {})
    size = Size(OWN, 1.0, deep=False, network=network)
    for key in keys:
        plan.experiments[key] = []
        with while_on(key):
            if found := _not_here(CATALOGUE[key], network):
                plan.left[key] = [found]
            else:
                _build(key, size, plan)
    return plan


def _build(key: str, size: Size, plan: OwnPlan) -> None:
    try:
        built = list(BUILDERS[key](size))
    except MaxoutError as refused:  # a sampler that cannot draw such a network
        plan.left[key] = [Left(LEFT_OUT, str(refused))]
        return
    built = [one for one in built if _is_at(one, size.network)]
    if not built:
        plan.left[key] = [Left(LEFT_OUT, "no experiment samples such a network")]
    # With one input several angles are one.
    for experiment in {one.name: one for one in built}.values():
        if experiment.least == LEAST_SAMPLES:
            experiment = replace(experiment, least=LEAST)
        plan.experiments[key].append(experiment)
        try:
            reason = _unfit(experiment)
        except DoesNotApplyError as refused:  # at this angle or order
            plan.leave(experiment, str(refused).partition(": ")[2], NOT_HERE)
        else:
            if reason:
                plan.leave(experiment, reason)


def _is_at(experiment: Experiment, network: Network | None) -> bool:
    """Whether an experiment looks at a network, and not at one of a suite's.

    Single units are of its rank; where the first layer does not matter, inputs may be the widths.
    """
    assert network is not None
    there = experiment.network
    if not experiment.statement.domain.of_networks:
        return there.rank == network.rank
    fields = [name for name in vars(network) if name != "inputs"]
    return all(getattr(there, name) == getattr(network, name) for name in fields)


def _not_here(statement: Statement, network: Network) -> Left | None:
    """Why a statement says nothing about a network, from what it asks of the network alone."""
    domain = statement.domain
    known = {*FIELDS, *BLOCK_FIELDS, CHANNELS, SIZES}
    symbols = {field.symbol for field in known}
    order = statement.orders[0] if statement.orders else None
    if not domain.of_networks:
        asked = {field for condition in domain.conditions for field in condition.reads}
        if not asked & known and not statement.right(order).free_symbols & symbols:
            return SPEAKS_OF_NONE
    point = Point(network, None, network.environment())
    for condition in domain.asked:
        if known.issuperset(condition.reads) and not condition.holds(point, decide):
            return Left(NOT_HERE, f"it needs {condition}")
    return None


MOST_PIECES = 200
"""Units times rank, at most, of networks whose regions in a window are counted."""

MOST_STEPS = 10**10
"""Units times weights, at most, of networks that are followed along a curve."""

MOST_SUMS = 5_000
"""Vertices, at most, whose convex hulls are taken, in ``MOST_DIMENSIONS`` at most."""

MOST_DIMENSIONS = 4


def _too_large(experiment: Experiment) -> str:
    """Why a population would not even be timed: it counts things exactly, one by one."""
    network = experiment.network
    units = sum(network.widths)
    for population in experiment.populations:
        if isinstance(population, Windows) and units * network.rank > MOST_PIECES:
            return f"regions are counted up to {MOST_PIECES} units times rank"
        if (
            isinstance(population, Polylines | Chords)
            and units * population.sampler.weights > MOST_STEPS
        ):
            return f"curves are followed up to {MOST_STEPS:.0e} units times weights"
        if isinstance(population, LayerHulls) and (
            population.inputs > MOST_DIMENSIONS or population.rank**population.units > MOST_SUMS
        ):
            return (
                f"regions of the whole space are counted up to {MOST_DIMENSIONS} inputs and "
                f"{MOST_SUMS:,} patterns K^n"
            )
    return ""


def _unfit(experiment: Experiment) -> str:
    """Why an experiment cannot be planned, or would show nothing; empty where it can.

    Raises:
      DoesNotApplyError: where the statement does not hold at the experiment's own parameters.
    """
    if found := _too_large(experiment):
        return found
    try:
        experiment.decision.samples_needed(0.01)
    except DoesNotApplyError:
        raise
    except OverflowError:  # says so in words of the C library
        return "its numbers leave the range of 64-bit floats"
    except (MaxoutError, ArithmeticError) as error:
        return str(error) or type(error).__name__
    if not experiment.decision.margin > 0:
        return "what it says is 0 here, of which no margin is a share"
    if experiment.statement.relation == Relation.LIMIT:
        # Within this much of the limit every finite width is right.
        open_ = getattr(experiment.decision, "bias", 0.0)
        if open_ > WIDEST * abs(experiment.predicted):
            share = open_ / abs(experiment.predicted) if experiment.predicted else float("inf")
            return f"at these widths the theory leaves {share:.0%} of its limit open"
    return ""
