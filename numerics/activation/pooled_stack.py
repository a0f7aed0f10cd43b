"""Stages of convolution, maxout and max pooling in the wide limit, from one correlation of patches.

Where patches of any two positions have equal norms and one common correlation rho, the windows'
values behind maxout and pooling have the common correlation N(rho)/M(rho), and so have the patches
of the next stage, whatever its kernel (docs/pooling.md#a-stack).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from maxout.numerics.balls.enclosure import Enclosure
from maxout.numerics.balls.evaluator import enclose
from maxout.theory.activation.pooling import PooledMoment, PooledProduct
from maxout.theory.errors import DomainError
from maxout.theory.network import RANK
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.parameters import CELL_CORRELATION, WINDOW

MAX_STAGES = 100


@dataclass(frozen=True)
class Stage:
    """One stage.

    Attributes:
      correlation: of the patches that it reads.
      moment: M_{K,p} of it.
      constant: 1/M_{K,p}, which keeps the mean square in this stage.
      length: mean square behind this stage over that of the input, where every stage has 1/M_{Kp}.
    """

    correlation: float
    moment: Enclosure
    constant: Enclosure
    length: float


def common_correlation(value: Any) -> sp.Expr:
    """A correlation of 0 to 1, exact.

    Raises:
      DomainError: for another number.
    """
    found: sp.Expr = CELL_CORRELATION(value)
    return found


def stages(rank: int, window: int, correlation: Any, count: int, digits: int = 15) -> list[Stage]:
    """Return the stages of a stack, the first one first.

    Args:
      rank: K. window: cells p. correlation: of the patches that the first stage reads, 0 to 1.
      count: stages, 1 to 100.
      digits: of the first stage's numbers; the correlation of the others is known to about 1e-14.

    Raises:
      DomainError: for values outside their domains. OutOfReachError: for K p beyond the method's.
    """
    if not 1 <= count <= MAX_STAGES:
        raise DomainError(f"stages must be an integer from 1 to {MAX_STAGES}; got {count}")
    k, p = sp.Integer(RANK(rank)), sp.Integer(WINDOW(window))
    rho, length, found = common_correlation(correlation), 1.0, []
    independent = float(enclose(LargestNormalMoment(k * p, 2), {}, 17))
    for _ in range(count):
        moment = enclose(PooledMoment(k, p, rho), {}, digits)
        length *= float(moment) / independent
        found.append(
            Stage(float(rho), moment, enclose(1 / PooledMoment(k, p, rho), {}, digits), length)
        )
        following = enclose(PooledProduct(k, p, rho) / PooledMoment(k, p, rho), {}, 15)
        # At most 1, where float64 cannot tell it from 1.
        rho = min(sp.Rational(following.midpoint), sp.Integer(1))
    return found
