"""Units other than maxout that pick among K features: what they pass on, and the constant of each.

A layer of n groups of K features. fan_in counts what the groups before pass on, zeros included:
n_0 in the first layer, outputs times n in the later ones. c = outputs/energy keeps the mean square
of what is passed on. Source: this project, docs/units.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from maxout.theory.errors import DomainError
from maxout.theory.jacobian.layer_laws import gain_in_frame, gain_in_moving_frame
from maxout.theory.network import RANK
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.random_symbols import ChiSquared, Normal, Smallest
from maxout.theory.symbols import K, L, c, l, n, n_0, n_L, x_norm


@dataclass(frozen=True)
class Unit:
    """A unit that picks among K features.

    Attributes:
      name: as it is typed.
      words: what it does.
      outputs: K -> how many numbers a group passes on.
      energy: K -> the mean of the sum of their squares, of features N(0, 1).
      rank: the only K it has; None for any.
    """

    name: str
    words: str
    outputs: Callable[[sp.Expr], sp.Expr]
    energy: Callable[[sp.Expr], sp.Expr]
    rank: int | None = None

    def checked_rank(self, rank: int) -> sp.Integer:
        """K as an Integer.

        Raises:
          DomainError: for a rank that is none, or that the unit does not have.
        """
        found = RANK(rank)
        if self.rank not in (None, found):
            raise DomainError(f"a unit {self.name} has rank {self.rank}; got {found}")
        return sp.Integer(found)

    def constant(self, rank: sp.Expr) -> sp.Expr:
        """c, weight variance times fan_in, that keeps the mean square of what is passed on."""
        return self.outputs(rank) / self.energy(rank)


def _second(rank: sp.Expr) -> sp.Expr:
    return LargestNormalMoment(rank, 2)


_ONE = sp.Integer(1)
_UNITS = (
    Unit("maxout", "passes on the largest of K features", lambda k: _ONE, _second),
    Unit("groupsort", "passes on K features in order", lambda k: k, lambda k: k),
    Unit("maxmin", "passes on two features in order", lambda k: k, lambda k: k, 2),
    Unit("lwta", "passes on the largest of K features, and 0 for the others", lambda k: k, _second),
    Unit("mfm", "passes on the larger of two features", lambda k: _ONE, _second, 2),
    Unit(
        "mfm23",
        "passes on the two largest of three features",
        lambda k: k - 1,
        lambda k: k - _second(k),
        3,
    ),
)
UNITS = {unit.name: unit for unit in _UNITS}


def unit_named(name: str) -> Unit:
    """The unit of a name.

    Raises:
      DomainError: for a name that none has.
    """
    if name not in UNITS:
        raise DomainError(f"unit must be one of {', '.join(UNITS)}; got {name!r}")
    return UNITS[name]


def length_mean(name: str) -> sp.Expr:
    """Return E ||x^(L-1)||^2 over the numbers that layer L - 1 passes on, at zero bias."""
    unit = UNITS[name]
    return x_norm**2 / n_0 * (c * unit.energy(K) / unit.outputs(K)) ** (L - 1)


def sorted_gain() -> sp.Expr:
    """Return ||J(x)u||^2 of GroupSort: that of a linear network as wide as all features."""
    width = K * n[l]
    layer = c / width * ChiSquared(width, l)
    return ChiSquared(n_L) / n_0 * sp.Product(layer, (l, 1, L - 1))


def winner_gain() -> sp.Expr:
    """Return ||J(x)u||^2 of LWTA at zero bias: maxout's, whose fan-ins count no zeros."""
    return K ** (1 - L) * gain_in_moving_frame()


def two_of_three_gain() -> sp.Expr:
    """Return ||J(x)u||^2 of MFM 2/3 at zero bias, in the moving frame.

    All but the smallest of K = 3 features are passed on: r^2 is what their squares add up to, and
    2 n_l - 1 directions lie across.
    """
    i, k = sp.symbols("i k", integer=True, positive=True)
    feature = Normal("Z", l, k, i)
    kept = sp.Sum(feature**2, (k, 1, K)) - Smallest(feature, (k, 1, K)) ** 2
    outputs = K - 1
    frame = gain_in_frame(sp.Sum(kept, (i, 1, n[l])), outputs * n[l])
    return outputs ** (1 - L) * frame
