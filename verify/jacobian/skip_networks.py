"""Networks with skip connections that experiments draw, and what plans know of them.

Moments here are recursions of their own, not the catalogue's right sides.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import sympy as sp

from maxout.theory.block import Block
from maxout.theory.errors import DoesNotApplyError
from maxout.theory.network import Network
from maxout.theory.order.moments import LargestChi2Moment, LargestNormalMoment
from maxout.verify.experiment import Size
from maxout.verify.sampling.block_networks import BlockNetworks
from maxout.verify.sampling.scales import moment, sum_moment, weight_variance

COSINES = (0.6, 0.0, 1.0)
NORM = 2.0
WIDE_NORM = 7.0
WIDE_COSINE = 0.5


def linear_network(rank: int = 3, bias: str = "any") -> Network:
    """Three blocks that end in a linear layer."""
    block = Block(skip="linear", branch_scale=sp.Rational(4, 5), inner=5)
    return Network(7, (7, 7, 7), 6, rank, c=sp.Rational(6, 5), bias=bias, block=block)


def linear_drawn(network: Network, biases: str) -> BlockNetworks:
    """Named by any biases, so that all statements at zero bias share the draws."""
    return BlockNetworks(network.but(bias="any"), biases, COSINES, NORM)


def wide_networks(block: Block, rank: int, size: Size) -> Iterator[Network]:
    """Two blocks, wide enough for their limit."""
    for width in (64, 128) if size.deep else (64,):
        widths = (width, width)
        yield Network(width, widths, 12, rank, c=sp.Rational(1, 2), bias="zero", block=block)


def wide_drawn(network: Network) -> BlockNetworks:
    return BlockNetworks(network, str(network.bias), (WIDE_COSINE,), WIDE_NORM)


PLAIN = Block(skip="plain", branch_scale=sp.Rational(3, 5))
NORMALIZED = Block(norm="layer", skip="normalized", branch_scale=sp.Rational(3, 2))
PRE_NORM = Block(norm="layer", skip="pre-norm", branch_scale=sp.Rational(3, 2))


def scales(network: Network) -> tuple[float, float, float]:
    """beta, c and Var Xi_K as floats."""
    mean, second = (moment(LargestNormalMoment, network.rank, t) for t in (1, 2))
    return float(network.block.branch_scale), weight_variance(network), second - mean**2


def linear_powers(network: Network, largest: bool) -> tuple[float, float]:
    """Mean and mean square of |x|^2 behind the blocks, of an input of norm 1.

    With ``largest`` upper bounds of those of |u|^2 from the largest of K chi-squares, for any
    biases; else exact lengths at zero bias, which bound |u|^2 there.

    Given the branch's input, V max(..) is normal: with f = |max(..)|^2 over m inner units,
    |x'|^2 = |x|^2 + 2 beta sqrt(f/m) x.g + beta^2 f chi^2_n/m.
    """
    beta, c, _ = scales(network)
    m, n = network.block.inner or network.inputs, network.inputs
    if largest:
        unit = [moment(LargestChi2Moment, network.rank, t) for t in (1, 2)]
    else:
        unit = [moment(LargestNormalMoment, network.rank, 2 * t) for t in (1, 2)]
    first = c / n * sum_moment([1.0, *unit], m, 1)
    second = (c / n) ** 2 * sum_moment([1.0, *unit], m, 2)
    mean = 1 + beta**2 * first * n / m
    square = 1 + beta**2 * first * (2 * n + 4) / m + beta**4 * second * n * (n + 2) / m**2
    return mean ** len(network.widths), square ** len(network.widths)


def linear_gains(network: Network, largest: bool) -> tuple[float, float]:
    """The same behind the outputs: mean and mean square of the gain, at most."""
    mean, square = linear_powers(network, largest)
    share = network.outputs / network.inputs
    return mean * share, square * share**2 * (1 + 2 / network.outputs)


def wide_gain(network: Network, cosine: float, norm: float) -> float:
    """The wide limit of the gain of normalized and pre-norm blocks, block by block."""
    beta, c, variance = scales(network)
    n = network.inputs
    square, growth = norm**2, 1.0
    for _ in network.widths:
        if network.block.skip == "normalized":
            rate, added = beta**2 * n / (variance * square), beta**2 * n
        else:
            rate, added = beta**2 * c * n / square, beta**2 * c * n * variance
        growth += rate * (growth - (cosine * norm) ** 2 / square)
        square += added
    return growth * network.outputs / n


def centred_fourth(rank: int) -> float:
    """E (Xi_K - E Xi_K)^4."""
    a, b, c, d = (moment(LargestNormalMoment, rank, t) for t in (1, 2, 3, 4))
    return d - 4 * a * c + 6 * a**2 * b - 3 * a**4


def plain_spread(network: Network) -> tuple[float, float, float]:
    """Limit, remainder and variance of |x''|^2/n behind two blocks x + beta max(Wx), |x|^2 = n.

    With V = |x'|^2/n, S = mean(x') behind the first block: E V is exact, since mean(x) has mean 0,
    and E[V''] = (1 + beta^2 c M) E V + 2 beta a E[sqrt(V) S]. The limit has sqrt(E V) E S there; by
    Cauchy and Schwarz, and sqrt(y) >= 1 + (y-1)/2 - (y-1)^2/2, the two differ by at most
    sd(sqrt V) sd(S) + E S Var V/(2 (E V)^{3/2}), with sd(sqrt V) <= sd(V)/sqrt(E V).
    """
    if len(network.widths) != 2:
        raise DoesNotApplyError(f"the remainder is that of two blocks; got {network}")
    beta, c, variance = scales(network)
    n, rank = network.inputs, network.rank
    mean, second, fourth = (moment(LargestNormalMoment, rank, t) for t in (1, 2, 4))
    a, of_square = math.sqrt(c) * mean, math.sqrt(fourth - second**2)
    grown = 1 + beta**2 * c * second
    shift = beta * a
    spread = (2 * beta * math.sqrt(c * second) + beta**2 * c * of_square) / math.sqrt(n)
    of_mean = math.sqrt((1 + beta**2 * c * variance) / n)
    limit = grown**2 + 2 * beta * a * math.sqrt(grown) * shift
    gap = spread / math.sqrt(grown) * of_mean + shift * spread**2 / (2 * grown**1.5)
    # The variance, by that within the second block and that of its conditional mean.
    inner = 2 * beta * math.sqrt(c * variance) + beta**2 * c * of_square
    within = (grown**2 + spread**2) * inner**2 / n
    around = beta * math.sqrt(c) * (3 * variance**2 + centred_fourth(rank) / n) ** 0.25
    joint = math.sqrt(math.sqrt(grown**2 + spread**2)) * (3**0.25 + around) / math.sqrt(n)
    between = grown * spread + 2 * beta * a * (joint + shift * spread / math.sqrt(grown))
    return limit, 2 * beta * a * gap, within + between**2
