"""Scaling of a campaign from one process to two: python benchmarks/bench_scaling.py [ROUNDS].

Processes draw the blocks of one population, which this process writes to a campaign's folder: one
process and two in turn, and the threads of this one for comparison. One machine, one run,
interleaved: compare the ratios, not the rates.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from machine import machine

from maxout.theory.network import Network
from maxout.verify.campaigns.folder import Campaign
from maxout.verify.engines.processes import Processes
from maxout.verify.sampling.collector import Collector
from maxout.verify.sampling.network_populations import Networks
from maxout.verify.sampling.networks import Sampler

BLOCKS = 60
WAYS = {"1 process": (1, 0), "2 processes": (2, 0), "1 process, 2 threads": (0, 2)}
"""(processes, threads of this one)."""


def measure(rounds: int) -> None:
    population = Networks(Sampler(Network(32, (32,) * 8, 8, 5, bias="zero"), "zero"))
    weights = BLOCKS * population.shard_size * population.sampler.weights
    record = {"block": 1, "seed": 0, "dtype": "float32", "device": "cpu", "processors": [{}]}
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as root:
        for number in range(rounds + 1):
            for way, (processes, threads) in WAYS.items():
                engine = Processes(processes) if processes else None
                shelf = Campaign(
                    Path(root) / f"{number}-{processes}-{threads}",
                    {**record, "format": 3},
                    [(population, BLOCKS * population.shard_size)],
                )
                with Collector(
                    0, "cpu", "float32", None, threads or None, shelf=shelf, engine=engine
                ) as collector:
                    # Processes take seconds to begin, which are not those of drawing.
                    for _ in collector.draw((population, block) for block in range(4)):
                        pass
                    begun = time.perf_counter()
                    for _ in collector.draw((population, block) for block in range(4, BLOCKS)):
                        pass
                    taken = time.perf_counter() - begun
                shelf.close()
                if number:  # the first round warms up
                    seconds[way].append(taken)
    report(weights * (BLOCKS - 4) / BLOCKS, seconds)


def report(weights: float, seconds: dict[str, list[float]]) -> None:
    """Print rates, and every round's ratio to one process."""
    base = seconds["1 process"]
    for way, found in seconds.items():
        ratios = [one / other for one, other in zip(base, found, strict=True)]
        print(
            f"{way:22} {weights / statistics.median(found) / 1e6:6.0f} million weights/s   "
            f"speed-up: median {statistics.median(ratios):.2f}, "
            f"rounds {', '.join(f'{ratio:.2f}' for ratio in ratios)}"
        )


if __name__ == "__main__":
    print(machine(), flush=True)
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
