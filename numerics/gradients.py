"""Gradient size by layer: exact second moments beside the paper's and the sharp bounds.

At zero bias the exact values are those of ``theory.gradients``; with gaussian biases they come from
the value functions of ``numerics.angle`` and the law of the activation length. Source: Tseran and
Montúfar (ICML 2023) for the bounds; this project, docs/gradients.md, for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from maxout.numerics.angle import log_squared_norm, value_functions
from maxout.numerics.angle_grid import LengthGrid
from maxout.numerics.frame_law import log_law
from maxout.theory.moments import LargestChi2Moment, LargestNormalMoment, SmallestChi2Moment
from maxout.theory.network import Network

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


def gradient_profile(network: Network, norm: float | None = None) -> GradientProfile:
    """Return E||dN/dW^(l)||^2 and E||dN/db^(l)||^2 of one output for every layer, with bounds.

    Args:
      network: with gaussian or zero biases; any c.
      norm: ||x||, a number >= 0; default sqrt(n_0).

    Raises:
      ValueError: for other biases, whose activation lengths are unknown, or a bad norm.
    """
    if network.bias not in ("gaussian", "zero"):
        raise ValueError(
            f"the gradient profile needs bias 'gaussian' or 'zero'; got {network.bias!r}"
        )
    log_x = log_squared_norm(network, norm)
    error = 4e-15 * network.depth  # one rounding of M_K and of a few products a layer
    if network.bias == "zero":
        lengths = _zero_lengths(network, log_x)
        biases = _zero_biases(network)
        weights = lengths + biases
    else:
        weights, biases = _gaussian(network, log_x, 2)
        lengths = _gaussian_lengths(network, log_x)
        coarse = _gaussian(network, log_x, 1)
        with np.errstate(invalid="ignore"):
            change = np.abs(np.expm1(np.array(coarse) - np.array([weights, biases])))
        error += float(np.nanmax(change))  # nan: both are zero
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


def _gaussian_lengths(network: Network, log_x: float) -> Array:
    """ln E||x^(l-1)||^2 with gaussian biases: S' = c M_K (units/fan_in) (S + 1)."""
    _, log_gain = _log_gains(network)
    logs = [log_x]
    for fan_in, units in network.hidden():
        logs.append(log_gain + np.log(units / fan_in) + float(np.logaddexp(0.0, logs[-1])))
    return np.array(logs)


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


def _gaussian(network: Network, log_x: float, refine: int) -> tuple[Array, Array]:
    """ln E||dN/dW^(l)||^2 and ln F_l, the length's law carried forward, the values backward."""
    grid = LengthGrid(refine)
    single = Network(network.inputs, network.widths, 1, network.rank, network.c, network.bias)
    log_c, _ = _log_gains(network)
    values = {v.layer: v for v in value_functions(single, 1, grid, grid.points)}
    cos2 = 1 / (1 + np.exp(-grid.points))
    # ``law`` is that of ln X; ``sized`` is it weighted by X and divided by E X, which is exact on
    # its own and does not stop where the grid does.
    at, law, sized = np.array([log_x]), np.ones(1), np.ones(1)
    log_lengths = _gaussian_lengths(network, log_x)
    weights, biases = [], []
    for layer, (fan_in, units) in enumerate(network.hidden(), start=1):
        square = log_law(network.rank, units, refine)
        log_scale = float(log_c - np.log(fan_in))
        across, along = values[layer].values
        onward = along * cos2 + across * (units - cos2)
        here = grid.expect(square, log_scale, onward, at)
        log_factor = values[layer].log_factor
        weights.append(log_lengths[layer - 1] + np.log(sized @ here) + log_factor)
        biases.append(np.log(law @ here) + log_factor)
        # X' = s^2 (X + 1) r^2: X' weights by r^2 what X + 1 weighted.
        share = 1 / (1 + np.exp(-log_lengths[layer - 1]))
        moved = grid.push(square.tilted(1), log_scale, share * sized + (1 - share) * law, at)
        sized = moved / moved.sum()
        law = grid.push(square, log_scale, law, at)
        at = grid.points
    weights.append(log_lengths[-1])
    return np.array(weights), np.array([*biases, 0.0])
