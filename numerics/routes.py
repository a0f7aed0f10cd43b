"""Rules that give functions of the theory their values, found by the name of the function's file.

A function of ``theory/SUBJECT/FILE.py`` is valued by ``numerics/SUBJECT/FILE_routes.py``, loaded
when such a function is first met. A rule takes (evaluator, expression), the ``Evaluator`` of
``numerics.balls.evaluator.evaluator`` and an instance of the class, and returns a ball: a proof
(``@encloses``), or an estimate of the error (``@estimates``), which the rule says by
``evaluator.estimate(ball, route)``; ball arithmetic then carries it through whatever expression the
function stands in. Values under SymPy's ``evalf`` lie in ``FILE_evalf.py`` (``@evaluates``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from maxout.theory.providers import EvalfRule

Rule = Callable[[Any, Any], Any]

_ENCLOSURES: dict[type, Rule] = {}
_ESTIMATES: dict[type, Rule] = {}
_EVALF: dict[type, EvalfRule] = {}


def _into(table: dict[type, Any], kinds: tuple[type, ...]) -> Callable[[Any], Any]:
    def register(rule: Any) -> Any:
        for kind in kinds:
            if kind in table:
                raise RuntimeError(f"two rules value {kind.__name__}")
            table[kind] = rule
        return rule

    return register


def encloses(*kinds: type) -> Callable[[Rule], Rule]:
    """Register a rule whose balls are proved."""
    return _into(_ENCLOSURES, kinds)


def estimates(*kinds: type) -> Callable[[Rule], Rule]:
    """Register a rule whose radius is an estimate."""
    return _into(_ESTIMATES, kinds)


def evaluates(*kinds: type) -> Callable[[EvalfRule], EvalfRule]:
    """Register a rule for ``evalf``."""
    return _into(_EVALF, kinds)


@cache
def _load(module: str, kind: str) -> None:
    """Import ``numerics/SUBJECT/FILE_KIND.py`` of ``theory/SUBJECT/FILE.py``, where it is."""
    words = module.split(".")
    if words[:2] != ["maxout", "theory"] or len(words) != 4:
        return
    name = f"maxout.numerics.{words[2]}.{words[3]}_{kind}"
    if find_spec(name) is not None:
        import_module(name)


def enclosure_of(kind: type) -> Rule | None:
    """Return the proved rule of a class of functions; None where it has none."""
    _load(kind.__module__, "routes")
    return _ENCLOSURES.get(kind)


def estimate_of(kind: type) -> Rule | None:
    """Return the rule of a class of functions that estimates its error; None where it has none."""
    _load(kind.__module__, "routes")
    return _ESTIMATES.get(kind)


def evalf_of(kind: type) -> EvalfRule | None:
    """Return the rule of a class of functions for ``evalf``; None where it has none."""
    _load(kind.__module__, "evalf")
    return _EVALF.get(kind)
