"""Oracles of linear regions: gradients backwards, the bounds in plain arithmetic."""

import math
from fractions import Fraction as F

from . import chains
from .jacobian import PAPER_POINTS, biased, with_orders
from .quadrature import radius_moment
from .registry import At, oracle

ZERO = biased(PAPER_POINTS, "zero")


@oracle("regions.gradient.exact", at=with_orders(ZERO, 1, 2, 3))
def gradient_exact(at: At) -> float:
    assert at.t is not None
    return chains.column_moment(at.n[:-2], at.K, at.c, at.t)


@oracle("regions.gradient.upper", at=with_orders(PAPER_POINTS, 1, 2, 3, 4))
def gradient_upper(at: At) -> float:
    """Jensen: the moment of order 2s of J, one output, n_0 coordinates, to the power t/(2s)."""
    assert at.t is not None
    s = (at.t + 1) // 2
    before = at.n[1:-2]
    even = at.c**s * (at.c * at.K) ** (s * len(before))
    even *= math.exp(s**2 * (1 + sum(1 / (units * at.K) for units in before)))
    return even ** (at.t / (2 * s))


def aligned(at: At, s: int, layers: int) -> float:
    """E ||x^(layers)||^{2s} at zero bias from ||x|| = sqrt(n_0), over n_layers^s."""
    n = at.n[: layers + 1]
    found = chains.total(chains.zero_bias(n, at.K, at.c, chains.direction(1.0, s)))
    return found * (n[0] / n[-1]) ** s


def even_gradient(at: At, s: int, layers: int) -> float:
    """Of a feature behind so many layers: its weights' s-th moment, over n_0 directions."""
    directions = radius_moment(1, at.n[0], s) / at.n[0] ** s
    return at.c**s * directions * aligned(at, s, layers)


@oracle("regions.gradient.upper.sharp", at=with_orders(ZERO, 1, 2, 3, 4))
def gradient_upper_sharp(at: At) -> float:
    assert at.t is not None
    low, high = at.t // 2, (at.t + 1) // 2
    layers = at.L - 2
    return math.sqrt(even_gradient(at, low, layers) * even_gradient(at, high, layers))


@oracle("regions.count.patterns", at=PAPER_POINTS)
def patterns(at: At) -> float:
    found = 1
    for units in at.n[1:-1]:
        for _ in range(units):
            found *= at.K
    return float(found)


def grad_paper(at: At, outputs: bool) -> float:
    """C_grad from the paper's moments: the worst start of the layers, factors below 1 left out."""
    s = (at.n[0] + 1) // 2
    behind = at.n[1:-1] if outputs else at.n[1:-2]
    found = math.sqrt(max(1.0, at.c) if outputs else at.c)
    for units in behind:
        found *= max(1.0, math.sqrt(at.c * at.K)) * math.exp(s / 2 / (units * at.K))
    return found * math.exp(s / 2)


def grad_sharp(at: At, outputs: bool) -> float:
    def even(s: int) -> float:
        first = max(1.0, at.c) if outputs else at.c
        found = first**s * radius_moment(1, at.n[0], s) / at.n[0] ** s
        for units in at.n[1:-1] if outputs else at.n[1:-2]:
            found *= max(1.0, radius_moment(at.K, units, s) * (at.c / units) ** s)
        return found

    low, high = at.n[0] // 2, (at.n[0] + 1) // 2
    return (even(low) * even(high)) ** (1 / (2 * at.n[0]))


def bias_density(at: At, outputs: bool) -> float:
    """The largest value of the densities N(0, variance) at 0."""
    variances = [at.c / before for before in at.n[:-2]]
    if outputs:
        variances.append(1 / at.n[-2])
    return max(1 / math.sqrt(2 * math.pi * v) for v in variances)


def choose(among: int, some: int) -> int:
    return math.comb(among, some)


CUBE = tuple(
    At(at.n, at.K, at.exact_c, "gaussian", given={"volume": F(5000)}) for at in PAPER_POINTS
)
FEW = (At((7, 2, 3, 2), 3, F(2, 5), "gaussian", given={"volume": F(10**7)}),)  # N <= n_0


def count(at: At, grad: float) -> float:
    inputs, number = at.n[0], sum(at.n[1:-1])
    if number <= inputs:
        return float(at.K**number)
    scale = 32 * bias_density(at, False) * grad * at.K * number
    return scale**inputs * choose(at.K * inputs, 2 * inputs) * at["volume"] / math.factorial(inputs)


def boundary(at: At, grad: float) -> float:
    less, number, pairs = at.n[0] - 1, sum(at.n[1:-1]), choose(at.n[-1], 2)
    if number <= at.n[0]:
        return float(pairs * at.K**number)
    scale = (16 * bias_density(at, True) * grad) ** at.n[0] * (2 * at.K * number) ** less
    return pairs * scale * choose(at.K * less, 2 * less) * at["volume"] / math.factorial(less)


@oracle("regions.count.upper", at=CUBE + FEW)
def count_paper(at: At) -> float:
    return count(at, grad_paper(at, False))


@oracle("regions.count.upper.sharp", at=CUBE + FEW)
def count_sharp(at: At) -> float:
    return count(at, grad_sharp(at, False))


@oracle("regions.boundary.upper", at=CUBE + FEW)
def boundary_paper(at: At) -> float:
    return boundary(at, grad_paper(at, True))


@oracle("regions.boundary.upper.sharp", at=CUBE + FEW)
def boundary_sharp(at: At) -> float:
    return boundary(at, grad_sharp(at, True))


@oracle("regions.subdivision", at=(At((2, 5, 4, 2)),))
def subdivision(at: At) -> float:
    """V - E + F of a square that n lines in general position cut, three of them: always 1.

    Lines that meet inside add a vertex and two edges each; a line adds two more vertices on the
    rim, an edge of its own and two on the rim.
    """
    corners, lines, meetings = 4, 3, 2
    vertices = corners + 2 * lines + meetings
    edges = corners + 2 * lines + lines + 2 * meetings
    faces = 1 + lines + meetings
    return float(vertices - edges + faces)
