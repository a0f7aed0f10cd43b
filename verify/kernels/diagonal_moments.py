"""Second and fourth moments of the tangent kernel's diagonal: what decisions about it need.

In float64, beside the catalogue and not through it: the shares of two layers at a time, where the
stated right side carries all layers at once. Evaluated when an experiment is described, never
inside a worker.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from maxout.theory.network import Network
from maxout.verify import facts
from maxout.verify.sampling.scales import weight_variance


def trace_mean(network: Network, norm: float) -> float:
    """Return E tr K(x, x) over all outputs at zero bias."""
    layers = range(1, network.depth + 1)
    one = sum(facts.weight_gradient_moment(network, layer, norm, 1) for layer in layers)
    return network.outputs * one


def trace_second(network: Network, norm: float) -> float:
    """Return E (tr K(x, x))^2 over all outputs at zero bias.

    Backwards: a has the outputs' derivatives along x^(l), S = C C^T - a a^T what is left across.
    Carried from layer L-1 down: E of ||a||^4, ||a||^2 tr S, a^T S a, (tr S)^2 and tr S^2.
    """
    c, N = weight_variance(network), network.outputs
    n, d = network.widths[-1], network.widths[-1] - 1
    start = (N * (N + 2), N**2 * d, N * d, d**2 * N**2 + 2 * d * N, d * (d + 1) * N + d * N**2)
    both = [value / n**2 for value in start]
    top = network.depth
    total = N**2 * facts.length_moment(network, top - 1, norm, 2)
    total += 2 * N * _below(network, norm, top, N / n, N * d / n)
    for layer in range(top - 1, 0, -1):
        square = both[0] + 2 * both[1] + both[3]
        total += facts.length_moment(network, layer - 1, norm, 2) * square
        along, across = both[0] + both[1], both[1] + both[3]
        total += 2 * _below(network, norm, layer, along, across)
        if layer == 1:
            break
        below = network.widths[layer - 2]
        r2, r4 = _radius(network, layer)
        d = below - 1
        trace = both[0] + 2 * both[1] + both[3]
        frobenius = both[0] + 2 * both[2] + both[4]
        both = [
            (c / below) ** 2 * value
            for value in (
                r4 * both[0],
                r2 * d * (both[0] + both[1]),
                r2 * d * (both[0] + both[2]),
                d**2 * trace + 2 * d * frobenius,
                d * (d + 1) * frobenius + d * trace,
            )
        ]
    return total


def _radius(network: Network, layer: int) -> tuple[float, float]:
    """E r^2 and E r^4 of a layer."""
    found = facts.length_moments(network.rank, network.widths[layer - 1], 2)
    return found[1], found[2]


def _below(network: Network, norm: float, layer: int, along: float, across: float) -> float:
    """What the layers below add with this one: E of F_l F_layer ||x^(l-1)||^2 ||x^(layer-1)||^2.

    Args:
      layer: from 2 to L; nothing is below layer 1.
      along, across: E of the squared parts of F_layer at the layer, times F_layer itself. For
        layer L of one part alone, at layer L-1, as ||dN/dW^(L)|| has no gradient by x^(L).
    """
    c, fans = weight_variance(network), (network.inputs, *network.widths)
    total = 0.0
    for index in range(min(layer, network.depth - 1), 0, -1):
        # Here along and across stand at layer ``index``.
        r2, r4 = _radius(network, index)
        s2, d = c / fans[index - 1], fans[index - 1] - 1
        if index < layer:
            lengths = facts.length_moment(network, index - 1, norm, 2)
            total += (along + across) * lengths * s2 * r2
            along, across = s2**2 * r4 * along, s2**2 * r2 * d * (along + across)
        else:
            along, across = s2 * r2 * along, s2 * d * (along + across)
    return total


def diagonal_fourth(network: Network, norm: float) -> float:
    """Return a bound of E K(x, x)^4 of one output at zero or gaussian bias, by Minkowski."""
    layers = range(1, network.depth + 1)
    return _minkowski(lambda layer: _share_moment(network, layer, norm, 4), layers)


def central_fourth(network: Network, norm: float) -> float:
    """Return a bound of E (K(x, x) - E K(x, x))^4 of one output at zero bias, by Minkowski."""

    def central(layer: int) -> float:
        m1, m2, m3, m4 = (_share_moment(network, layer, norm, t) for t in (1, 2, 3, 4))
        return m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4

    return _minkowski(central, range(1, network.depth + 1))


def _minkowski(fourth: Callable[[int], float], layers: range) -> float:
    return math.fsum(fourth(layer) ** 0.25 for layer in layers) ** 4


def _share_moment(network: Network, layer: int, norm: float, order: int) -> float:
    """E ||dN/dW^(layer)||^{2 order} at zero bias; with gaussian biases a bound."""
    if network.bias == "zero":
        return facts.weight_gradient_moment(network, layer, norm, order)
    value = facts.length_moment(network, layer - 1, norm, order)
    if layer == network.depth:
        return value
    # E ||g||^{2t} is an average over directions, each at most the moment along the input.
    units = network.widths[layer - 1]
    value *= facts.chi2_moment(units, order) / units**order
    for above in network.widths[layer:]:
        lengths = facts.length_moments(network.rank, above, order)
        value *= (weight_variance(network) / above) ** order * lengths[order]
    return value
