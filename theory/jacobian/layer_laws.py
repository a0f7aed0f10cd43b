"""Right sides of the laws of ||J(x)u||^2 and of a bias gradient, in random symbols.

Sources: Tseran and Montúfar (ICML 2023) for the stochastic order and the law through the angles;
this project for the moving frame, the backward frame and rank 2 (docs/jacobian.md,
docs/gradients.md, docs/typical-size.md).
"""

from __future__ import annotations

import sympy as sp

from maxout.theory.errors import DoesNotApplyError, DomainError
from maxout.theory.random_symbols import ChiSquared, Largest, Normal, Recursion, Smallest
from maxout.theory.symbols import K, L, c, cos_0, l, n, n_0, n_L, x_norm

VARIATES = "Z, v, g, w: N(0, 1); chi2(f): chi-square of f degrees of freedom; all independent"
"""What the random symbols of a right side are, as a definition of a statement."""

_i, _k = sp.symbols("i k", integer=True, positive=True)


def largest_normal(layer: sp.Expr, unit: sp.Expr) -> sp.Expr:
    """Return Xi_{layer, unit}: the largest of K independent N(0, 1)."""
    return Largest(Normal("Z", layer, _k, unit), (_k, 1, K))


def squared_radius(layer: sp.Expr, units: sp.Expr) -> sp.Expr:
    """Return r^2 = sum_i Xi_{layer, i}^2 over the units of a layer."""
    return sp.Sum(largest_normal(layer, _i) ** 2, (_i, 1, units))


def ordered_gain(side: str) -> sp.Expr:
    """Return the stochastic bound of ||J(x)u||^2: the smallest or the largest of K chi^2_1 a unit.

    Args:
      side: "lower" or "upper".
    """
    if side not in ("lower", "upper"):
        raise DomainError(f"side must be 'lower' or 'upper'; got {side!r}")
    extreme = Largest if side == "upper" else Smallest
    unit = extreme(Normal("Z", l, _k, _i) ** 2, (_k, 1, K))
    layer = c / n[l] * sp.Sum(unit, (_i, 1, n[l]))
    return ChiSquared(n_L) / n_0 * sp.Product(layer, (l, 1, L - 1))


def rank2_gain() -> sp.Expr:
    """Return ||J(x)u||^2 of a linear network, which is that of every network of rank 2 too."""
    layer = c / n[l] * ChiSquared(n[l], l)
    return ChiSquared(n_L) / n_0 * sp.Product(layer, (l, 1, L - 1))


def gain_through_angles(bias: str) -> sp.Expr:
    """Return ||J(x)u||^2 through gamma, the angle of the augmented input and direction of a layer.

    Unit i's derivative is s |u| a_i, a_i = v_i sin gamma + Xi_i cos gamma, and its value
    s |(x, 1)| Xi_i: G gains (c/n_l) D, D = sum a_i^2. With R = sum Xi_i^2, H = sum Xi_i v_i and V
    the squared length of (v_i) across (Xi_i), the vectors (a_i) and (Xi_i) are at an angle phi,
    cos phi = (H sin gamma + R cos gamma)/sqrt(R D), sin phi = sin gamma sqrt(V/D). At zero bias
    that is the next gamma; with gaussian biases, X = |x|^2 and Y the next X, the entry 1 of the
    augmented input, across the direction, turns phi into the next gamma. The sine stands on its
    own: as sqrt(1 - cos^2) rounding could make it the root of a negative number.

    Args:
      bias: "gaussian" (parameters: |x| and the cosine of the angle of x and u) or "zero" (the
        cosine alone).
    """
    if bias not in ("gaussian", "zero"):
        raise DoesNotApplyError(f"the angles need bias 'gaussian' or 'zero'; got {bias!r}")
    gain, squared, cosine, sine = sp.symbols("G X cos_gamma sin_gamma", real=True)
    radius2, inner, across2, slope2, after = sp.symbols("R H V D Y", real=True)
    xi, v = largest_normal(l, _i), Normal("v", l, _i)

    def over_units(unit: sp.Expr) -> sp.Expr:
        return sp.Sum(unit, (_i, 1, n[l]))

    intermediates = [
        (radius2, over_units(xi**2)),
        (inner, over_units(xi * v)),
        (across2, over_units((v - xi * inner / radius2) ** 2)),
        (slope2, over_units((v * sine + xi * cosine) ** 2)),
    ]
    layers, gained = (l, 1, L - 1), gain * c / n[l] * slope2
    cos_phi = (inner * sine + radius2 * cosine) / sp.sqrt(radius2 * slope2)
    sin_phi = sine * sp.sqrt(across2 / slope2)
    if bias == "zero":
        states, start = (gain, cosine, sine), (1, cos_0, sp.sqrt(1 - cos_0**2))
        found = Recursion(gain, states, (gained, cos_phi, sin_phi), start, layers, intermediates)
    else:
        augmented = sp.sqrt(x_norm**2 + 1)
        found = Recursion(
            gain,
            (gain, squared, cosine, sine),
            (
                gained,
                after,
                sp.sqrt(after / (after + 1)) * cos_phi,
                sp.sqrt((after * sin_phi**2 + 1) / (after + 1)),
            ),
            (
                1,
                x_norm**2,
                x_norm * cos_0 / augmented,
                sp.sqrt(x_norm**2 * (1 - cos_0**2) + 1) / augmented,
            ),
            layers,
            [*intermediates, (after, c / n[l - 1] * (squared + 1) * radius2)],
        )
    return ChiSquared(n_L) / n_0 * found


def gain_in_moving_frame() -> sp.Expr:
    """Return ||J(x)u||^2 at zero bias: the frame of n_l units and the sum of their Xi^2."""
    return gain_in_frame(squared_radius(l, n[l]), n[l])


def gain_in_frame(radius2: sp.Expr, units: sp.Expr) -> sp.Expr:
    """Return ||J(x)u||^2 at zero bias through p and q, the parts of u along and across x.

    p' = s (r p + g q) and q' = s chi q, with s^2 = c/n_{l-1}, g normal, chi^2 of ``units`` - 1
    degrees of freedom.

    Args:
      radius2: r^2 of layer l, what x is multiplied by but for s^2.
      units: how many numbers layer l passes on.
    """
    p, q = sp.symbols("p q", real=True)
    scale = sp.sqrt(c / n[l - 1])
    frame = Recursion(
        p**2 + q**2,
        (p, q),
        (
            scale * (sp.sqrt(radius2) * p + Normal("g", l) * q),
            scale * sp.sqrt(ChiSquared(units - 1, l)) * q,
        ),
        (cos_0, sp.sqrt(1 - cos_0**2)),
        (l, 1, L - 1),
    )
    return ChiSquared(n_L) / n[L - 1] * frame


def bias_gradient_in_backward_frame(layer: sp.Expr = l) -> sp.Expr:
    """Return ||dN/db^(layer)||^2 of one output at zero bias through P = p^2 and Q = q^2.

    p and q are the parts of the gradient by x^(j) along and across x^(j). From layer j + 1 to j,
    P' = s^2 r^2 P and Q' = s^2 chi^2_{n_j - 1} (P + Q) with s^2 = c/n_j and r^2 the sum of the
    Xi^2 of layer j + 1; behind the last hidden layer P = chi^2_1/n and Q = chi^2_{n-1}/n, n its
    units. Step k goes from layer L - k to L - 1 - k.
    """
    along, across = sp.symbols("P Q", nonnegative=True)
    above, here, last = L - _k, L - 1 - _k, n[L - 1]
    unit = sp.Symbol("i", integer=True, positive=True)
    piece = sp.Symbol("j", integer=True, positive=True)
    xi = Largest(Normal("Z", above, piece, unit), (piece, 1, K))
    radius2 = sp.Sum(xi**2, (unit, 1, n[above]))
    return Recursion(
        along + across,
        (along, across),
        (
            c / n[here] * radius2 * along,
            c / n[here] * ChiSquared(n[here] - 1, here) * (along + across),
        ),
        (Normal("w") ** 2 / last, ChiSquared(last - 1, L - 1) / last),
        (_k, 1, L - 1 - layer),
    )
