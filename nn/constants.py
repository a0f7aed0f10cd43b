"""The second moment M_K and the gain 1/√M_K in float64: from the table, computed beyond it.

The table, which ``tools/make_table.py`` writes and a test encloses, is there so that layers load
nothing but PyTorch; ``numerics.order`` computes what it holds.
"""

from __future__ import annotations

import math
from functools import lru_cache

from maxout.nn.functional import check_rank
from maxout.nn.table import SECOND_MOMENTS


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


def calculate_gain(rank: int, window: int | tuple[int, ...] = 1) -> float:
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


def cells(window: int | tuple[int, ...]) -> int:
    """How many cells a pooling window has."""
    sides = window if isinstance(window, tuple) else (window,)
    return math.prod(check_rank(side, "window") for side in sides)
