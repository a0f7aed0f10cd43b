"""The catalogue: every result as one ``Statement``, walked by numerics, verify, CLI and docs.

It is collected from the modules ``*_statements`` in the folders of the eight subjects.
"""

from __future__ import annotations

import difflib

from maxout.theory.errors import MaxoutError
from maxout.theory.rooms import modules_of
from maxout.theory.statement import Statement

SUBJECTS = (
    "order",
    "jacobian",
    "typical",
    "activation",
    "gradients",
    "kernels",
    "curves",
    "regions",
)
"""What the statements are about: a folder of that name on every floor, found by name."""


def _collect() -> dict[str, Statement]:
    found: dict[str, Statement] = {}
    for subject in SUBJECTS:
        for module in modules_of("maxout.theory", subject, "statements"):
            for statement in module.STATEMENTS:
                if statement.key in found:
                    raise RuntimeError(f"two statements are called {statement.key}")
                found[statement.key] = statement
                _SUBJECT_OF[statement.key] = subject
    return found


_SUBJECT_OF: dict[str, str] = {}
CATALOGUE: dict[str, Statement] = _collect()


def subject_of(key: str) -> str:
    """Return the subject of a statement: the folder that holds it, its routes and experiments."""
    return _SUBJECT_OF[key]


class UnknownKeyError(MaxoutError):
    """No statement of that name; the message suggests one that is near, if any."""

    def __init__(self, key: str) -> None:
        near = difflib.get_close_matches(key, CATALOGUE, n=1, cutoff=0.6)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        super().__init__(f"no statement is called {key!r}{hint} (maxout results lists all)")


def named(key: str) -> Statement:
    """Return the one statement of a key.

    Raises:
      UnknownKeyError: for a key of no statement, such as the beginning of some.
    """
    if key not in CATALOGUE:
        raise UnknownKeyError(key)
    return CATALOGUE[key]


def select(keys: tuple[str, ...] | list[str]) -> list[Statement]:
    """Statements of the given keys, or under the given prefixes (``jacobian.mean``); all if none.

    The key of a statement names that one alone, also where others begin with it.

    Raises:
      UnknownKeyError: for a key that names nothing.
    """
    if not keys:
        return list(CATALOGUE.values())
    chosen: dict[str, Statement] = {}
    for key in keys:
        matches = [key] if key in CATALOGUE else [k for k in CATALOGUE if k.startswith(key + ".")]
        if not matches:
            raise UnknownKeyError(key)
        chosen.update((k, CATALOGUE[k]) for k in matches)
    return list(chosen.values())
