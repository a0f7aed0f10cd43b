"""Every statement of the catalogue as experiments, with their controls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module

from maxout.theory.catalogue import CATALOGUE
from maxout.theory.errors import while_on
from maxout.verify.errors import UnknownSuiteError
from maxout.verify.experiments.experiment import SIZES, Builder, Experiment, Size, Twin

_MODULES = {
    "order": ("order_statistics", "closed_forms"),
    "init": ("order_statistics", "typical", "logarithms"),
    "jacobian": ("any_bias", "exact", "gaussian", "typical", "logarithms"),
    "curve": ("curves", "breakpoints"),
    "regions": ("regions",),
    "activation": ("activation",),
    "gradients": ("gradients",),
    "kernel": ("kernels", "tangent_kernels", "kernel_diagonals"),
}
"""Section of the catalogue, the first word of a key -> modules with its experiments."""


class _Builders(dict[str, Builder]):
    """Statement's key -> builder of its experiments, imported when it is first asked for."""

    def __missing__(self, key: str) -> Builder:
        for module in _MODULES.get(key.partition(".")[0], ()):
            found = import_module(f"{__name__}.{module}").EXPERIMENTS
            if key in found:
                return self.setdefault(key, found[key])
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
