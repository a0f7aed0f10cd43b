"""Exact region counting against a linear-programming counter, and its cost per region.

    python benchmarks/bench_regions.py [--networks 5] [--json]

First the same networks (20 units of rank 2 in 3 layers, window [-3, 3]^2) are counted in turns by
``numerics.regions.subdivide`` and by linear programs, the usual way: unit by unit, every pattern
found so far is tried with each piece of the next unit, and kept where a linear program finds an
interior point. The counts must agree. Then single networks of growing size, to show the cost per
region.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from time import perf_counter
from typing import Any

import numpy as np
from machine import machine
from scipy.optimize import linprog

from maxout.numerics.regions import MaxoutLayers, check, sample, subdivide
from maxout.theory.network import Network

WINDOW = (-3.0, 3.0, -3.0, 3.0)
SMALL = ((8, 6, 6), 2)
GROWING = (
    ((8, 6, 6), 2),
    ((16, 16), 2),
    ((32, 32), 2),
    ((64, 64), 2),
    ((64, 64), 5),
    ((64, 64, 64), 5),
)
# A region whose largest inscribed ball has a radius below this is taken for empty. Real regions
# can be smaller; the benchmark says so where the counts differ.
SMALLEST_RADIUS = 1e-9


def count_by_programs(layers: MaxoutLayers, window: tuple[float, float, float, float]) -> int:
    """Count regions by one linear program for each pattern and piece."""
    x0, x1, y0, y1 = window
    box = (np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]]), np.array([x1, -x0, y1, -y0]))
    # A region: constraints a x <= b, and the affine map (matrix, offset) of the layer's input.
    regions = [(*box, np.eye(2), np.zeros(2))]
    for weight, bias in layers.hidden:
        units = len(bias)
        partial = [(a, b, matrix, offset, []) for a, b, matrix, offset in regions]
        for unit in range(units):
            grown = []
            for a, b, matrix, offset, won in partial:
                slope = weight[unit] @ matrix
                height = weight[unit] @ offset + bias[unit]
                for piece in range(len(slope)):
                    others = np.arange(len(slope)) != piece
                    more_a = np.concatenate([a, slope[others] - slope[piece]])
                    more_b = np.concatenate([b, height[piece] - height[others]])
                    if _has_interior(more_a, more_b):
                        grown.append((more_a, more_b, matrix, offset, [*won, piece]))
            partial = grown
        rows = np.arange(units)
        regions = [
            (
                a,
                b,
                weight[rows, won] @ matrix,
                weight[rows, won] @ offset + bias[rows, won],
            )
            for a, b, matrix, offset, won in partial
        ]
    return len(regions)


def _has_interior(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether the largest ball inside a x <= b has a positive radius (its centre is sought)."""
    with_radius = np.column_stack([a, np.linalg.norm(a, axis=1)])
    found = linprog(
        [0, 0, -1],
        A_ub=with_radius,
        b_ub=b,
        bounds=[(None, None), (None, None), (None, 10)],
        method="highs",
    )
    return found.status == 0 and -found.fun > SMALLEST_RADIUS


def draw(widths: tuple[int, ...], rank: int, seed: int) -> MaxoutLayers:
    network = Network(2, widths, 1, rank, bias="gaussian")
    return sample(network, np.random.default_rng(seed))


def timed(work: Any, repeats: int) -> tuple[Any, float]:
    """The result, and the median time of one call."""
    times = []
    for _ in range(repeats):
        start = perf_counter()
        result = work()
        times.append(perf_counter() - start)
    return result, statistics.median(times)


def compare(networks: int) -> list[dict[str, Any]]:
    """Both counters on the same networks, one after the other."""
    rows = []
    widths, rank = SMALL
    for seed in range(networks):
        layers = draw(widths, rank, seed)
        found, ours = timed(lambda layers=layers: subdivide(layers, WINDOW), 15)
        theirs_count, theirs = timed(lambda layers=layers: count_by_programs(layers, WINDOW), 1)
        again = timed(lambda layers=layers: subdivide(layers, WINDOW), 15)[1]
        ours = (ours + again) / 2  # before and after: the machine may have slowed down
        rows.append(
            {
                "seed": seed,
                "regions": found.count,
                "undecided": found.undecided,
                "by_programs": theirs_count,
                "seconds": ours,
                "seconds_by_programs": theirs,
                "ratio": theirs / ours,
            }
        )
    return rows


def grow() -> list[dict[str, Any]]:
    """One network of each size: time, regions a second, and the checks."""
    rows = []
    for widths, rank in GROWING:
        layers = draw(widths, rank, 0)
        found, seconds = timed(lambda layers=layers: subdivide(layers, WINDOW), 1)
        if found.count < 20_000:
            found, seconds = timed(lambda layers=layers: subdivide(layers, WINDOW), 7)
        report = check(found, layers)
        rows.append(
            {
                "widths": list(widths),
                "rank": rank,
                "regions": found.count,
                "undecided": found.undecided,
                "checks": report.ok,
                "seconds": seconds,
                "microseconds_per_region": 1e6 * seconds / found.count,
            }
        )
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=5, help="networks counted both ways")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.networks < 1:
        parser.error("--networks must be at least 1")
    compared, grown = compare(arguments.networks), grow()
    if arguments.json:
        print(json.dumps({"machine": machine(), "compared": compared, "growing": grown}, indent=2))
    else:
        print(machine())
        print("20 units of rank 2 in 3 layers, [-3, 3]^2")
        print("seed  regions  by programs  subdivide  programs  ratio")
        for row in compared:
            print(
                f"{row['seed']:4}  {row['regions']:7}  {row['by_programs']:11}"
                f"  {1e3 * row['seconds']:6.2f} ms  {row['seconds_by_programs']:6.2f} s"
                f"  {row['ratio']:5.0f}"
            )
        print(f"median ratio {statistics.median(row['ratio'] for row in compared):.0f}")
        print()
        print("widths    rank  regions  undecided  checks  seconds  us per region  regions/s")
        for row in grown:
            print(
                f"{'x'.join(map(str, row['widths'])):8}  {row['rank']:4}  {row['regions']:7}"
                f"  {row['undecided']:9}  {'passed' if row['checks'] else 'FAILED':6}"
                f"  {row['seconds']:7.3f}  {row['microseconds_per_region']:13.1f}"
                f"  {row['regions'] / row['seconds']:9.0f}"
            )
    agree = all(row["regions"] == row["by_programs"] for row in compared)
    right = all(row["checks"] for row in grown)
    return 0 if agree and right else 1


if __name__ == "__main__":
    sys.exit(main())
