"""Controls that several families of experiments share: what is wrong lies in the right side."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from maxout.theory.jacobian.moving_frame import SquaredNormMoment
from maxout.theory.order.moments import LargestNormalMoment, SmallestChi2Moment
from maxout.theory.symbols import K, c
from maxout.verify.experiment import Twin, rewritten


def replaced(label: str, one: type[sp.Function], other: Callable[..., sp.Expr]) -> Twin:
    """One function in place of another of the same arguments."""
    return rewritten(
        label,
        lambda right: right.replace(lambda e: isinstance(e, one), lambda e: other(*e.args)),
    )


def instead(label: str, right: sp.Expr) -> Twin:
    """Another right side in the place of this one."""
    return rewritten(label, lambda _: right)


def second_moment_off(percent: int) -> Twin:
    """M_K off by so many percent, wherever it stands; depth multiplies the error."""
    factor = 1 + sp.Rational(percent, 100)

    def rewrite(right: sp.Expr) -> sp.Expr:
        return right.replace(
            lambda e: isinstance(e, LargestNormalMoment) and e.args[1] == 2,
            lambda e: factor * e,
        )

    return rewritten(f"M_K off by {percent} %", rewrite)


def weights_off(percent: int) -> Twin:
    """The variance of the hidden weights off by so many percent."""
    factor = 1 + sp.Rational(percent, 100)
    return rewritten(f"c off by {percent} %", lambda right: right.xreplace({c: factor * c}))


NO_GAIN = replaced("1 instead of M_K", LargestNormalMoment, lambda rank, order: sp.S.One)

SMALLEST_PIECE = rewritten(
    "S_K instead of K, and no spread",
    lambda right: right.replace(sp.exp, lambda e: sp.S.One).xreplace({K: SmallestChi2Moment(K, 1)}),
)


def _without_finite_width(right: sp.Expr) -> sp.Expr:
    # E r^{2t} -> (m M_K)^t
    dropped = right.replace(
        lambda e: isinstance(e, SquaredNormMoment),
        lambda e: (e.args[1] * LargestNormalMoment(e.args[0], 2)) ** e.args[2],
    )
    # E r^4 is written out: m E Xi^4 + m (m-1) M_K^2.
    return dropped.replace(
        lambda e: isinstance(e, LargestNormalMoment) and e.args[1] == 4,
        lambda e: LargestNormalMoment(e.args[0], 2) ** 2,
    )


NO_FINITE_WIDTH = rewritten("the 1/n terms of the length dropped", _without_finite_width)
