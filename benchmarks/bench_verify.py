"""Weights drawn and multiplied per second, against what a user would write.

    OMP_NUM_THREADS=1 python benchmarks/bench_verify.py [--rounds 5] [--seconds 0.7] [--json]

Generators fill memory with float32 normals: NumPy's, PyTorch's, and this package's. The sampler
makes every weight of every network once and pushes an input and a direction through, in float32;
its weights are counted against the best library's normals alone, products left out.

What a user would write draws many networks at a time, an array of weights a layer: by torch.randn
and torch.bmm, and by NumPy's SFC64 and matmul; winners by argmax. All is measured in turns, round
by round; printed are medians over rounds, of the ratios within a round.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import threading
from collections.abc import Callable
from itertools import count
from time import perf_counter

import numpy as np
import torch
from machine import machine

from maxout.theory.network import Network
from maxout.verify.sampling.network_populations import Networks
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.populations import Setting
from maxout.verify.sampling.streams import Stream

CORES = len(os.sched_getaffinity(0))
FILLED = 1 << 20  # normals of one buffer
TOGETHER = 1 << 20  # weights of one layer that a user would draw at a time

Work = Callable[[], object]

NETWORKS = {
    "width 100, depth 100, K = 5": Network(100, (100,) * 100, 100, 5, bias="zero"),
    "width 64, depth 8, K = 5": Network(64, (64,) * 8, 10, 5, bias="gaussian"),
    "width 12, depth 4, K = 3": Network(6, (12,) * 4, 4, 3, bias="zero"),
}


def numpy_filler(bits: type[np.random.BitGenerator]) -> Callable[[int], Work]:
    def make(worker: int) -> Work:
        generator = np.random.Generator(bits(worker))
        out = np.empty(FILLED, dtype=np.float32)
        return lambda: generator.standard_normal(out=out, dtype=np.float32)

    return make


def torch_filler(worker: int) -> Work:
    generator = torch.Generator().manual_seed(worker)
    out = torch.empty(FILLED)
    return lambda: out.normal_(generator=generator)


def our_filler(worker: int) -> Work:
    shards = count(worker << 20)
    shape = (1, FILLED >> 8, 1 << 8)
    return lambda: Stream(0, "b", next(shards)).generator(1).weights(0, shape, np.float32)


FILLERS = {
    "NumPy PCG64": numpy_filler(np.random.PCG64),
    "NumPy SFC64": numpy_filler(np.random.SFC64),
    "torch.randn": torch_filler,
}
OURS = "maxout"


def rate(work: list[Work], per_call: int, seconds: float) -> float:
    """Units per second of all the workers together, each in its own thread."""
    stop = perf_counter() + seconds
    done = [0] * len(work)

    def loop(index: int) -> None:
        while perf_counter() < stop:
            work[index]()
            done[index] += per_call

    start = perf_counter()
    threads = [threading.Thread(target=loop, args=(i,)) for i in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (perf_counter() - start)


def sampling(population: Networks, threads: int) -> list[Work]:
    """One shard a call."""
    setting = Setting(torch.device("cpu"), torch.float32)
    shards = count()
    return [lambda: population.draw(Stream(0, "b", next(shards)), setting)] * threads


def by_torch(sampler: Sampler, networks: int, worker: int) -> Work:
    """||J u||^2 of many networks at once, as a user of PyTorch writes it."""
    generator = torch.Generator().manual_seed(worker)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    def draw() -> torch.Tensor:
        rows = normal(networks, 2, sampler.network.inputs)
        for (units, pieces, fan_in), scale in zip(sampler.shapes, sampler.scales, strict=True):
            weights = normal(networks, fan_in, units * pieces)
            products = torch.bmm(rows * scale, weights).view(networks, 2, units, pieces)
            if sampler.biases == "gaussian" and pieces > 1:
                products[:, 0] += scale * normal(networks, units, pieces)
            winners = products[:, :1].argmax(dim=-1, keepdim=True).expand(-1, 2, -1, -1)
            rows = products.gather(-1, winners).squeeze(-1)
        return rows[:, 1].square().sum(dim=1)

    return draw


def by_numpy(sampler: Sampler, networks: int, worker: int) -> Work:
    """The same as a user of NumPy writes it."""
    generator = np.random.Generator(np.random.SFC64(worker))

    def normal(*shape: int) -> np.ndarray:
        return generator.standard_normal(shape, dtype=np.float32)

    def draw() -> np.ndarray:
        rows = normal(networks, 2, sampler.network.inputs)
        for (units, pieces, fan_in), scale in zip(sampler.shapes, sampler.scales, strict=True):
            weights = normal(networks, fan_in, units * pieces)
            products = np.matmul(rows * np.float32(scale), weights)
            products = products.reshape(networks, 2, units, pieces)
            if sampler.biases == "gaussian" and pieces > 1:
                products[:, 0] += np.float32(scale) * normal(networks, units, pieces)
            winners = products[:, :1].argmax(axis=-1)[..., None]
            rows = np.take_along_axis(products, winners, axis=-1)[..., 0]
        return np.square(rows[:, 1]).sum(axis=1)

    return draw


def measure(rounds: int, seconds: float) -> dict[str, object]:
    fills: dict[str, list[float]] = {}
    found: dict[str, dict[str, list[float]]] = {label: {} for label in NETWORKS}
    for _ in range(rounds):
        for name, make in {**FILLERS, OURS: our_filler}.items():
            for threads in {1, CORES}:
                workers = [make(i) for i in range(threads)]
                workers[0]()
                fills.setdefault(f"{name}, {threads} threads", []).append(
                    rate(workers, FILLED, seconds)
                )
        best = {n: max(fills[f"{name}, {n} threads"][-1] for name in FILLERS) for n in (1, CORES)}
        for label, network in NETWORKS.items():
            population = Networks(Sampler(network, str(network.bias)))
            sampler, size = population.sampler, population.shard_size * population.sampler.weights
            largest = max(units * pieces * fan_in for units, pieces, fan_in in sampler.shapes)
            many = max(1, TOGETHER // largest)
            sampling(population, 1)[0]()
            ours = {n: rate(sampling(population, n), size, seconds) for n in (1, CORES)}
            users = {
                way.__name__: rate([way(sampler, many, 0)], many * sampler.weights, seconds)
                for way in (by_torch, by_numpy)
            }
            for name, value in (
                ("weights_per_second", ours[1]),
                ("networks_per_second", ours[CORES] / sampler.weights),
                ("of_best_library", ours[1] / best[1]),
                ("threads", ours[CORES] / ours[1]),
                *((f"times_{way}", ours[1] / speed) for way, speed in users.items()),
            ):
                found[label].setdefault(name, []).append(value)
    return {
        "machine": machine(),
        "normals_per_second": {name: statistics.median(rates) for name, rates in fills.items()},
        "networks": {
            label: {name: statistics.median(values) for name, values in row.items()}
            for label, row in found.items()
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    result = measure(options.rounds, options.seconds)
    if options.json:
        print(json.dumps(result, indent=2))
        return
    print(result["machine"])
    for name, speed in result["normals_per_second"].items():
        print(f"{name:24} {speed / 1e9:6.3f} billion normals a second")
    print(f"\n{'':28}weights/s  of best library  {CORES} threads  networks/s  torch's  NumPy's")
    for label, row in result["networks"].items():
        print(
            f"{label:28}{row['weights_per_second'] / 1e9:8.3f}G {row['of_best_library']:15.2f} "
            f"{row['threads']:10.2f} {row['networks_per_second']:11.0f} "
            f"{row['times_by_torch']:8.1f} {row['times_by_numpy']:8.1f}"
        )


if __name__ == "__main__":
    main()
