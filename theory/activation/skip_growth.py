"""Growth of the length where a branch ends in the maximum: a recursion of two numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.symbols import K, beta, c


class MaximumSkipGrowth(sp.Function):
    """V_blocks/V_0 of blocks x + beta max(Wx) in the wide limit, x of mean 0.

    With t = mean(x)/sqrt(|x|^2/n), t_0 = 0: a block multiplies V by g = 1 + 2 d t + s and takes t
    to (t + d)/sqrt(g), d = ``drift`` = beta sqrt(c) E Xi_K and s = ``second`` = beta^2 c M_K.

    Args:
      blocks: their number, an integer >= 0.
      drift, second: d and s.
    """

    is_positive = True

    @classmethod
    def eval(cls, blocks: sp.Expr, drift: sp.Expr, second: sp.Expr) -> sp.Expr | None:
        return sp.Integer(1) if blocks == 0 else None

    def doit(self, **hints: Any) -> sp.Expr:
        """Write it out at a concrete number of blocks."""
        blocks, drift, second = self.args
        if not blocks.is_Integer:
            return self
        t, growth = sp.Integer(0), sp.Integer(1)
        for _ in range(int(blocks)):
            factor = 1 + 2 * drift * t + second
            growth, t = growth * factor, (t + drift) / sp.sqrt(factor)
        return growth

    def _ball_(self, evaluate: Callable[[sp.Expr], Any]) -> Any:
        blocks, drift, second = map(evaluate, self.args)
        t, growth = 0 * drift, 0 * drift + 1
        for _ in range(int(float(blocks))):
            factor = 1 + 2 * drift * t + second
            growth, t = growth * factor, (t + drift) / factor.sqrt()
        return growth


def maximum_skip_growth(blocks: sp.Expr) -> sp.Expr:
    """Return the growth of |x|^2 over so many blocks x + beta max(Wx), in symbols."""
    drift = beta * sp.sqrt(c) * LargestNormalMoment(K, 1)
    return MaximumSkipGrowth(blocks, drift, beta**2 * c * LargestNormalMoment(K, 2))
