"""What an experiment is: a statement, a network, what is sampled, how judged, and controls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import sympy as sp

from maxout.numerics.balls.enclosure import RangeError
from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.network import Network
from maxout.theory.statement import Relation, Statement
from maxout.verify.decisions import Decision, DecisionError
from maxout.verify.decisions.estimands import Estimand
from maxout.verify.run_setting import SUITES
from maxout.verify.sampling.law_population import Law
from maxout.verify.sampling.network_populations import Along
from maxout.verify.sampling.populations import Arrays, Population

Measure = Callable[..., Any]
"""Arrays of each population, in their order -> the data that the decision judges."""


LEAST_SAMPLES = 10_000
"""So many at least, even where a loose bound needs fewer: they are drawn for other statements."""


@dataclass(frozen=True)
class Size:
    """A suite: ``narrowness`` multiplies every margin, ``deep`` adds wider and deeper networks.

    Attributes:
      network: a person's own, in place of all that the suite has.
    """

    name: str
    narrowness: float
    deep: bool
    network: Network | None = None

    def of(self, quick: float, standard: float) -> float:
        """A margin that the standard suite narrows by more than ``narrowness``."""
        return standard if self.deep else quick

    def networks(self, quick: Iterable[Network], deep: Iterable[Network] = ()) -> list[Network]:
        """The suite's networks of one law of biases, or the person's own if it has that law."""
        if self.network is None:
            return [*quick, *(deep if self.deep else ())]
        return [self.network] if all(one.bias == self.network.bias for one in quick) else []

    def ranks(self, quick: Iterable[int], deep: Iterable[int] = ()) -> list[int]:
        """The ranks at which single units are looked at, or that of the person's network."""
        if self.network is None:
            return [*quick, *(deep if self.deep else ())]
        return [self.network.rank]


QUICK = Size(SUITES[0], 1.0, deep=False)
STANDARD = Size(SUITES[1], 0.5, deep=True)
SIZES = {size.name: size for size in (QUICK, STANDARD)}


@dataclass(frozen=True)
class Twin:
    """A control: a deliberately wrong version of an experiment, which must come out refuted.

    Attributes:
      label: what is wrong, in a few words.
      change: replaces fields of the experiment (the statement, the network or the populations).
    """

    label: str
    change: Callable[[Experiment], Experiment]


@dataclass(frozen=True)
class Experiment:
    """One check of one statement.

    Attributes:
      statement: what is checked.
      network: what it is predicted for.
      populations: what is sampled; each gives one entry to ``measure``. The last one of a statement
        about a law is its right side, put there by itself and again for every wrong version.
      measure: from the populations' arrays to the decision's data.
      estimand: what is estimated and how narrowly, from facts other than the claim; evaluated when
        it is first asked for.
      order: order t, for statements that have one.
      parameters: further arguments of ``predict``.
      detail: what distinguishes this experiment from others of the statement and network.
      group: samples that make one observation of the decision (2 for pairs).
      twins: the controls.
      least: samples at least, even where the decision needs fewer.
      most: samples at most, where a person's time is short; None for as many as are needed.
      remainder: of a limit: how far the quantity may be from it here, by the theory. Fixed when the
        statement is written, and never the distance to the claim itself.
    """

    statement: Statement
    network: Network
    populations: tuple[Population, ...]
    measure: Measure
    estimand: Callable[[], Estimand]
    order: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    detail: str = ""
    group: int = 1
    twins: tuple[Twin, ...] = ()
    least: int = LEAST_SAMPLES
    most: int | None = None
    remainder: Callable[[], float] | None = None

    def __post_init__(self) -> None:
        if not self.statement.numeric:
            others = tuple(p for p in self.populations if not isinstance(p, Law))
            law = Law.of(self.statement, self.network, self.parameters)
            # Not a property beside the field: ``replace`` would then drop the law of a twin.
            vars(self).update(populations=(*others, law))

    @property
    def key(self) -> str:
        return self.statement.key

    @property
    def name(self) -> str:
        """The network as a verdict prints it, with what else tells this experiment from others."""
        parts = [str(self.network)] if self.statement.biases else []
        if self.order is not None:
            parts.append(f"order {self.order}")
        if self.detail:
            parts.append(self.detail)
        return "; ".join(parts)

    @cached_property
    def predicted(self) -> float:
        """The right side's value; 0 for a law, where the quantity is a distance of laws."""
        try:
            found = predict(self.statement, self.network, order=self.order, **self.parameters)
        except RangeError as impossible:
            # A claim that cannot be true is judged all the same: the samples refute it.
            return float(impossible.value)
        return 0.0 if found.value is None else float(found)

    @cached_property
    def decision(self) -> Decision:
        """The procedure that the statement's relation asks for.

        Raises:
          DecisionError: for a limit without a remainder, or a relation that cannot be judged here.
        """
        relation = self.statement.relation
        if relation == Relation.LIMIT and self.remainder is None:
            raise DecisionError(f"{self.key} is a limit: its experiment needs a remainder")
        # Statements that are not limits have none, also those that replace one (a control).
        remainder = self.remainder() if self.remainder and relation == Relation.LIMIT else 0.0
        return self.estimand().decision(relation, self.predicted, remainder)

    def data(self, arrays: tuple[Arrays, ...]) -> Any:
        """What the decision judges, from the arrays of every population."""
        seen = (
            population.view(values) if isinstance(population, Along) else values
            for population, values in zip(self.populations, arrays, strict=True)
        )
        return self.measure(*seen)

    def samples(self, alpha: float) -> int:
        """Samples of every population that the decision needs."""
        return self.group * max(self.least, self.decision.samples_needed(alpha))


Builder = Callable[[Size], Iterator[Experiment]]


def statement(key: str) -> Statement:
    """The catalogue's statement of this key."""
    return CATALOGUE[key]


def rewritten(label: str, rewrite: Callable[[sp.Expr], sp.Expr]) -> Twin:
    """A twin whose right side is rewritten."""

    def change(experiment: Experiment) -> Experiment:
        right = experiment.statement.build
        wrong = replace(experiment.statement, build=lambda t: rewrite(right(t)))
        return replace(experiment, statement=wrong)

    return Twin(label, change)


def scaled(percent: int) -> Twin:
    """A twin whose right side is off by so many percent."""
    factor = 1 + sp.Rational(percent, 100)
    return rewritten(f"right side off by {percent} %", lambda right: factor * right)


def rank_off_by_one() -> Twin:
    """K + 1 instead of K, at the same c."""

    def change(experiment: Experiment) -> Experiment:
        wrong = experiment.network.but(rank=experiment.network.rank + 1)
        return replace(experiment, network=wrong)

    return Twin("K + 1 instead of K", change)


def other_population(label: str, make: Callable[[Experiment], tuple[Population, ...]]) -> Twin:
    """A twin that compares with other populations."""
    return Twin(label, lambda experiment: replace(experiment, populations=make(experiment)))


def other_parameters(label: str, **parameters: Any) -> Twin:
    """A twin predicted at other parameters."""
    return Twin(
        label,
        lambda experiment: replace(experiment, parameters={**experiment.parameters, **parameters}),
    )
