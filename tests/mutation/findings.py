"""What becomes of a mutant: noticed by the oracle, refuted by samples, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from maxout.theory.catalogue import CATALOGUE, select
from maxout.verify import suite
from maxout.verify.decisions import REFUTED
from maxout.verify.run_setting import RunSetting

from ..oracle.collected import ORACLES, Oracle, noticed
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
      samples: status of its verdicts; empty where no networks were sampled.
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
      asked: of which mutants samples are asked: ``ALL``; ``REST``, those that no oracle notices and
        reversed relations, from which the decision's rule is chosen; or ``NONE``. Then laws in the
        reverse order, which samples alone can tell, are left out.
      size: the suite whose experiments are run.
      seed: of the samples.
    """
    for statement in select(list(keys)):
        for mutant in mutants(statement):
            if asked == NONE and mutant.label == REVERSED and not statement.numeric:
                continue
            reason, oracle, samples = mutant.unchanged, "", ""
            if not reason:
                with broken(mutant):
                    oracle = noticed(mutant.statement)
                reason = "" if oracle else _same_values(mutant)
            rest = not oracle or mutant.label == REVERSED
            if not reason and (asked == ALL or (asked == REST and rest)):
                with broken(mutant):
                    samples = _judged(statement.key, size, seed)
            yield Finding(statement.key, mutant.label, oracle, samples, reason)


def _same_values(mutant: Mutant) -> str:
    """A reason where another right side has the honest values; a reversed relation is another."""
    honest = CATALOGUE[mutant.statement.key]
    if mutant.statement.relation != honest.relation or not honest.numeric:
        return ""
    oracles = (oracle for oracle in ORACLES[honest.key] if isinstance(oracle, Oracle))
    for at in (at for oracle in oracles for at in oracle.points):
        value = at.predict(honest)
        if abs(at.predict(mutant.statement) - value) > SAME * abs(value):
            return ""
    return "the same value at every point of its oracle"


def _judged(key: str, size: str, seed: int) -> str:
    """What ``maxout verify`` says of a key: refuted, where an experiment refutes it; else all."""
    found = {verdict.status for verdict in suite.run(RunSetting(size, [key], seed, "cpu")).verdicts}
    return REFUTED if REFUTED in found else ", ".join(sorted(found))
