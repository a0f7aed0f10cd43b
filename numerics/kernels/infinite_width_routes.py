"""Values of q_K, kappa_K and the kernels of two inputs inside expressions.

The tables of ``numerics.kernels`` are functions of the angle, which an inner product knows badly:
the angle is taken from 1 - rho, evaluated exactly enough, and its error is carried in balls.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from flint import arb

from maxout.numerics.balls.precision import working_precision
from maxout.numerics.kernels.winner_table import ACCURACY, MAX_RANK, KernelTable, kernel_table
from maxout.numerics.order.moment_balls import moment_ball
from maxout.numerics.routes import estimates
from maxout.theory.errors import DomainError
from maxout.theory.kernels.infinite_width import MaxKernel, PairNNGP, PairNTK, WinnerProbability

ROUTE = "float64"
MAX_DEPTH = 20_000
"""Layers that a pair of inputs is carried through, a fraction of a millisecond each."""
_BITS = 320  # so that 1 - rho keeps its digits for any two inputs that floats can tell apart


def _table(rank: int) -> KernelTable:
    if not 1 <= rank <= MAX_RANK:
        raise DomainError(
            f"the infinite-width kernels have values at rank 1 to {MAX_RANK:,}; got {rank:,}"
        )
    return kernel_table(rank)


def _angle(fall: arb) -> arb:
    """theta from 1 - cos theta, which both ends of the ball are brought into [0, 2] for."""
    ends = [end.max(arb(0)).min(arb(2)) for end in (fall.lower(), fall.upper())]
    low, high = (2 * (end / 2).sqrt().asin() for end in ends)
    return low.union(high)


def _read(table: KernelTable, values: Any, theta: arb) -> arb:
    """One of a table's functions at a ball: they are 1-Lipschitz times (1 + E Xi) in the angle."""
    middle = float(theta.mid())
    value = float(values(np.array([min(max(middle, 0.0), np.pi)]))[0])
    reach = arb(theta.rad()) + arb(2) ** -53 * (1 + abs(middle))
    return arb(value) + arb(0, (ACCURACY + (1 + table.mean) * reach).abs_upper())


def _one_minus(evaluator: Any, rho: sp.Expr) -> arb:
    fall = evaluator.precisely(1 - rho, _BITS)
    if not isinstance(fall, arb) or fall < 0 or fall > 2:
        raise DomainError(f"a correlation must be from -1 to 1; got {rho}")
    return fall


@estimates(WinnerProbability)
def winner(evaluator: Any, expr: sp.Expr) -> arb:
    """q_K(rho); an absolute error."""
    known = evaluator.closed(expr)
    if not isinstance(known, expr.func):
        return evaluator(known)
    rank, rho = expr.args
    table = _table(evaluator.integer(rank))
    with working_precision(_BITS):
        theta = _angle(_one_minus(evaluator, rho))
        return evaluator.estimate(_read(table, table.winner, theta), ROUTE)


@estimates(MaxKernel)
def kappa(evaluator: Any, expr: sp.Expr) -> arb:
    """kappa_K(rho) = M_K - (1 - rho) times the mean of q_K over correlations above."""
    known = evaluator.closed(expr)
    if not isinstance(known, expr.func):
        return evaluator(known)
    rank, rho = expr.args
    k = evaluator.integer(rank)
    table = _table(k)
    with working_precision(_BITS):
        fall = _one_minus(evaluator, rho)
        mean = _read(table, table.mean_winner, _angle(fall))
        return evaluator.estimate(moment_ball(k, 2) - fall * mean, ROUTE)


@estimates(PairNNGP)
def nngp(evaluator: Any, expr: sp.Expr) -> arb:
    """The output's covariance at two inputs."""
    return _pair(evaluator, expr)[0]


@estimates(PairNTK)
def ntk(evaluator: Any, expr: sp.Expr) -> arb:
    """The tangent kernel at two inputs."""
    return _pair(evaluator, expr)[1]


def _pair(evaluator: Any, expr: sp.Expr) -> tuple[arb, arb]:
    """Both kernels, by the recursion of ``infinite_width`` in 1 - rho instead of the product.

    Raises:
      DomainError: where an input has no direction (x = 0 without a bias), or for depths and ranks
        without values.
    """
    depth, rank = (evaluator.integer(argument) for argument in expr.args[:2])
    if not 2 <= depth <= MAX_DEPTH:
        raise DomainError(
            f"pairs of inputs are carried through 2 to {MAX_DEPTH:,} layers; got {depth:,}"
        )
    table = _table(rank)
    with working_precision(_BITS):
        gain, variance, xx, xy, yy = (evaluator.precisely(a, _BITS) for a in expr.args[2:])
        xx, xy, yy = (gain * product + variance for product in (xx, xy, yy))
        if not (xx > 0 and yy > 0):
            raise DomainError(
                "an input of norm 0 without a bias has no direction: the kernel is not defined"
            )
        second = moment_ball(rank, 2)
        scale = (xx * yy).sqrt()
        fall, tangent = 1 - xy / scale, xy
        for layer_gain in (gain,) * (depth - 2) + (arb(1),):
            theta = _angle(fall)
            shared = scale * second * layer_gain
            xx, yy = (layer_gain * second * v + variance for v in (xx, yy))
            scale = (xx * yy).sqrt()
            lost = fall * _read(table, table.mean_winner, theta) / second
            # scale - variance - shared is 0 for inputs of one norm; the rest keeps its digits.
            fall = (scale - variance - shared + shared * lost) / scale
            xy = shared * (1 - lost) + variance
            tangent = xy + layer_gain * _read(table, table.winner, theta) * tangent
        return evaluator.estimate(xy, ROUTE), evaluator.estimate(tangent, ROUTE)
