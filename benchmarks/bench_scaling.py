"""Scaling of a campaign from one process to two: python benchmarks/bench_scaling.py [ROUNDS].

Two processes under torchrun deal out the same blocks of one population, write them to a campaign's
folder and meet, with one of them at work and with both, in turn, and with one process of two
threads for comparison. One machine, one run, interleaved: compare the ratios, not the rates.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import machine

BLOCKS = 60
WAYS = {"1 process": (1, 1), "2 processes": (2, 1), "1 process, 2 threads": (1, 2)}
"""(processes at work, threads of each)."""


def measure(rounds: int) -> None:
    """One process's part; the first prints."""
    from maxout.theory.network import Network
    from maxout.verify.campaigns.folder import Campaign
    from maxout.verify.distributed import Team
    from maxout.verify.sampling.collector import Collector
    from maxout.verify.sampling.network_populations import Networks
    from maxout.verify.sampling.networks import Sampler

    team = Team.from_environment()
    population = Networks(Sampler(Network(32, (32,) * 8, 8, 5, bias="zero"), "zero"))
    weights = BLOCKS * population.shard_size * population.sampler.weights
    record = {"block": 1, "seed": 0, "dtype": "float32", "device": "cpu"}
    root = Path(tempfile.gettempdir()) / f"maxout-scaling-{os.environ['MASTER_PORT']}"
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    for number in range(rounds + 1):
        for way, (processes, threads) in WAYS.items():
            name = f"{number}-{processes}-{threads}"
            folder = root / name
            if team.rank == 0:
                Campaign(folder, record, [population]).close()
            team.meet(f"begin-{name}")
            begun = time.perf_counter()
            if team.rank < processes:
                shelf = Campaign(folder, record, [population], owner=False)
                with Collector(0, "cpu", "float32", None, threads, shelf=shelf) as collector:
                    dealt = team.deal(name, BLOCKS)
                    for _ in collector.draw((population, block) for block in dealt):
                        pass
            team.meet(f"end-{name}")
            if number:  # the first round warms up
                seconds[way].append(time.perf_counter() - begun)
            if team.rank == 0:
                shutil.rmtree(folder)
    if team.rank == 0:
        root.rmdir()
        report(weights, seconds)


def report(weights: int, seconds: dict[str, list[float]]) -> None:
    """Print rates, and every round's ratio to one process."""
    base = seconds["1 process"]
    for way, found in seconds.items():
        ratios = [one / other for one, other in zip(base, found, strict=True)]
        print(
            f"{way:22} {weights / statistics.median(found) / 1e6:6.0f} million weights/s   "
            f"speed-up: median {statistics.median(ratios):.2f}, "
            f"rounds {', '.join(f'{ratio:.2f}' for ratio in ratios)}"
        )


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    if "RANK" in os.environ:
        measure(rounds)
        return
    print(machine(), flush=True)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    launch += ["--nproc-per-node", "2", __file__, str(rounds)]
    subprocess.run(launch, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})


if __name__ == "__main__":
    main()
