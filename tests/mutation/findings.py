"""What becomes of a mutant: noticed by the oracle, refuted by samples, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from maxout.theory.catalogue import CATALOGUE, select
from maxout.verify import suite
from maxout.verify.collector import Collector
from maxout.verify.decisions import REFUTED
from maxout.verify.experiments import BUILDERS, SIZES, experiments
from maxout.verify.looks import judge

from ..oracle.collected import ORACLES, noticed
from .mutants import REVERSED, Mutant, broken, mutants

SAME = 1e-13
"""Relative difference of two values that are one, by two roundings."""

ALL, REST, NONE = ASKED = ("all", "rest", "none")


@dataclass(frozen=True)
class Finding:
    """What became of one mutant.

    Attributes:
      key: of the statement.
      label: what is wrong with it.
      oracle: how an oracle contradicts it; empty where none does.
      samples: what sampled networks say of it: the decisive one of its experiments' statuses, or
        the error that stopped them; empty where they were not asked.
      unchanged: why it is the honest statement; empty where it is not.
    """

    key: str
    label: str
    oracle: str
    samples: str
    unchanged: str

    @property
    def survives(self) -> bool:
        return not (self.unchanged or self.oracle or self.samples == REFUTED)

    @property
    def mark(self) -> str:
        """One or two letters for a table."""
        if self.unchanged:
            return "="
        found = ("o" if self.oracle else "") + ("s" if self.samples == REFUTED else "")
        return found or "SURVIVES"


def search(
    keys: Iterable[str] = (), asked: str = REST, size: str = "quick", seed: int = 0
) -> Iterator[Finding]:
    """Put every mutant of the statements into the catalogue in turn and run the program on it.

    Args:
      keys: statements or prefixes; all where empty.
      asked: of which mutants samples are asked: ``ALL``, ``REST``, those that no oracle notices,
        or ``NONE``. Then those that samples alone can tell, laws and reversed relations, are left
        out.
      size: the suite whose experiments are run.
      seed: of the samples.
    """
    share = suite.verdict_alpha(suite.ALPHA, experiments(size)) if asked != NONE else 0.0
    for statement in select(list(keys)):
        with suite.one_thread(), Collector(seed, "cpu") as collector:
            for mutant in mutants(statement):
                if asked == NONE and (mutant.label == REVERSED or not statement.numeric):
                    continue
                reason, oracle, samples = mutant.unchanged, "", ""
                if not reason:
                    with broken(mutant):
                        oracle = noticed(mutant.statement)
                    reason = "" if oracle else _same_values(mutant)
                if not reason and (asked == ALL or (asked == REST and not oracle)):
                    with broken(mutant):
                        samples = _judged(mutant, collector, share, size, seed)
                yield Finding(statement.key, mutant.label, oracle, samples, reason)


def _same_values(mutant: Mutant) -> str:
    """A reason where another right side has the honest values; a reversed relation is another."""
    honest = CATALOGUE[mutant.statement.key]
    if mutant.statement.relation != honest.relation or not honest.numeric:
        return ""
    for at in (at for oracle in ORACLES[honest.key] for at in oracle.points):
        value = at.predict(honest)
        if abs(at.predict(mutant.statement) - value) > SAME * abs(value):
            return ""
    return "the same value at every point of its oracle"


def _judged(mutant: Mutant, collector: Collector, share: float, size: str, seed: int) -> str:
    """The status of the mutant's verdicts, by the experiments that the broken catalogue makes."""
    key = mutant.statement.key
    found = set()
    try:
        for experiment in BUILDERS[key](SIZES[size]):
            if mutant.statement.numeric:
                found.add(judge(experiment, collector, share).status)
            else:  # the law under the statement's name is another one
                with Collector(seed, "cpu") as fresh:
                    found.add(judge(experiment, fresh, share).status)
            if REFUTED in found:
                return REFUTED
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ", ".join(sorted(found))
