"""Gram matrices of the infinite-width tangent kernel against quadrature pair by pair.

    python benchmarks/bench_kernels.py [--inputs 1000] [--pairs 20] [--rank 5] [--depth 4] [--json]

The naive side is what a user writes first: q_K of each layer and pair as a vectorised trapezoidal
sum over the plane, kappa_K by integrating it. The tabulated side is what a user writes next: the
same sums at 128 angles, a cubic spline through them, and the recursion on whole matrices. All run
in this process, in turns; printed are entries per second, ratios, and the largest disagreements.
Tables are built before the clock starts; the times of building them are printed as well.
"""

from __future__ import annotations

import argparse
import json
import math
from time import perf_counter

import numpy as np
from machine import machine
from scipy.interpolate import CubicSpline
from scipy.special import ndtr, owens_t

from maxout.numerics.kernels import ntk
from maxout.numerics.kernels.winner_table import kernel_table

_STEP = 1 / 8
_LINE = (np.arange(-64, 64) + 0.25) * _STEP  # misses the origin, where Owen's slopes are infinite


def naive_winner(rank: int, rho: float) -> float:
    """q_K = K E Phi_2(X, Y)^(K-1), Phi_2 by Owen's T."""
    root = math.sqrt(1 - rho * rho)
    x, z = np.meshgrid(_LINE, _LINE)
    y = rho * x + root * z
    wedge = owens_t(x, (y - rho * x) / (x * root)) + owens_t(y, (x - rho * y) / (y * root))
    joint = 0.5 * (ndtr(x) + ndtr(y)) - wedge - np.where(x * y < 0, 0.5, 0.0)
    density = np.exp(-(x * x + z * z) / 2) * (_STEP * _STEP / (2 * math.pi))
    return float(rank * np.sum(density * joint ** (rank - 1)))


def naive_kappa(rank: int, rho: float) -> float:
    """kappa_K = M_K minus the integral of q_K from rho to 1, by 8 Gauss nodes in the angle."""
    nodes, weights = np.polynomial.legendre.leggauss(8)
    theta = math.acos(rho)
    at = (nodes + 1) * theta / 2
    q = np.array([naive_winner(rank, math.cos(t)) for t in at])
    return float(kernel_table(rank).second_moment - np.sum(weights * q * np.sin(at)) * theta / 2)


def naive_ntk(x: np.ndarray, y: np.ndarray, depth: int, rank: int) -> float:
    """The recursion of one pair at c = 1/M_K and zero bias."""
    second = kernel_table(rank).second_moment
    xx, xy, yy = (float(a @ b) / len(a) / second for a, b in ((x, x), (x, y), (y, y)))
    tangent = xy
    for layer in range(1, depth):
        gain = 1.0 if layer == depth - 1 else 1 / second
        scale = math.sqrt(xx * yy)
        rho = xy / scale
        xy = gain * scale * naive_kappa(rank, rho)
        xx, yy = gain * second * xx, gain * second * yy
        tangent = xy + gain * naive_winner(rank, rho) * tangent
    return tangent


def tabulate(rank: int, nodes: int = 128) -> tuple[CubicSpline, CubicSpline]:
    """Splines of q_K and kappa_K by the angle: the naive sums once."""
    theta = np.linspace(0, math.pi, nodes)
    inner = [naive_winner(rank, math.cos(t)) for t in theta[1:-1]]
    winner = CubicSpline(theta, [1.0, *inner, 0.0 if rank == 2 else 2 * inner[-1] - inner[-2]])
    lost = CubicSpline(theta, winner(theta) * np.sin(theta)).antiderivative()
    return winner, CubicSpline(theta, kernel_table(rank).second_moment - lost(theta))


def tabulated_ntk(
    x: np.ndarray, tables: tuple[CubicSpline, CubicSpline], depth: int, rank: int
) -> np.ndarray:
    """The recursion of ``naive_ntk`` for all pairs at once."""
    winner, kappa = tables
    second = kernel_table(rank).second_moment
    gram = x @ x.T / x.shape[1] / second
    tangent = gram
    for layer in range(1, depth):
        gain = 1.0 if layer == depth - 1 else 1 / second
        size = np.sqrt(np.diag(gram))
        scale = np.outer(size, size)
        theta = np.arccos(np.clip(gram / scale, -1, 1))
        gram = gain * scale * kappa(theta)
        tangent = gram + gain * winner(theta) * tangent
    return tangent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=20, help="pairs of the naive side")
    parser.add_argument("--rank", type=int, default=5)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    x = np.random.default_rng(0).standard_normal((given.inputs, 20))
    start = perf_counter()
    kernel_table(given.rank)
    built = perf_counter() - start
    start = perf_counter()
    tables = tabulate(given.rank)
    tabulated = perf_counter() - start
    fast = slow = usual = worst = apart = 0.0
    for pair in range(given.pairs):
        start = perf_counter()
        gram = ntk(x, depth=given.depth, rank=given.rank)
        fast += perf_counter() - start
        start = perf_counter()
        other = tabulated_ntk(x, tables, given.depth, given.rank)
        usual += perf_counter() - start
        apart = max(apart, float(np.max(np.abs(other - gram)) / np.max(np.diag(gram))))
        i, j = 2 * pair % given.inputs, (2 * pair + 1) % given.inputs
        start = perf_counter()
        value = naive_ntk(x[i], x[j], given.depth, given.rank)
        slow += perf_counter() - start
        worst = max(worst, abs(value - gram[i, j]) / gram[i, i])
    result = {
        "entries_per_second": given.pairs * given.inputs**2 / fast,
        "naive_entries_per_second": given.pairs / slow,
        "tabulated_entries_per_second": given.pairs * given.inputs**2 / usual,
        "ratio": given.inputs**2 * slow / fast,
        "ratio_to_the_tabulated": usual / fast,
        "largest_relative_disagreement": worst,
        "largest_relative_disagreement_of_the_tabulated": apart,
        "seconds_to_build_the_table": built,
        "seconds_to_build_the_tabulated": tabulated,
    }
    if given.json:
        print(json.dumps({"machine": machine(), **result}, indent=2))
        return
    print(machine())
    for name, value in result.items():
        print(f"{name.replace('_', ' ')}: {value:.3g}")


if __name__ == "__main__":
    main()
