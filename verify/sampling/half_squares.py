"""A variance as a mean, that of (X - Y)^2/2 over pairs: rules on means then decide on it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def half_squares(values: np.ndarray) -> np.ndarray:
    """Half the squared differences of consecutive pairs: non-negative, their mean the variance.

    Args:
      values: (n,), independent; the last one is left out where n is odd.

    Returns:
      (n // 2,).
    """
    even = values.size // 2 * 2
    return (values[0:even:2] - values[1:even:2]) ** 2 / 2


def half_squares_variance(moment: Callable[[int], float]) -> float:
    """The variance of (X - Y)^2/2: half of the fourth central moment and the squared variance.

    Args:
      moment: t -> E X^t, for t = 1, 2, 3, 4.
    """
    m1, m2, m3, m4 = (moment(t) for t in (1, 2, 3, 4))
    central = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
    return (central + (m2 - m1**2) ** 2) / 2
