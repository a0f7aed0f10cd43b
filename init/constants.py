"""The second moment M_K and the gain 1/√M_K in float64: from the table, computed beyond it.

The table, which ``tools/make_table.py`` writes and a test encloses, is there so that layers load
nothing but their framework; ``numerics.order`` computes what it holds.
"""

from __future__ import annotations

import math
import operator
from functools import lru_cache

from maxout.init.table import SECOND_MOMENTS
from maxout.theory.errors import DomainError

Window = int | tuple[int, ...]


def check_rank(rank: int, name: str = "rank") -> int:
    """``rank`` as an int of at least 1, or DomainError."""
    try:
        value = operator.index(rank)
    except TypeError:
        value = 0
    if value < 1 or isinstance(rank, bool):
        raise DomainError(f"{name} must be an integer of at least 1; got {rank!r}")
    return value


def second_moment(rank: int) -> float:
    """M_K = E[Ξ_K²], Ξ_K the largest of K = ``rank`` standard normals; correctly rounded.

    Raises:
      MaxoutError: for a rank that is not an integer of at least 1, or too large to be computed.
    """
    rank = check_rank(rank)
    if rank <= len(SECOND_MOMENTS):
        return SECOND_MOMENTS[rank - 1]
    return _computed(rank)


@lru_cache(maxsize=256)
def _computed(rank: int) -> float:
    # Here, not above: importing the layers must not cost what computing a moment costs.
    from maxout.numerics.order.order_moments import moment

    # 20 certified digits decide the rounding to a float's 17 but in one case of a thousand.
    return float(moment(rank, order=2, digits=20))


def calculate_gain(rank: int, window: Window = 1) -> float:
    """The gain √c = 1/√M_K of a maxout layer: weights have standard deviation gain/√fan_in.

    The counterpart of ``torch.nn.init.calculate_gain``; rank 1 gives the 1 of a linear layer.

    Args:
      rank: affine pieces K of one unit.
      window: cells p of the max pooling that follows, or its kernel size as a tuple, (2, 2) for
        p = 4; the gain is that of rank K p. The cells count as independent, which they are for a
        convolution where their input patches are orthogonal.

    Raises:
      MaxoutError: for a rank or a window that is not an integer of at least 1.

    Source: Tseran and Montúfar (ICML 2023).
    """
    return 1.0 / math.sqrt(second_moment(check_rank(rank) * cells(window)))


def std(rank: int, fan_in: int, *, window: Window = 1, dropout: float = 0.0) -> float:
    """The standard deviation √(c/fan_in) of a maxout layer's weights; biases are zero.

    Args:
      rank: affine pieces K of one unit; 1 is a linear layer.
      fan_in: inputs of one piece; for a convolution, cells of the kernel times input channels over
        groups.
      window: cells of the max pooling that follows, as in ``calculate_gain``.
      dropout: rate p of the (inverted) dropout in front of the layer: c = (1 - p)/M_K keeps the
        mean square in training mode, and shrinks it by 1 - p in evaluation mode.

    Raises:
      DomainError: for integers below 1, or a rate outside [0, 1).

    Source: Tseran and Montúfar (ICML 2023); dropout and windows: docs/initialization.md.
    """
    fan_in = check_rank(fan_in, "fan_in")
    if not 0 <= dropout < 1:
        raise DomainError(f"dropout must be a number from 0 to below 1; got {dropout!r}")
    return calculate_gain(rank, window) * math.sqrt((1 - dropout) / fan_in)


def cells(window: Window) -> int:
    """How many cells a pooling window has."""
    sides = window if isinstance(window, tuple) else (window,)
    return math.prod(check_rank(side, "window") for side in sides)
