"""Second moments of squared parameter gradients: what decisions about their means need.

Exact at zero bias; with gaussian or any biases an upper bound. Evaluated when an experiment is
described, never inside a worker.
"""

from __future__ import annotations

import math

from maxout.theory.network import Network
from maxout.theory.order.moments import LargestNormalMoment
from maxout.verify import facts
from maxout.verify.sampling.scales import moment, ordered_moment, weight_variance


def bias_second(network: Network, layer: int) -> float:
    """Return E||dN/db^(layer)||^4 of one output, or a bound of it; layer = 1..L-1."""
    if network.bias == "zero":
        return facts.bias_gradient_moment(network, layer, 2)
    if network.bias == "gaussian":
        return _dominated(network, layer)
    return _ordered(network, layer)


def weight_second(network: Network, layer: int, norm: float) -> float:
    """Return E||dN/dW^(layer)||^4, or a bound of it, at zero or gaussian bias; layer = 1..L."""
    lengths = facts.length_moment(network, layer - 1, norm, 2)
    return lengths * (1.0 if layer == network.depth else bias_second(network, layer))


def diagonal_second(
    network: Network, norm: float, biases: bool = False, scaled: bool = False
) -> float:
    """Return a bound of E K(x,x)^2 by Minkowski's inequality: the layers' own roots, added.

    Args:
      biases: whether the biases are parameters too.
      scaled: the NTK parametrization.
    """
    root = 0.0
    fans = (network.inputs, *network.widths)
    c = weight_variance(network)
    for layer in range(1, network.depth + 1):
        factor = 1.0
        if scaled:
            factor = (1.0 if layer == network.depth else c) / fans[layer - 1]
        root += factor * math.sqrt(weight_second(network, layer, norm))
        if biases:
            root += math.sqrt(bias_second(network, layer)) if layer < network.depth else 1.0
    return root**2


def _dominated(network: Network, layer: int) -> float:
    """Gaussian biases: a chain that is surely above the backward frame.

    The biases turn the frame by an angle gamma a layer: q' = s chi |delta| and
    p' = s (r p cos(gamma) + |delta| g sin(gamma)). By Cauchy and Schwarz
    p'^2 <= s^2 (r^2 p^2 + |delta|^2 g^2), free of the angle; the chain of these,
    (a, T) >= (p^2, |delta|^2), has r independent of what comes after.
    """
    m2, m4 = (moment(LargestNormalMoment, network.rank, order) for order in (2, 4))
    c, n = weight_variance(network), network.widths[-1]
    aa, at, tt = 3 / n**2, (n + 2) / n**2, (n + 2) / n
    for index in range(len(network.widths) - 1, layer - 1, -1):
        above, n = network.widths[index], network.widths[index - 1]
        r2, r4 = above * m2, above * m4 + above * (above - 1) * m2**2
        aa, at, tt = (
            (c / n) ** 2 * (r4 * aa + 2 * r2 * at + 3 * tt),
            (c / n) ** 2 * (r4 * aa + (n + 1) * r2 * at + (n + 2) * tt),
            (c / n) ** 2 * (r4 * aa + 2 * n * r2 * at + n * (n + 2) * tt),
        )
    return tt


def _ordered(network: Network, layer: int) -> float:
    """Any biases: the stochastic upper bound of each unit direction, added by Minkowski."""
    units, later = network.widths[layer - 1], network.widths[layer:]
    if not later:
        return 1 + 2 / units
    onward = Network(units, later, 1, network.rank, network.c, network.bias)
    return units**2 * ordered_moment(onward, 2)
