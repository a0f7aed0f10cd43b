"""M_K, L_K, S_K and their kin inside expressions: proved balls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp
from flint import arb

from maxout.numerics.order.moment_balls import moment_ball
from maxout.numerics.routes import encloses
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment


def _rule(statistic: str) -> Callable[[Any, sp.Expr], arb]:
    def rule(evaluator: Any, expr: sp.Expr) -> arb:
        k, t = (evaluator.integer(argument) for argument in expr.args)
        if k < 1 or t < 0:
            raise ArithmeticError(f"a moment needs rank >= 1 and order >= 0; got {k} and {t}")
        return moment_ball(k, t, statistic) if t else arb(1)

    return rule


encloses(LargestNormalMoment)(_rule("largest"))
encloses(LargestChi2Moment)(_rule("chi2-largest"))
encloses(SmallestChi2Moment)(_rule("chi2-smallest"))
