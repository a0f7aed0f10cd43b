"""The moving frame with gaussian biases: moments of ||J(x)u||^2 through value functions.

The augmented input (x, 1) turns the frame in every layer by an angle that X = ||x||^2 alone tells:
X' = (c/n)(X+1) r^2, theta^2 = X'/(X'+1), p' = theta p_z, q'^2 = (1-theta^2) p_z^2 + q_z^2, where
p_z = s(r p + g q) and q_z = s chi q are the updates at zero bias. Source: this project,
docs/gaussian-bias.md.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from maxout.theory.errors import DomainError
from maxout.theory.network_function import NetworkFunction
from maxout.theory.order.norm import chi2_moment
from maxout.theory.symbols import L, cos_0, n, n_L, x_norm


class ValueFunction(NetworkFunction):
    """V(t, a, l, X): what p^{2a} q^{2(t-a)} after layer l is worth for E||u^(L-1)||^{2t}.

    X = ||x^(l)||^2. V(t, a, L-1, X) = C(t, a), and ``backward`` leads from one layer to the one
    before.
    """

    letter = "V"
    own = 4

    def _letters(self, *arguments: str) -> str:
        order, a, layer, length = arguments
        return rf"V^{{({order})}}_{{{a},{layer}}}\left({length}\right)"


def start() -> sp.Expr:
    """Return p^2 at the input, the squared cosine of the angle between (x, 1) and (u, 0)."""
    return cos_0**2 * x_norm**2 / (x_norm**2 + 1)


def moment_gaussian(order: int) -> sp.Expr:
    """Return E||J(x)u||^{2 order} with gaussian biases, in the value functions at the input."""
    if int(order) != order or order < 1:
        raise DomainError(f"order must be an integer >= 1; got {order}")
    along = start()
    monomials = sp.Add(
        *(
            along**a * (1 - along) ** (order - a) * ValueFunction(order, a, 0, x_norm**2)
            for a in range(order + 1)
        )
    )
    return chi2_moment(n_L, order) / n[L - 1] ** order * monomials


def variance_gaussian() -> sp.Expr:
    """Return Var ||J(x)u||^2 with gaussian biases, in the value functions at the input."""
    return moment_gaussian(2) - moment_gaussian(1) ** 2


def backward(
    order: int,
    i: int,
    after: Callable[[int, sp.Expr], sp.Expr],
    units: sp.Expr,
    scale: sp.Expr,
    length: sp.Expr,
    squared_radius: sp.Expr,
) -> sp.Expr:
    """Return what is averaged over r^2: V(order, i, l-1, X) = E of it.

    Args:
      order: t.
      i: of the monomial p^{2i} q^{2(t-i)} before the layer.
      after: (a, X') -> V(t, a, l, X').
      units: units of layer l.
      scale: s^2 = c/fan_in of layer l.
      length: X.
      squared_radius: r^2 = Xi_1^2 + ... + Xi_units^2.
    """
    following = scale * (length + 1) * squared_radius
    cos2, sin2 = following / (following + 1), 1 / (following + 1)
    total = sp.Integer(0)
    for j in range(i, order + 1):
        # p_z^{2j} q_z^{2(t-j)} given r: odd powers of g vanish.
        coefficient = (
            sp.binomial(2 * j, 2 * i)
            * sp.factorial2(2 * (j - i) - 1)
            * chi2_moment(units - 1, order - j)
        )
        turned = sp.Add(
            *(
                sp.binomial(order - a, j - a) * after(a, following) * cos2**a * sin2 ** (j - a)
                for a in range(j + 1)
            )
        )
        total += coefficient * squared_radius**i * turned
    return scale**order * total
