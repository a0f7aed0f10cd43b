"""Write the tables of docs/margins.md: how narrowly every equality of the suites is judged.

Run it with the package installed: ``python tools/margins.py`` rewrites what stands between the
markers of docs/margins.md. Margins and samples are those of the plan: nothing is drawn, and the
same numbers come out on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from maxout.theory.statement import Relation
from maxout.verify.experiments import Experiment, experiments
from maxout.verify.looks import look_alpha, sizes, verdict_alpha
from maxout.verify.run_setting import ALPHA
from maxout.verify.sampling.populations import shards_for

PAGE = Path(__file__).resolve().parents[1] / "docs" / "margins.md"
GOALS = {"quick": 0.05, "standard": 0.01}
"""Relative margins that an equality is to have, where its variance allows it in the time."""

LAWS = (Relation.EQ_D, Relation.LE_ST, Relation.GE_ST)

FLOORS = (
    ("jacobian.lyapunov", "a logarithm: the margin is relative to the growth itself"),
    ("jacobian.log.mean", "a logarithm: the margin is relative to the gain itself"),
    ("init.typical", "a logarithm: the margin is relative to the length itself"),
    ("regions.subdivision", "one failure refutes: the margin is how rare one might be"),
    ("kernel.winner.one", "one failure refutes: the margin is how rare one might be"),
    ("curve.plane.regions.rank3", "every count is the same: any other refutes"),
)
"""Beginning of a key -> why its margin says less than its number."""


@dataclass(frozen=True)
class Row:
    """An experiment's numbers.

    Attributes:
      key: of the statement.
      value: predicted.
      margin: that ``verified`` leaves open, in units of the value.
      detectable: error that is refuted nine times in ten, beyond the remainder of a limit.
      remainder: that a limit is allowed.
      relative: margin over value.
      samples: of the last look.
      shards: that hold them.
    """

    key: str
    value: float
    margin: float
    detectable: float
    remainder: float
    relative: float
    samples: int
    shards: int


def rows(suite: str, laws: bool) -> list[Row]:
    """The experiment with the widest relative margin of every equality, or law, widest first."""
    widest: dict[str, Row] = {}
    for found in experiments(suite).values():
        for experiment in found:
            relation = experiment.statement.relation
            if relation in (Relation.LE, Relation.GE) or (relation in LAWS) != laws:
                continue
            row = _row(experiment)
            # Of equal ones the first, whatever a prediction's last digits are on this processor.
            if row.key not in widest or _wide(widest[row.key]) < _wide(row):
                widest[row.key] = row
    return sorted(widest.values(), key=lambda row: (-_wide(row), row.key))


def _wide(row: Row) -> float:
    return round(row.relative, 6)


def _row(experiment: Experiment) -> Row:
    share = verdict_alpha(ALPHA)
    samples = sizes(experiment, share)[-1]
    decision, value = experiment.decision, experiment.predicted
    relative = decision.margin / abs(value) if experiment.statement.numeric else decision.margin
    return Row(
        experiment.key,
        value,
        decision.margin,
        decision.detectable(samples // experiment.group, look_alpha(share)),
        getattr(decision, "bias", 0.0),
        relative,
        samples,
        sum(shards_for(population, samples) for population in experiment.populations),
    )


def reason(row: Row, goal: float) -> str:
    """Why a margin is above its goal; empty where it is not."""
    if round(row.relative, 3) <= goal:  # as it is printed
        return ""
    for beginning, why in FLOORS:
        if row.key.startswith(beginning):
            return why
    times = (row.relative / goal) ** 2
    needed = _rounded(row.samples * times)
    return f"{goal:.0%} takes {needed} samples, {_rounded(row.shards * times)} shards"


def _rounded(count: float) -> str:
    """Two digits, up."""
    step = 10 ** max(0, math.floor(math.log10(count)) - 1)
    return f"{math.ceil(count / step) * step:,}"


def table(suite: str) -> Iterator[str]:
    """The lines of a suite's table, as Markdown."""
    goal = GOALS[suite]
    yield f"| statement | value | margin | detectable | relative | above {goal:.0%} because |"
    yield "|---|---|---|---|---|---|"
    for row in rows(suite, laws=False):
        limit = f" + {row.remainder:.2g}" if row.remainder else ""
        yield (
            f"| `{row.key}` | {row.value:.3g} | {row.margin:.2g}{limit} | {row.detectable:.2g} "
            f"| {row.relative:.1%} | {reason(row, goal)} |"
        )


def laws() -> Iterator[str]:
    """The lines of the table of laws, of both suites."""
    yield "| statement | quick | detectable | standard | detectable |"
    yield "|---|---|---|---|---|"
    quick, standard = ({row.key: row for row in rows(suite, laws=True)} for suite in GOALS)
    for key, row in quick.items():
        other = standard[key]
        yield (
            f"| `{key}` | {row.margin:.3g} | {row.detectable:.2g} "
            f"| {other.margin:.3g} | {other.detectable:.2g} |"
        )


def blocks() -> dict[str, str]:
    """Name of a marked block -> what belongs into it."""
    found = {suite: "\n".join(table(suite)) for suite in GOALS}
    return {**found, "laws": "\n".join(laws())}


def marks(name: str) -> tuple[str, str]:
    """The lines before and after a block."""
    return f"<!-- margins: {name} -->", f"<!-- end: {name} -->"


def rewritten(page: str, name: str, block: str) -> str:
    """The page with one block replaced."""
    begin, end = marks(name)
    before, rest = page.split(begin)
    return f"{before}{begin}\n{block}\n{end}{rest.split(end)[1]}"


if __name__ == "__main__":
    text = PAGE.read_text()
    for title, lines in blocks().items():
        text = rewritten(text, title, lines)
    PAGE.write_text(text)
    print(f"{PAGE.name}: {len(text.splitlines())} lines")
