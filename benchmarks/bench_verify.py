"""Weights and networks per second against the generators' limit, and against a loop per network.

    python benchmarks/bench_verify.py [--rounds 5] [--seconds 1.0] [--json]

The limit is the rate at which all cores together fill memory with float32 normals: by the best
generator of NumPy and PyTorch, and by the best of those and of ``sfc64``, from which
the sampler draws. It draws every weight of every network once and pushes an input and a direction
through; its weights are counted against both limits. All is measured in turns, round by round, so
that whatever else the machine does falls on everything; printed are medians over rounds, of the
ratios within a round.

The loop is the usual way of doing it: one network at a time in NumPy, float64, weights drawn,
activations and Jacobian propagated layer by layer.

On a CUDA device the same is measured there: torch.randn alone, the sampler with --stream philox,
and the fused kernel of maxout.verify.sampling.fused.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import threading
from collections.abc import Callable
from time import perf_counter

import numpy as np
import torch

from maxout.theory.network import Network
from maxout.verify.sampling import sfc64
from maxout.verify.sampling.network_populations import Networks
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.populations import Setting
from maxout.verify.sampling.streams import Stream

CORES = len(os.sched_getaffinity(0))
FILLED = 1 << 22  # normals of one buffer, 16 MiB

NETWORKS = {
    "width 100, depth 100, K = 5": Network(100, (100,) * 100, 100, 5, bias="zero"),
    "width 64, depth 8, K = 5": Network(64, (64,) * 8, 10, 5, bias="gaussian"),
    "width 12, depth 4, K = 3": Network(6, (12,) * 4, 4, 3, bias="zero"),
}


def numpy_filler(bits: type[np.random.BitGenerator]) -> Callable[[int], Callable[[], None]]:
    def make(worker: int) -> Callable[[], None]:
        generator = np.random.Generator(bits(worker))
        out = np.empty(FILLED, dtype=np.float32)
        return lambda: generator.standard_normal(out=out, dtype=np.float32)  # type: ignore[return-value]

    return make


def torch_filler(worker: int) -> Callable[[], None]:
    generator = torch.Generator().manual_seed(worker)
    out = torch.empty(FILLED, dtype=torch.float32)
    return lambda: out.normal_(generator=generator)  # type: ignore[return-value]


def bulk_filler(worker: int) -> Callable[[], None]:
    generator = sfc64.generator(worker, "benchmark", 0, 1)
    out = np.empty(FILLED, dtype=np.float32)
    return lambda: sfc64.fill_normal(generator, out)  # type: ignore[return-value]


FILLERS = {
    "NumPy PCG64": numpy_filler(np.random.PCG64),
    "NumPy SFC64": numpy_filler(np.random.SFC64),
    "NumPy Philox": numpy_filler(np.random.Philox),
    "torch": torch_filler,
}
"""The generators of normals that NumPy and PyTorch have."""
OURS = "maxout.verify.sampling.sfc64"


def rate(work: list[Callable[[], None]], per_call: int, seconds: float) -> float:
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


def sampling(
    network: Network, device: torch.device, kind: str, threads: int
) -> list[Callable[[], None]]:
    """One shard a call, of a sampler that serves the gain along a direction."""
    population = Networks(Sampler(network, str(network.bias), 0.6, 1.0))
    setting = Setting(device, torch.float32)
    shards = iter(range(1 << 30))

    def draw() -> None:
        population.draw(Stream(0, population.name, next(shards), kind), setting)

    return [draw] * threads


def numpy_loop(network: Network, generator: np.random.Generator) -> float:
    """||J u||^2 of one network, the plain way."""
    c = float(network.c.evalf())
    x = generator.standard_normal(network.inputs)
    u = generator.standard_normal(network.inputs)
    u /= np.linalg.norm(u)
    for fan_in, units in network.hidden():
        weights = generator.standard_normal((units, network.rank, fan_in)) * np.sqrt(c / fan_in)
        biases = np.zeros((units, network.rank))
        if network.bias == "gaussian":
            biases = generator.standard_normal(biases.shape) * np.sqrt(c / fan_in)
        values = weights @ x + biases
        winner = values.argmax(axis=1)
        x = values[np.arange(units), winner]
        u = weights[np.arange(units), winner] @ u
    last = generator.standard_normal((network.outputs, x.size)) / np.sqrt(x.size)
    return float(np.sum((last @ u) ** 2))


def looping(network: Network) -> list[Callable[[], None]]:
    generator = np.random.default_rng(0)
    return [lambda: numpy_loop(network, generator)]  # type: ignore[list-item, return-value]


def cuda_rows(seconds: float) -> list[dict[str, object]]:
    """The same on a GPU; empty where there is none."""
    if not torch.cuda.is_available():
        return []
    from maxout.verify.sampling import fused

    device = torch.device("cuda")
    out = torch.empty(1 << 28, device=device)

    def fill() -> None:
        out.normal_()
        torch.cuda.synchronize()

    rows = []
    for label, network in NETWORKS.items():
        sampler = Sampler(network, str(network.bias), 0.6, 1.0)
        population = Networks(sampler)
        weights = sampler.weights * population.shard_size

        def push(sampler: Sampler = sampler, population: Networks = population) -> None:
            stream = Stream(0, population.name, 0, "philox")
            for _ in fused.squared_norms(sampler, stream, population.shard_size, device):
                pass
            torch.cuda.synchronize()

        fill(), push()
        limit = rate([fill], out.numel(), seconds)
        rows.append(
            {
                "network": label,
                "device": torch.cuda.get_device_name(),
                "randn_per_second": limit,
                "sampler_of_randn": rate(sampling(network, device, "philox", 1), weights, seconds)
                / limit,
                "fused_of_randn": rate([push], weights, seconds) / limit,
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    fills: dict[str, list[float]] = {}
    found: dict[str, dict[str, list[float]]] = {label: {} for label in NETWORKS}
    for _ in range(options.rounds):
        for name, make in {**FILLERS, OURS: bulk_filler}.items():
            for threads in (1, CORES):
                workers = [make(i) for i in range(threads)]
                speed = rate(workers, FILLED, options.seconds)
                fills.setdefault(f"{name}, {threads} threads", []).append(speed)
        theirs = max(fills[f"{name}, {CORES} threads"][-1] for name in FILLERS)
        limit = max(theirs, fills[f"{OURS}, {CORES} threads"][-1])
        for label, network in NETWORKS.items():
            population = Networks(Sampler(network, str(network.bias), 0.6, 1.0))
            shard = population.shard_size
            draws = sampling(network, torch.device("cpu"), "sfc64", CORES)
            networks = rate(draws, shard, options.seconds)
            loop = rate(looping(network), 1, options.seconds)
            row = found[label]
            row.setdefault("networks_per_second", []).append(networks)
            weights = networks * population.sampler.weights
            row.setdefault("weights_of_libraries", []).append(weights / theirs)
            row.setdefault("weights_of_limit", []).append(weights / limit)
            row.setdefault("times_the_loop", []).append(networks / loop)
    result = {
        "cores": CORES,
        "normals_per_second": {name: statistics.median(rates) for name, rates in fills.items()},
        "networks": [
            {"network": label, **{k: statistics.median(v) for k, v in row.items()}}
            for label, row in found.items()
        ],
        "cuda": cuda_rows(options.seconds),
    }
    if options.json:
        print(json.dumps(result, indent=2))
        return
    for name, speed in result["normals_per_second"].items():
        print(f"{name:28} {speed / 1e9:6.3f} billion normals a second")
    titles = ("networks/s", "of NumPy, torch", "of all", "times the loop")
    print(f"\n{'network':30}" + "".join(f"{title:>16}" for title in titles))
    for row in result["networks"]:
        print(
            f"{row['network']:30}{row['networks_per_second']:16.1f}"
            f"{row['weights_of_libraries']:16.0%}{row['weights_of_limit']:16.0%}"
            f"{row['times_the_loop']:16.1f}"
        )
    for row in result["cuda"]:
        print(row)


if __name__ == "__main__":
    main()
