"""Moments of networks with a normalization in every block: what margins and variances rest on.

As in ``facts``: float64, beside the catalogue's right sides and not through them.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import sympy as sp
from scipy.special import polygamma

from maxout.numerics.balls.evaluator import enclose
from maxout.theory.network import Network
from maxout.theory.normalized_blocks import LOST
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.order.normalizer import InverseSquareMoment, LogSquareMean, LogSquareVariance
from maxout.verify.facts import chi2_moment
from maxout.verify.sampling.scales import moment, weight_variance


@cache
def _value(function: Any, *arguments: int) -> float:
    return float(enclose(function(*map(sp.Integer, arguments)), {}, 15))


def factor_moment(network: Network, units: int, order: int) -> float:
    """Return E F^order of a block, order = 1, 2, ...; infinite where it is."""
    lost = LOST[network.block.norm]
    if network.block.norm_place == "linear":
        inner = network.block.inner or units
        across = chi2_moment(units - 1 - lost, order) / math.prod(
            units - lost - 2 * i for i in range(1, order + 1)
        )
        inverse = _value(InverseSquareMoment, network.rank, inner, 0, order)
        return across * chi2_moment(inner - 1, order) * inverse
    inverse = _value(InverseSquareMoment, network.rank, units, lost, order)
    return chi2_moment(units - 1 - lost, order) * inverse


def start(network: Network, cosine: float, norm: float) -> float:
    """Return the squared tangent at the input, and what gaussian biases leave of it later."""
    if network.bias == "zero":
        return (1 - cosine**2) / norm**2
    across = 1 - (cosine * norm) ** 2 / (norm**2 + 1)
    damped = math.prod(units / (units + 1) for units in network.widths[:-1])
    return across / (norm**2 + 1) * damped


def gain_moment(network: Network, order: int, cosine: float, norm: float) -> float:
    """Return E ||J u||^{2 order}."""
    hidden = math.prod(factor_moment(network, units, order) for units in network.widths)
    return start(network, cosine, norm) ** order * chi2_moment(network.outputs, order) * hidden


def gradient_moment(network: Network, layer: int, order: int) -> float:
    """Return E ||dN/dW^(layer)||^{2 order} of one output at zero bias."""
    if layer == network.depth:
        return float(network.widths[-1] ** order)
    before = (network.inputs, *network.widths)[layer - 1]
    hidden = math.prod(
        factor_moment(network, units, order) for units in network.widths[layer - 1 :]
    )
    return float((before / weight_variance(network)) ** order * hidden)


def diagonal_second(network: Network) -> float:
    """Return E K(x, x)^2 of one output at zero bias: squares and products layer by layer."""
    depth, c = network.depth, weight_variance(network)
    fans = (network.inputs, *network.widths)
    total = 0.0
    for low in range(1, depth + 1):
        for high in range(low, depth + 1):
            # F_low ... F_{high-1} once, F_high ... F_{L-1} twice.
            product = math.prod(
                factor_moment(network, units, 1 if index < high else 2)
                for index, units in enumerate(network.widths, start=1)
                if index >= low
            )
            scale = math.prod(
                fans[layer - 1] / (c if layer < depth else 1.0) for layer in (low, high)
            )
            total += scale * product * (1 if low == high else 2)
    return total


def log_cumulants(network: Network) -> tuple[float, float]:
    """Second cumulant of ln ||J u||^2, and an upper bound of the fourth.

    With Y = e^{-E ln X} X, E ln^4 Y <= 24 (E cosh ln Y - 1 - E ln^2 Y/2), by the series of cosh.
    """
    lost, rank = LOST[network.block.norm], network.rank
    second, fourth = (float(polygamma(k, network.outputs / 2)) for k in (1, 3))
    one, two = (moment(LargestNormalMoment, rank, t) for t in (1, 2))
    for units in network.widths:
        arguments = (rank, units, lost)
        variance = _value(LogSquareVariance, *arguments)
        scale = math.exp(_value(LogSquareMean, *arguments))
        mean = (units - 1) * (two - one**2) if lost else units * two
        inverse = _value(InverseSquareMoment, *arguments, 1)
        cosh = (mean / scale + inverse * scale) / 2
        kept = (units - 1 - lost) / 2
        second += float(polygamma(1, kept)) + variance
        fourth += float(polygamma(3, kept)) + 24 * (cosh - 1 - variance / 2) - 3 * variance**2
    return second, fourth


def features_gain(network: Network, cosine: float, norm: float) -> tuple[float, float]:
    """A lower bound of E ||J u||^2 and an upper one of E ||J u||^4, normalized before the maximum.

    The last block's Gaussian vector of n entries loses two directions at most, and is divided by a
    chi-square of N = n K degrees of freedom, one less for layer normalization.
    """
    *before, units = network.widths
    lost = LOST[network.block.norm]
    features = units * network.rank
    freedom = features - lost
    mean, second = features / (freedom - 2), features**2 / ((freedom - 2) * (freedom - 4))
    scale = start(network, cosine, norm) / units
    outputs = [chi2_moment(network.outputs, t) for t in (1, 2)]
    hidden = [
        math.prod(
            chi2_moment(m - 1, t) * _value(InverseSquareMoment, network.rank, m, 0, t)
            for m in before
        )
        for t in (1, 2)
    ]
    least = scale * outputs[0] * hidden[0] * mean * (units - 1 - lost)
    most = scale**2 * outputs[1] * hidden[1] * second * chi2_moment(units, 2)
    return least, most
