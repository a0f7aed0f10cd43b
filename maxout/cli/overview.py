"""A line a statement, gathered by subject: what the commands print where no KEY is given."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import sympy as sp

from maxout.cli import output
from maxout.cli.plain import plain
from maxout.theory.catalogue import SUBJECTS, subject_of
from maxout.theory.statement import Statement

_FORMULA = 60
"""Characters of a formula that still is one at a glance."""

Line = tuple[Statement, str, str]
"""(statement, what goes beside its key, what is said of it)"""


def show(lines: Iterable[Line], details: str) -> None:
    """Print lines under the names of their subjects, in the catalogue's order of these.

    Args:
      details: the command that says more, with KEY where a key goes.
    """
    found = list(lines)
    widths = [max((len(part(line)) for line in found), default=0) for part in (_key, _beside)]
    for subject in SUBJECTS:
        inside = [line for line in found if subject_of(line[0].key) == subject]
        if not inside:
            continue
        output.say(subject)
        for line in inside:
            key, beside = _key(line).ljust(widths[0]), _beside(line).ljust(widths[1])
            output.say(f"  {key}  {beside}  {line[2]}".rstrip(), hanging=4)
    output.say(f"{details} says more of one; --all, all of all")


def _key(line: Line) -> str:
    return line[0].key


def _beside(line: Line) -> str:
    return line[1]


def formula(statement: Statement) -> str:
    """The statement in symbols where it is short, else its left side."""
    left = plain(statement.left)
    # Of more parts than that the written formula is longer: it need not be written.
    right = statement.right()
    if sum(1 for _ in islice(sp.preorder_traversal(right), _FORMULA)) < _FORMULA:
        whole = f"{left} {statement.relation.value} {sp.sstr(right)}"
        if len(whole) <= _FORMULA:
            return whole
    return f"{left} {statement.relation.value} ..."
