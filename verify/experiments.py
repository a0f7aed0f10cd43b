"""Every statement of the catalogue as experiments, with their controls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maxout.theory.catalogue import CATALOGUE, subject_of
from maxout.theory.errors import while_on
from maxout.theory.rooms import modules_of
from maxout.verify.experiment import SIZES, Builder, Experiment, Size, Twin
from maxout.verify.suite_errors import UnknownSuiteError


class _Builders(dict[str, Builder]):
    """Statement's key -> builder of its experiments, looked for when it is first asked for.

    It lies in a module ``*_experiments`` of the statement's subject, in its dict ``EXPERIMENTS``.
    Modules are imported up to the one that has it: many do without PyTorch.
    """

    def __missing__(self, key: str) -> Builder:
        if key not in CATALOGUE:
            return _none
        for module in modules_of("maxout.verify", subject_of(key), "experiments"):
            if key in module.EXPERIMENTS:
                return self.setdefault(key, module.EXPERIMENTS[key])
        return _none


def _none(size: Size) -> Iterator[Experiment]:
    """Build no experiment."""
    return iter(())


BUILDERS: dict[str, Builder] = _Builders()

__all__ = ["BUILDERS", "SIZES", "Builder", "Experiment", "Size", "Twin", "experiments"]


def experiments(suite: str, keys: Iterable[str] | None = None) -> dict[str, list[Experiment]]:
    """Return the experiments of a suite by statement, in the catalogue's order.

    A statement without an experiment has an empty list.

    Args:
      keys: statements whose experiments are built; all where None.

    Raises:
      UnknownSuiteError: for a name that is not in ``SIZES``.
    """
    if suite not in SIZES:
        raise UnknownSuiteError(f"suite must be {' or '.join(SIZES)}; got {suite!r}")
    size = SIZES[suite]
    wanted = list(CATALOGUE) if keys is None else list(keys)
    return {key: _built(key, size) for key in wanted}


def _built(key: str, size: Size) -> list[Experiment]:
    with while_on(key):
        return list(BUILDERS[key](size))
