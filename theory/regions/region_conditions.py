"""Where the 2021 bounds on regions hold."""

from __future__ import annotations

from typing import Any

import sympy as sp

from maxout.theory.domain import Condition
from maxout.theory.network import INPUTS, OUTPUTS, RANK, WEIGHT_VARIANCE, WIDTHS
from maxout.theory.parameters import VOLUME
from maxout.theory.regions.region_bounds import smallest_side
from maxout.theory.symbols import n_0, volume


def cube(source: str, outputs: bool = False) -> Condition:
    """The cube is at least as large as the 2021 theorem needs; for N <= n_0 any cube is.

    Args:
      source: of C_grad, "paper" or "sharp"; outputs: whether they count among the features.
    """

    def large_enough(vol: Any, inputs: int, widths: tuple[int, ...], *_: Any) -> bool | sp.Rel:
        if sum(widths) <= inputs:
            return True
        return sp.Gt(volume, smallest_side(source, outputs) ** n_0, evaluate=False)

    return Condition(
        "vol > 1/(2 C_bias C_grad)^n_0, where N > n_0",
        (VOLUME, INPUTS, WIDTHS, RANK, WEIGHT_VARIANCE, OUTPUTS),
        large_enough,
    )


def inputs_at_most(most: int) -> Condition:
    """So many inputs as powers of polynomials are multiplied for."""
    return Condition(f"n_0 <= {most:,}", (INPUTS,), lambda inputs: inputs <= most)
