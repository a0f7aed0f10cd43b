"""Moments of what is sampled: what margins, variances and plans rest on.

Recursions in float64 over moments of one unit, beside the catalogue and not through it: a wrong
right side is judged by these, never by itself. Each is good to some 1e-12 of its value. They are
evaluated when an experiment is planned, never inside a worker.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.special import ndtr

from maxout.theory.network import Network
from maxout.theory.order.moments import LargestNormalMoment
from maxout.verify.sampling.scales import moment, sum_moment, weight_variance


def chi2_moment(freedom: float, order: int) -> float:
    """Return E (chi^2_freedom)^order."""
    return math.prod(freedom + 2 * i for i in range(order))


def length_moments(rank: int, units: int, order: int) -> list[float]:
    """Return E r^{2i}, i = 0..order, of r = ||(Xi_1, ..., Xi_units)||."""
    unit = [1.0, *(moment(LargestNormalMoment, rank, 2 * i) for i in range(1, order + 1))]
    return [sum_moment(unit, units, i) for i in range(order + 1)]


def gain_moment(network: Network, order: int, cosine: float) -> float:
    """Return E ||J u||^{2 order} at zero bias, by the moving frame of ``moving_frame``."""
    start = [cosine ** (2 * a) * (1 - cosine**2) ** (order - a) for a in range(order + 1)]
    value = _through_layers(network, order, start)
    return value * chi2_moment(network.outputs, order) / network.widths[-1] ** order


def feature_moment(network: Network, order: int) -> float:
    """Return E ||grad zeta||^{2 order} at zero bias, zeta a feature of the last hidden layer.

    ||grad zeta||^2 is c chi^2_{n_0}/n_0 ... a unit of the gain of the layers before it, averaged
    over directions: cos^2 is then Beta(1/2, (n_0 - 1)/2).
    """
    *before, _ = network.widths
    n = network.inputs
    mean = [
        math.prod(0.5 + i for i in range(a))
        * math.prod((n - 1) / 2 + i for i in range(order - a))
        / math.prod(n / 2 + i for i in range(order))
        for a in range(order + 1)
    ]
    factor = (weight_variance(network)) ** order * chi2_moment(n, order) / n**order
    if not before:
        return factor * sum(math.comb(order, a) * mean[a] for a in range(order + 1))
    inner = Network(n, before, 1, network.rank, network.c, "zero")
    # ``_through_layers`` ends with a frame of the last of these layers, scaled by its fan-ins:
    # n_0 for the first layer instead of n_last for the feature's own weights.
    return factor * _through_layers(inner, order, mean) * (n / before[-1]) ** order


def _through_layers(network: Network, order: int, start: list[float]) -> float:
    """E (p^2 + q^2)^order behind the hidden layers, from E p^{2a} q^{2(order-a)} before them."""
    c = weight_variance(network)
    values = start
    for fan_in, units in network.hidden():
        lengths = length_moments(network.rank, units, order)
        values = [
            (c / fan_in) ** order
            * chi2_moment(units - 1, order - a)
            * sum(
                math.comb(2 * a, 2 * i)
                * math.prod(range(2 * (a - i) - 1, 0, -2))
                * lengths[i]
                * values[i]
                for i in range(a + 1)
            )
            for a in range(order + 1)
        ]
    return sum(math.comb(order, a) * values[a] for a in range(order + 1))


def bias_gradient_moment(network: Network, layer: int, order: int) -> float:
    """Return E ||dN/db^(layer)||^{2 order} of one output at zero bias, layer = 1..L-1."""
    c, widths = weight_variance(network), network.widths
    last = widths[-1]
    values = [
        chi2_moment(1, a) * chi2_moment(last - 1, order - a) / last**order for a in range(order + 1)
    ]
    for index in range(len(widths) - 1, layer - 1, -1):
        above, here = widths[index], widths[index - 1]
        lengths = length_moments(network.rank, above, order)
        values = [
            (c / here) ** order
            * lengths[a]
            * chi2_moment(here - 1, order - a)
            * sum(math.comb(order - a, j) * values[a + j] for j in range(order - a + 1))
            for a in range(order + 1)
        ]
    return sum(math.comb(order, a) * values[a] for a in range(order + 1))


def length_moment(network: Network, layer: int, norm: float, order: int) -> float:
    """Return E ||x^(layer)||^{2 order} at zero or gaussian bias, layer = 0..L-1."""
    c = weight_variance(network)
    added = 1.0 if network.bias == "gaussian" else 0.0
    values = [norm ** (2 * k) for k in range(order + 1)]
    for fan_in, units in list(network.hidden())[:layer]:
        lengths = length_moments(network.rank, units, order)
        values = [
            (c / fan_in) ** k
            * lengths[k]
            * sum(math.comb(k, i) * added ** (k - i) * values[i] for i in range(k + 1))
            for k in range(order + 1)
        ]
    return values[order]


def weight_gradient_moment(network: Network, layer: int, norm: float, order: int) -> float:
    """Return E ||dN/dW^(layer)||^{2 order} of one output at zero bias, layer = 1..L.

    The gradient by x^(layer) depends on the direction of x^(layer) alone, not on its length.
    """
    lengths = length_moment(network, layer - 1, norm, order)
    if layer == network.depth:
        return lengths
    return lengths * bias_gradient_moment(network, layer, order)


def layer_bound(network: Network, layer: int, gain: float) -> float:
    """Return (c gain)^(L-1-layer), the form of every bound of a bias gradient's mean."""
    return (weight_variance(network) * gain) ** (len(network.widths) - layer)


_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(200)


def _mean_of_half_normal(function: Callable[[np.ndarray], np.ndarray]) -> float:
    """E f(|Z|), Z ~ N(0, 1); what lies beyond 12 is below 1e-32."""
    z = 6 * (_POINTS + 1)
    density = np.exp(-(z**2) / 2) * math.sqrt(2 / math.pi)
    return float(6 * np.sum(_WEIGHTS * density * function(z)))


def orthant(count: int, correlation: float) -> float:
    """Return the chance that ``count`` equicorrelated normals are positive, 0 < correlation < 1."""
    slope = math.sqrt(correlation / (1 - correlation))
    return _mean_of_half_normal(
        lambda z: (ndtr(slope * z) ** count + ndtr(-slope * z) ** count) / 2
    )


def half_normal(count: int, correlation: float, above: bool = False) -> float:
    """Return the chance that ``count`` normals are all below |Y| in size, or all above it.

    Y ~ N(0, correlation/(1 - correlation)).
    """
    slope = math.sqrt(correlation / (1 - correlation))
    if above:
        return _mean_of_half_normal(lambda z: (2 * ndtr(-slope * z)) ** count)
    return _mean_of_half_normal(lambda z: (2 * ndtr(slope * z) - 1) ** count)


def placed_moment(place: int, rank: int, order: int) -> float:
    """Return E X^order of the place-th smallest of ``rank`` normals, from its density."""
    factor = math.exp(math.lgamma(rank + 1) - math.lgamma(place) - math.lgamma(rank - place + 1))

    def both_sides(z: np.ndarray) -> np.ndarray:
        right = ndtr(z) ** (place - 1) * ndtr(-z) ** (rank - place)
        left = ndtr(-z) ** (place - 1) * ndtr(z) ** (rank - place)
        return factor * z**order * (right + (-1) ** order * left) / 2

    return _mean_of_half_normal(both_sides)


def slope(chance: Callable[[int, float], float], count: int, correlation: float) -> float:
    """Return the derivative of a chance by the correlation, to some 1e-7 of it."""
    step = 1e-4
    above, below = chance(count, correlation + step), chance(count, correlation - step)
    return (above - below) / (2 * step)
