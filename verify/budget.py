"""What a run at one network costs, and which margins a time allows.

Populations are timed by a few samples, which are not those of the run. Each experiment then gets
the narrowest margins whose samples fit into one time a population, the same for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from maxout.theory.errors import MaxoutError
from maxout.theory.statement import Relation
from maxout.verify.decisions import ONE_SIDED, DecisionError
from maxout.verify.experiment import Experiment
from maxout.verify.looks import look_alpha, sizes
from maxout.verify.own_network import OwnPlan
from maxout.verify.sampling.populations import Population, shards_for

FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Of the quick suite's margins. They are few, so that the same machine mostly chooses the same."""

SECONDS = 60.0
"""What a run may take where no other budget is given: margins are then those of the quick suite,
or wider."""


@dataclass(frozen=True)
class Cost:
    """What a plan will take.

    Attributes:
      samples: of all populations.
      seconds: about, on the cores that draw.
      populations: that are drawn.
      sharpest, bluntest: (relative error that would be refuted nine times in ten, statement) of
        the equalities; None where there are none.
    """

    samples: int
    seconds: float
    populations: int
    sharpest: tuple[float, str] | None
    bluntest: tuple[float, str] | None


Rate = Callable[[Population], float]
"""Seconds a sample of a population, on all cores that draw."""


@dataclass(frozen=True)
class _Option:
    """An experiment with margins so many times as wide, and the samples that it then needs."""

    factor: float
    experiment: Experiment
    samples: int
    seconds: float


def widened(experiment: Experiment, factor: float) -> Experiment:
    """An experiment with every margin so many times as wide.

    Raises:
      DecisionError: where the margin would mean nothing.
    """
    if factor == 1:
        return experiment
    estimand = experiment.estimand().wider(factor)
    found = replace(experiment, estimand=lambda: estimand)
    vars(found)["predicted"] = experiment.predicted  # a margin is no part of it
    return found


Choice = tuple[float, int | None]
"""Factor of an experiment's margins, and samples at most."""


class Margins:
    """The choice of margins for a plan, which loses the experiments that the time excludes.

    Args:
      plan: with the margins of the quick suite; those chosen afterwards.
      share: alpha of a verdict.
      rate: asked once a population; what it refuses is left out of the plan.
      seconds: for the whole run; None for ``SECONDS`` and no margins below the quick suite's.

    Attributes:
      chosen: by statement and by name of the experiment.
    """

    def __init__(self, plan: OwnPlan, share: float, rate: Rate, seconds: float | None) -> None:
        self._plan, self._share = plan, share
        self._rates: dict[str, float] = {}
        factors = [f for f in FACTORS if seconds is not None or f >= 1]
        offers: list[list[_Option]] = []
        for experiment in [e for found in plan.experiments.values() for e in found]:
            try:
                self._time(experiment, rate)
            except MaxoutError as refused:
                plan.leave(experiment, str(refused))
            else:
                offers.append(self._offer(experiment, factors))
        most = self._longest(offers, SECONDS if seconds is None else seconds)
        self.chosen: dict[str, dict[str, Choice]] = {}
        for offer in offers:
            self._take(offer, most)

    def _time(self, experiment: Experiment, rate: Rate) -> None:
        for population in experiment.populations:
            if population.name not in self._rates:
                self._rates[population.name] = rate(population)

    def _offer(self, experiment: Experiment, factors: list[float]) -> list[_Option]:
        found: list[_Option] = []
        for factor in factors:
            try:
                one = widened(experiment, factor)
            except DecisionError:
                break
            samples = one.samples(look_alpha(self._share))
            seconds = sum(self._seconds(p, samples) for p in one.populations)
            found.append(_Option(factor, one, samples, seconds))
        return found

    def _seconds(self, population: Population, samples: int) -> float:
        return (
            self._rates[population.name] * shards_for(population, samples) * population.shard_size
        )

    def _longest(self, offers: list[list[_Option]], budget: float) -> float:
        """The time of one experiment that keeps all within the budget."""
        low, high = 0.0, budget
        for _ in range(20):
            middle = (low + high) / 2
            taken = [best for offer in offers if (best := self._best(offer, middle))]
            low, high = (middle, high) if self.seconds(taken) <= budget else (low, middle)
        return low

    def seconds(self, taken: list[_Option]) -> float:
        """Of populations that several experiments share, and are drawn once."""
        return sum(self._seconds(p, samples) for p, samples in _drawn(taken).values())

    def _take(self, offer: list[_Option], most: float) -> None:
        widest = offer[-1]
        best = self._best(offer, most)
        plan, key = self._plan, widest.experiment.key
        there = plan.experiments[key]
        place = [e.name for e in there].index(widest.experiment.name)
        if best is None:
            plan.leave(
                there[place],
                f"it needs {widest.samples:.2g} samples, some {_short(widest.seconds)} (--budget)",
            )
        else:
            there[place] = best.experiment
            self.chosen.setdefault(key, {})[best.experiment.name] = (
                best.factor,
                best.experiment.most,
            )

    def _best(self, offer: list[_Option], most: float) -> _Option | None:
        return _narrowest(offer, most) or self._shortened(offer[-1], most)

    def _shortened(self, widest: _Option, most: float) -> _Option | None:
        """A bound seen with the samples that the time allows: one that is far off needs few."""
        experiment = widest.experiment
        if experiment.statement.relation not in ONE_SIDED:
            return None
        (population,) = experiment.populations
        shard = self._seconds(population, 1)
        shards = int(most / shard)
        samples = shards * population.shard_size
        if samples < experiment.least * experiment.group:
            return None
        shortened = replace(experiment, most=samples)
        vars(shortened)["predicted"] = experiment.predicted
        return replace(widest, experiment=shortened, samples=samples, seconds=shards * shard)

    def cost(self) -> Cost:
        """What the plan will take and what it would see."""
        chosen = [e for found in self._plan.experiments.values() for e in found]
        taken = [_Option(1.0, e, sizes(e, self._share)[-1], 0.0) for e in chosen]
        drawn = _drawn(taken).values()
        seen = sorted(
            (found, option.experiment.key)
            for option in taken
            if (found := self._detectable(option)) is not None
        )
        return Cost(
            sum(samples for _, samples in drawn),
            self.seconds(taken),
            len(drawn),
            seen[0] if seen else None,
            seen[-1] if seen else None,
        )

    def _detectable(self, option: _Option) -> float | None:
        experiment = option.experiment
        if experiment.statement.relation != Relation.EQ or not experiment.predicted:
            return None
        observations = option.samples // experiment.group
        found = experiment.decision.detectable(observations, look_alpha(self._share))
        return found / abs(experiment.predicted)


def _narrowest(offer: list[_Option], most: float) -> _Option | None:
    return next((option for option in offer if option.seconds <= most), None)


def _drawn(taken: list[_Option]) -> dict[str, tuple[Population, int]]:
    """Every population once, with the samples of the experiment that needs most."""
    found: dict[str, tuple[Population, int]] = {}
    for option in taken:
        for population in option.experiment.populations:
            before = found.get(population.name, (population, 0))[1]
            found[population.name] = population, max(before, option.samples)
    return found


def _short(seconds: float) -> str:
    for name, length in (("years", 3.2e7), ("days", 86_400.0), ("hours", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.2g} {name}"
    return f"{seconds:.2g} s"
