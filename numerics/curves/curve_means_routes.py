"""Values of W, mean angular speeds with gaussian biases, inside expressions: means over draws."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from flint import arb

from maxout.numerics.curves.curve_breakpoints import log_angular_speeds
from maxout.numerics.jacobian.network_arguments import exponential, layer, layers, log
from maxout.numerics.jacobian.value_functions import Layers
from maxout.numerics.routes import estimates
from maxout.theory.curves.curve_means import AngularSpeed
from maxout.theory.errors import DomainError

DRAWS = 200_000
"""Of the chain: its standard error is some thousandths of the value."""
FEWEST = 20_000
TOTAL = 4_000_000
"""Layers times draws; deep networks get fewer draws, ``FEWEST`` at least."""
MAX_LAYERS = 1000


@estimates(AngularSpeed)
def angular_speed(evaluator: Any, expr: AngularSpeed) -> arb:
    """W(l, X), l >= 1, with an error of four standard errors."""
    network = layers(evaluator, expr)
    at = layer(evaluator, expr.args[0], 0, len(network.shapes) - 1)
    square = expr.args[1]
    if at == 0:
        value = evaluator(square)
        return 1 / (value + 1).sqrt()
    if len(network.shapes) > MAX_LAYERS:
        raise DomainError(
            f"angular speeds are drawn through at most {MAX_LAYERS:,} hidden layers; "
            f"got {len(network.shapes):,}"
        )
    # The last hidden layer's speed counts no breakpoints of a later one.
    before = Layers(network.rank, network.log_c, network.shapes[:-1])
    draws, logs, errors = _speeds(before, log(evaluator, square))
    route = f"{draws:,} draws of the chain"
    return exponential(evaluator, float(logs[at - 1]), float(errors[at - 1]), route)


@lru_cache(maxsize=16)
def _speeds(before: Layers, log_x: float) -> tuple[int, np.ndarray, np.ndarray]:
    """Draws, ln of the mean speeds, and four relative standard errors."""
    draws = int(np.clip(TOTAL // len(before.shapes), FEWEST, DRAWS))
    logs = log_angular_speeds(
        before, np.full(draws, log_x), np.zeros(draws), np.random.default_rng(0)
    )
    top = logs.max(axis=0)
    speeds = np.exp(logs - top)
    mean = speeds.mean(axis=0)
    error = 4 * speeds.std(axis=0, ddof=1) / np.sqrt(draws) / mean
    return draws, np.log(mean) + top, error
