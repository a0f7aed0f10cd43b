"""Gradient size by layer: exact second moments beside the paper's and the sharp bounds.

At zero bias the exact values are those of ``parameter_gradients``; with gaussian biases they come
from ``value_functions`` and the law of the activation length. Source: Tseran and Montúfar (ICML
2023) for the bounds; this project, docs/gradients.md, for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.special import expit

from maxout.numerics.jacobian.length_grid import LengthGrid
from maxout.numerics.jacobian.value_functions import EPS, Layers, log_squared_norm, value_functions
from maxout.numerics.order.norm_law import log_law
from maxout.theory.errors import DoesNotApplyError
from maxout.theory.network import Network, require_plain
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment

Array = NDArray[np.float64]

COLUMNS = ("lower", "lower_sharp", "weights", "upper_sharp", "upper")


@dataclass(frozen=True)
class GradientProfile:
    """Second moments of one output's gradients, as natural logarithms, layer by layer.

    Attributes:
      layers: 1..L; L is the linear output layer.
      weights: ln E||dN/dW^(l)||_F^2, exact.
      biases: ln E||dN/db^(l)||^2, exact.
      lengths: ln E||x^(l-1)||^2, exact; the bounds of the weights' values are these and what
        bounds the biases'.
      lower, upper: the paper's bounds of the weights' values.
      lower_sharp, upper_sharp: this project's.
      error: estimate of the largest relative error of the exact values.
    """

    layers: NDArray[np.int64]
    weights: Array
    biases: Array
    lengths: Array
    lower: Array
    upper: Array
    lower_sharp: Array
    upper_sharp: Array
    error: float

    def rows(self) -> list[dict[str, float]]:
        """One dictionary a layer, in base-10 logarithms so that no depth or c overflows."""
        names = (*COLUMNS, "biases")
        return [
            {"layer": int(layer)}
            | {name: float(getattr(self, name)[k] / np.log(10)) for name in names}
            for k, layer in enumerate(self.layers)
        ]


def gradient_profile(network: Network, norm: float | Fraction | None = None) -> GradientProfile:
    """Return E||dN/dW^(l)||^2 and E||dN/db^(l)||^2 of one output for every layer, with bounds.

    Args:
      network: with gaussian or zero biases; any c.
      norm: ||x||, a number >= 0; default sqrt(n_0).

    Raises:
      MaxoutError: for other biases, whose activation lengths are unknown, or a bad norm.
    """
    require_plain(network, "the gradient profile")
    if network.bias not in ("gaussian", "zero"):
        raise DoesNotApplyError(
            f"the gradient profile needs bias 'gaussian' or 'zero'; got {network.bias!r}"
        )
    log_x = log_squared_norm(network, norm)
    error = 4e-15 * network.depth  # one rounding of M_K and of a few products a layer
    if network.bias == "zero":
        lengths = _zero_lengths(network, log_x)
        biases = _zero_biases(network)
        weights = lengths + biases
    else:
        found = gaussian_gradients(Layers.of(network), log_x)
        # Of the output's own weights and bias: its input, and one.
        weights = np.append(found.weights, found.lengths[-1])
        biases = np.append(found.biases, 0.0)
        lengths, error = found.lengths, found.error
    return GradientProfile(
        np.arange(1, network.depth + 1),
        weights,
        biases,
        lengths,
        lengths + _bound(network, float(log_moment(SmallestChi2Moment, network.rank, 1))),
        lengths + _bound(network, float(log_moment(LargestChi2Moment, network.rank, 1))),
        lengths + _bound(network, 0.0),
        lengths + _bound(network, log_moment(LargestNormalMoment, network.rank, 2)),
        error,
    )


@cache
def log_moment(moment: type[sp.Function], rank: int, order: int) -> float:
    """Return the logarithm of one of the three moments, rounded correctly."""
    return float(sp.log(moment(sp.Integer(rank), order)).n(20))


def _log_gains(network: Network) -> tuple[float, float]:
    """ln c and ln (c M_K)."""
    log_c = float(sp.log(network.c).n(20))
    return log_c, log_c + log_moment(LargestNormalMoment, network.rank, 2)


def _bound(network: Network, log_gain: float) -> Array:
    """(L-1-l) ln(c gain) for l = 1..L-1, and 0 for the output layer."""
    log_c, _ = _log_gains(network)
    return np.append(np.arange(network.depth - 2, -1, -1) * (log_c + log_gain), 0.0)


def _zero_lengths(network: Network, log_x: float) -> Array:
    """ln E||x^(l-1)||^2 for l = 1..L."""
    _, log_gain = _log_gains(network)
    units = np.array([network.inputs, *network.widths], dtype=float)
    return log_x + np.log(units / network.inputs) + np.arange(network.depth) * log_gain


def _zero_biases(network: Network) -> Array:
    """ln F_l for l = 1..L, backwards: a monomial p^2 or q^2 after layer l, worth at the end."""
    log_c, log_gain = _log_gains(network)
    second = np.exp(log_gain - log_c)
    along, across, scale = 1.0, 1.0, 0.0
    logs = [0.0]
    for units in reversed(network.widths):
        # The cosines of the n_l unit directions with x^(l) have squares adding up to one.
        logs.append(scale + np.log(along / units + across * (1 - 1 / units)))
        along, across = second * along, along / units + (1 - 1 / units) * across
        top = max(along, across)
        along, across, scale = along / top, across / top, scale + np.log(top) + log_c
    return np.array(logs[::-1])


@dataclass(frozen=True)
class GaussianGradients:
    """Second moments of one output's gradients with gaussian biases, as natural logarithms.

    Attributes:
      weights, biases: (L-1,), ln E||dN/dW^(l)||_F^2 and ln E||dN/db^(l)||^2, l = 1..L-1.
      lengths: (L,), ln E||x^(l-1)||^2, l = 1..L.
      error: estimate of the largest relative error: the change with the resolution, and rounding.
    """

    weights: Array
    biases: Array
    lengths: Array
    error: float


@lru_cache(maxsize=16)
def gaussian_gradients(layers: Layers, log_x: float) -> GaussianGradients:
    """Return the gradients' second moments at ln ||x||^2, -inf for the input 0."""
    lengths = gaussian_lengths(layers, log_x)
    coarse, fine = (gaussian_on_grid(layers, log_x, lengths, refine) for refine in (1, 2))
    with np.errstate(invalid="ignore"):
        change = np.abs(np.expm1(coarse - fine))
    # nan: both are zero. The lengths' law is carried forward, the values backward.
    error = float(np.nanmax(change)) + 2 * layers.rounding
    # The lengths are summed as logarithms, each rounded.
    error += EPS * float(np.abs(lengths[np.isfinite(lengths)]).sum())
    return GaussianGradients(fine[0], fine[1], lengths, error)


def gaussian_lengths(layers: Layers, log_x: float) -> Array:
    """ln E||x^(l-1)||^2 with gaussian biases: S' = c M_K (units/fan_in) (S + 1)."""
    log_gain = layers.log_c + log_moment(LargestNormalMoment, layers.rank, 2)
    logs = [log_x]
    for fan_in, units in layers.shapes:
        logs.append(log_gain + float(np.log(units / fan_in) + np.logaddexp(0.0, logs[-1])))
    return np.array(logs)


def gaussian_on_grid(layers: Layers, log_x: float, log_lengths: Array, refine: int) -> Array:
    """ln E||dN/dW^(l)||^2 and ln F_l, the length's law carried forward, the values backward."""
    grid = LengthGrid(refine)
    values = {v.layer: v for v in value_functions(layers, 1, grid)}
    cos2, _ = grid.turn
    # ``law`` is that of ln X; ``sized`` is it weighted by X and divided by E X, which is exact on
    # its own and does not stop where the grid does.
    at: Array | None = np.array([log_x])
    law, sized = np.ones(1), np.ones(1)
    output = -float(np.log(layers.shapes[-1][1]))
    weights, biases = [], []
    for layer, (fan_in, units) in enumerate(layers.shapes, start=1):
        square = log_law(layers.rank, units, refine)
        places = grid.places(layers.log_c - float(np.log(fan_in)), at)
        across, along = values[layer].values
        onward = along * cos2 + across * (units - cos2)
        here = grid.expect(square, places, onward)
        log_factor = values[layer].log_factor + output
        weights.append(log_lengths[layer - 1] + np.log(sized @ here) + log_factor)
        biases.append(np.log(law @ here) + log_factor)
        # X' = s^2 (X + 1) r^2: X' weights by r^2 what X + 1 weighted.
        share = expit(log_lengths[layer - 1])
        moved = grid.push(square.tilted(1), places, share * sized + (1 - share) * law)
        sized = moved / moved.sum()
        law = grid.push(square, places, law)
        at = None
    return np.array([weights, biases])
