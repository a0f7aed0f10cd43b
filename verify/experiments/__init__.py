"""Every statement of the catalogue as experiments, with their controls."""

from __future__ import annotations

from collections.abc import Iterable

from maxout.theory.catalogue import CATALOGUE
from maxout.theory.errors import while_on
from maxout.verify.errors import UnknownSuiteError
from maxout.verify.experiments import (
    activation,
    any_bias,
    breakpoints,
    closed_forms,
    curves,
    exact,
    gaussian,
    gradients,
    kernel_diagonals,
    kernels,
    logarithms,
    order_statistics,
    regions,
    tangent_kernels,
    typical,
)
from maxout.verify.experiments.experiment import SIZES, Builder, Experiment, Size, Twin

BUILDERS: dict[str, Builder] = {
    **order_statistics.EXPERIMENTS,
    **closed_forms.EXPERIMENTS,
    **any_bias.EXPERIMENTS,
    **exact.EXPERIMENTS,
    **gaussian.EXPERIMENTS,
    **typical.EXPERIMENTS,
    **logarithms.EXPERIMENTS,
    **curves.EXPERIMENTS,
    **breakpoints.EXPERIMENTS,
    **regions.EXPERIMENTS,
    **activation.EXPERIMENTS,
    **gradients.EXPERIMENTS,
    **kernels.EXPERIMENTS,
    **tangent_kernels.EXPERIMENTS,
    **kernel_diagonals.EXPERIMENTS,
}

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
        return list(BUILDERS[key](size)) if key in BUILDERS else []
