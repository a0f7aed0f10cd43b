"""The catalogue: every result as one ``Statement``, walked by numerics, verify, CLI and docs.

Adding a result is adding one statement to one of the modules here.
"""

from __future__ import annotations

import difflib
from importlib import import_module

from maxout.theory.errors import MaxoutError
from maxout.theory.statement import Statement

_MODULES = (
    "order_statistics",
    "closed_forms",
    "initialization",
    "jacobian",
    "jacobian_exact",
    "jacobian_gaussian",
    "typical",
    "curves",
    "regions",
    "activation",
    "gradients",
    "kernels",
)


def _collect() -> dict[str, Statement]:
    found: dict[str, Statement] = {}
    for name in _MODULES:
        for statement in import_module(f"{__name__}.{name}").STATEMENTS:
            if statement.key in found:
                raise RuntimeError(f"two statements are called {statement.key}")
            found[statement.key] = statement
    return found


CATALOGUE: dict[str, Statement] = _collect()


class UnknownKeyError(MaxoutError):
    """No statement of that name; the message suggests the nearest."""

    def __init__(self, key: str) -> None:
        near = difflib.get_close_matches(key, CATALOGUE, n=1, cutoff=0.0)
        super().__init__(
            f"no statement is called {key!r}; did you mean {near[0]!r}? (maxout results lists all)"
        )


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
