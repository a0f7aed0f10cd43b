"""Checks from Python: the catalogue at a network or a model, and statements beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from maxout.numerics.predict import locate, require
from maxout.numerics.run_fields import ALPHA as RATE
from maxout.theory.errors import DomainError, while_on
from maxout.theory.network import Network
from maxout.theory.parameters import COSINE, NORM, value_of
from maxout.theory.statement import Statement
from maxout.verify import quantities
from maxout.verify.decisions.estimands import WIDEST, Distribution, Estimand
from maxout.verify.experiment import Experiment, Measure
from maxout.verify.experiment_networks import OWN_BIASES, Case
from maxout.verify.looks import Watch, judge
from maxout.verify.model_network import network_of
from maxout.verify.own_run import Told
from maxout.verify.report import Report, Verdict, judged
from maxout.verify.run_setting import ALPHA, RunSetting
from maxout.verify.sampling.collector import Collector
from maxout.verify.sampling.populations import Population
from maxout.verify.simulate import MEASURES
from maxout.verify.suite import one_thread, run


def check(
    model_or_network: Any,
    keys: Sequence[str] = (),
    *,
    example: Any = None,
    budget: float | None = None,
    out: Path | None = None,
    watch: Watch | None = None,
    told: Told | None = None,
    **setting: Any,
) -> Report:
    """Check every statement that applies to a network, within a time.

    Args:
      model_or_network: a ``maxout.Network``; or a ``torch.nn.Module`` that is a chain of fully
        connected maxout layers of one rank and a linear layer. Of a model the architecture is
        checked, its c and whether it has biases: networks drawn like it, not its weights.
      keys: statements or prefixes of their keys; all where empty.
      example: an input of the model, where its layers are not of this package.
      budget: seconds that the samples may take; they choose the margins. A minute at most, and no
        margins below those of the quick suite, where None.
      out: folder of a campaign, to be resumed.
      watch: called as samples come in and after every look.
      told: called with the cost before anything is drawn.
      setting: further fields of ``RunSetting``: seed, device, dtype, memory, alpha, workers.

    Returns:
      The report. What does not apply, or is left out, has ``left`` with its reason and no outcome.

    Raises:
      MaxoutError: for a model that is no such chain, and as ``maxout.verify.run``.
    """
    network = model_or_network
    if not isinstance(network, Network):
        network = network_of(model_or_network, example)
    chosen = RunSetting(keys=tuple(keys), network=network, budget=budget, **setting)
    return run(chosen, watch, out, told)


def check_statement(
    statement: Statement,
    network: Network,
    *,
    order: int | None = None,
    layer: int = 1,
    cosine: float | None = None,
    norm: float | None = None,
    parameters: Mapping[str, Any] | None = None,
    biases: str | None = None,
    population: Population | None = None,
    measure: Measure | None = None,
    estimand: Estimand | None = None,
    margin: float = 0.05,
    remainder: float | None = None,
    seed: int = 0,
    alpha: float = ALPHA,
    watch: Watch | None = None,
    **drawing: Any,
) -> Verdict:
    """Check a statement, of the catalogue or not, at one network.

    Where ``statement.quantity`` is one of ``maxout.verify.QUANTITIES``, what is sampled and how it
    is judged are known, at zero and gaussian biases. Else give ``measure``, and ``estimand``.

    Args:
      order: t of the statement, its first where None.
      layer: whose parameters are differentiated, for gradients.
      cosine, norm: of the angle between input and direction, and of the input; those of
        ``maxout.predict`` where None. They are parameters of the statement where it has them.
      parameters: its further ones, by name.
      biases: drawn ones, of ``maxout.verify.sampling.biases.LAWS``; those of the network, or for
        any biases a pattern of different numbers in every layer, where None.
      population: what is sampled; networks with ``gain``, ``hidden`` and ``length`` where None.
      measure: its arrays -> observations whose mean is the left side; of a law the first of two
        arguments, the second being draws of the right side (``value``).
      estimand: what is estimated and how narrowly, from facts other than the claim.
      margin: that ``verified`` demands: a share of the quantity, or of a law the largest difference
        of distribution functions; above 0, at most 0.5.
      remainder: of a limit, how far the quantity may be from it here.
      alpha: chance that the statement, if true, is refuted.
      watch: called as samples come in and after every look.
      drawing: device, dtype, memory and workers, as of ``RunSetting``.

    Raises:
      DoesNotApplyError: outside the statement's domain.
      DecisionError: where no variance is known and no ``estimand`` is given.
      MaxoutError: for other values outside their domains.
    """
    if not 0 < margin <= WIDEST:
        raise DomainError(f"margin must be a number above 0 and at most {WIDEST}; got {margin}")
    RATE(alpha)
    angle = float(value_of(COSINE, network, cosine))
    length = float(value_of(NORM, network, norm))
    drawn = biases or (OWN_BIASES if network.bias == "any" else network.bias)
    asked = quantities.Asked(Case(network, drawn, angle, length), order or 1, layer, margin)
    known = {"cosine": angle, "norm": length, "layer": layer, **(parameters or {})}
    with while_on(statement.key), one_thread():
        point = locate(statement, network, order, **known)
        require(statement, point)
        asked = quantities.Asked(asked.case, point.order or 1, layer, margin)
        made = _Parts(statement, asked, population, measure, estimand)
        experiment = Experiment(
            statement,
            network,
            (made.population,),
            made.measure,
            lambda: made.estimand,
            order=point.order,
            parameters=known,
            detail=asked.case.detail,
            group=made.group,
            remainder=None if remainder is None else lambda: remainder,
        )
        with Collector(seed, **drawing) as collector:
            for one in experiment.populations:
                collector.require_memory(one)
            return judged(experiment, judge(experiment, collector, alpha, watch))


class _Parts:
    """What is sampled, measured and judged: as given, or as known of the quantity."""

    def __init__(
        self,
        statement: Statement,
        asked: quantities.Asked,
        population: Population | None,
        measure: Callable[..., Any] | None,
        estimand: Estimand | None,
    ) -> None:
        quantity = statement.quantity if statement.quantity in MEASURES else None
        own = measure is not None
        if not own and (quantity is None or not statement.numeric):
            raise DomainError(
                f"{statement.key}: give measure=, from arrays of sampled networks to observations; "
                f"known are only the quantities {', '.join(MEASURES)}"
            )
        if estimand is None and not statement.numeric:
            estimand = Distribution(asked.share)
        if estimand is None and (own or quantity is None):
            raise DomainError(
                f"{statement.key}: give estimand= beside measure=, such as "
                "maxout.verify.Mean(size, variance, margin): of a measure no variance is known"
            )
        self.group = 1 if own or quantity is None else quantities.group_of(quantity)
        self.measure: Measure
        if measure is not None:
            self.measure = measure
            self.population = population or asked.case.population
        else:
            assert quantity is not None
            self.measure = quantities.measure_of(quantity, asked)
            self.population = population or quantities.population_of(quantity, asked.case)
        if estimand is None:
            assert quantity is not None
            estimand = quantities.estimand_of(quantity, asked)
        self.estimand = estimand
