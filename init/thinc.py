"""Initializers of thinc's Maxout layers, whose weights are (nO, nP, nI). Needs thinc.

Registered by an entry point: ``{"@initializers": "maxout_normal.v1"}`` in a config of thinc or
spaCy finds them wherever this package is installed. Plain kernels (nO, nI) have one piece.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from thinc.backends import Ops

from maxout.init.constants import std
from maxout.theory.errors import DomainError

Initializer = Callable[[Ops, tuple[int, ...]], Any]


def maxout_normal(ops: Ops, shape: tuple[int, ...]) -> Any:
    """Return weights (nO, nP, nI) or (nO, nI) drawn from N(0, c/nI), c = 1/M_nP.

    From the generator of ``ops.xp.random``, which ``thinc.api.fix_random_seed`` seeds, as thinc's
    own initializers.

    Raises:
      DomainError: for another number of axes.
    """
    return ops.asarray_f(ops.xp.random.normal(0.0, _deviation(shape), shape))


def maxout_uniform(ops: Ops, shape: tuple[int, ...]) -> Any:
    """``maxout_normal`` from a uniform law of the same variance."""
    bound = math.sqrt(3) * _deviation(shape)
    return ops.asarray_f(ops.xp.random.uniform(-bound, bound, shape))


def configure_maxout_normal() -> Initializer:
    """Return ``maxout_normal``: what thinc's registry calls."""
    return maxout_normal


def configure_maxout_uniform() -> Initializer:
    """Return ``maxout_uniform``: what thinc's registry calls."""
    return maxout_uniform


def _deviation(shape: tuple[int, ...]) -> float:
    if len(shape) not in (2, 3):
        raise DomainError(
            f"weights must be (nO, nP, nI), or (nO, nI) of one piece; got shape {shape}"
        )
    return std(shape[1] if len(shape) == 3 else 1, shape[-1])
