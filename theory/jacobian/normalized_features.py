"""||J(x)u||^2 and lengths where a block normalizes all N = n K features before the maximum.

The maximum of normalized features has the direction of the maximum itself, so a block but the last
carries the angle across x as a normalization behind the maximum does (RMS), or nearly (layer). What
the last one gives is read out before any other division. Source: this project,
docs/normalization.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from maxout.theory.jacobian.layer_laws import largest_normal, squared_radius
from maxout.theory.jacobian.normalized_jacobian import block_moment, start
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.random_symbols import ChiSquared, Normal
from maxout.theory.symbols import K, L, l, n, n_L

_i, _a, _b = sp.symbols("i a b", integer=True, positive=True)
_M = LargestNormalMoment(K, 2)
_last = L - 1


def length_mean(norm: str) -> sp.Expr:
    """Return E ||x^(L-1)||^2 / n_{L-1}."""
    features = n[_last] * K
    return _M if norm == "rms" else (features * _M - 1) / (features - 1)


def gain_law(norm: str) -> sp.Expr:
    """Return ||J(x)u||^2 in random symbols."""
    block, last = (_rms_block, _rms_last) if norm == "rms" else (_layer_block, _layer_last)
    before = start() * sp.Product(block(l), (l, 1, L - 2))
    return before * ChiSquared(n_L) / n[_last] * last()


def gain_mean(norm: str) -> sp.Expr:
    """Return its mean; for layer normalization at one hidden layer."""
    units = n[_last]
    features = units * K
    if norm == "rms":
        last = features * (units - _M / K) / (features - 2)
        return start() * n_L / units * sp.Product(block_moment(norm, 1), (l, 1, L - 2)) * last
    kept = units - 1 / K - (units * _M - 1 / K) / (features - 1)
    return start() * n_L / units * features * kept / (features - 3)


def _features(layer: sp.Expr, power: int) -> sp.Expr:
    """Return the sum of Z^power over all features of a layer.

    Its indices are its own, since it stands inside sums over units.
    """
    return sp.Sum(sp.Sum(Normal("Z", layer, _b, _a) ** power, (_b, 1, K)), (_a, 1, n[layer]))


def _rms_block(layer: sp.Expr) -> sp.Expr:
    return ChiSquared(n[layer] - 1, layer) / squared_radius(layer, n[layer])


def _rms_last() -> sp.Expr:
    """Across the winners, and along them what the division by all features leaves."""
    radius2 = _features(_last, 2)
    along = 1 - squared_radius(_last, n[_last]) / radius2
    return n[_last] * K / radius2 * (ChiSquared(n[_last] - 1, _last) + along * Normal("g") ** 2)


@dataclass(frozen=True)
class _Winners:
    """The winners of a layer less the mean of all its features, a, in random symbols.

    Attributes:
      square: |a|^2.
      along: (sum of a)^2/|a|^2: how far they point along (1, ..., 1).
      spread2: the sum of squares of all features less their mean.
    """

    square: sp.Expr
    along: sp.Expr
    spread2: sp.Expr

    @classmethod
    def of(cls, layer: sp.Expr) -> _Winners:
        units = n[layer]
        mean = _features(layer, 1) / (units * K)
        square = sp.Sum((largest_normal(layer, _i) - mean) ** 2, (_i, 1, units))
        total = sp.Sum(largest_normal(layer, _i), (_i, 1, units)) - units * mean
        spread2 = _features(layer, 2) - units * K * mean**2
        return cls(square, total**2 / square, spread2)


def _layer_block(layer: sp.Expr) -> sp.Expr:
    """Of n - 1 directions across a one, along (1, ..., 1), loses to the mean of the features."""
    a, units = _Winners.of(layer), n[layer]
    eta = 1 - (units - a.along) / (units * K)
    return (ChiSquared(units - 2, layer) + eta * Normal("g", layer) ** 2) / a.square


def _layer_last() -> sp.Expr:
    """Beside those, the direction along a, with its covariance."""
    a, units = _Winners.of(_last), n[_last]
    features = units * K
    eta = 1 - (units - a.along) / features
    along = 1 - a.along / features - a.square / a.spread2
    both2 = a.along * (units - a.along) / features**2
    g, v = Normal("g", _last), Normal("v", _last)
    sum_of_squares = eta * g**2 + (sp.sqrt(both2 / eta) * g + sp.sqrt(along - both2 / eta) * v) ** 2
    return features / a.spread2 * (ChiSquared(units - 2, _last) + sum_of_squares)
