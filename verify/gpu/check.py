"""One record of a GPU: whether it draws what the CPU draws, and how fast.

Everything here runs on any device, so that the tests can run it where there is no GPU; only what is
read off the driver is left out there.
"""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any

import numpy as np
import torch

from maxout.theory.network import Network
from maxout.verify.campaigns.processor import accelerator, processor
from maxout.verify.experiments import experiments
from maxout.verify.gpu.listing import instructions
from maxout.verify.sampling import device_networks, device_walk
from maxout.verify.sampling.network_populations import Along, Networks
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.populations import Population, Setting
from maxout.verify.sampling.streams import Stream

CPU = torch.device("cpu")

NETWORKS = {
    "width 100, depth 100, K = 5": Network(100, (100,) * 100, 100, 5, bias="zero"),
    "width 64, depth 8, K = 5": Network(64, (64,) * 8, 10, 5, bias="gaussian"),
    "width 12, depth 4, K = 3": Network(6, (12,) * 4, 4, 3, bias="zero"),
}

CLOSE = 1e-6
"""Relative difference of float64 samples on two devices that rounding explains."""


def check(device: torch.device, seconds: float = 1.0, seed: int = 0) -> dict[str, Any]:
    """Return the record: the machine, agreement of every population, and rates.

    Args:
      seconds: that each rate is measured for, about.
    """
    machine = {**processor(), **accelerator(device)}
    rates = [rate(name, network, device, seconds) for name, network in NETWORKS.items()]
    if device.type == "cuda":
        # Read when the GPU has just worked: an idle one counts a fraction of this.
        machine["clock"] = str(torch.cuda.clock_rate(device))
    for row in rates:
        if row["instructions a weight"] is not None:
            row["issued"] = issued(row, machine)
    return {"machine": machine, "agreement": [*agreement(device, seed)], "rates": rates}


def agreement(device: torch.device, seed: int) -> Iterator[dict[str, Any]]:
    """Yield, of the first shard of every population of the quick suite, how it differs.

    ``equal``: whether all bytes are the CPU's; ``close``: the least share of samples of an array
    that differ by ``CLOSE`` of themselves at most; ``walk``: whether they have to be equal.
    """
    populations: dict[str, Population] = {}
    for several in experiments("quick").values():
        populations.update((p.name, p) for one in several for p in one.populations)
    for name, population in populations.items():
        for dtype in (torch.float32, torch.float64):
            stream = Stream(seed, name, 0)
            with warnings.catch_warnings():
                # PyTorch's own thread for derivatives finds no context, makes one, and says so.
                warnings.filterwarnings("ignore", "Attempting to run cuBLAS", UserWarning)
                here, there = (
                    population.draw(stream, Setting(place, dtype)) for place in (CPU, device)
                )
            yield {
                "population": name,
                "walk": dtype == torch.float32 and isinstance(population, Networks | Along),
                "dtype": str(dtype).removeprefix("torch."),
                "equal": all(here[a].tobytes() == there[a].tobytes() for a in here),
                "close": min(
                    float(np.isclose(here[a], there[a], rtol=CLOSE, atol=0).mean()) for a in here
                ),
            }


def rate(name: str, network: Network, device: torch.device, seconds: float) -> dict[str, Any]:
    """Return weights a second: of the walk, of ``torch.randn``, and of randn with a product.

    Medians of five turns, one after the other, so that whatever else happens falls on all. Two
    threads launch the walk, as a suite's do: one draws inputs while the GPU walks for the other.
    """
    population = Networks(Sampler(network, network.bias))
    setting = Setting(device, torch.float32)
    together = population.together(setting)
    streams = [Stream(0, population.name, shard) for shard in range(together)]
    count = population.shard_size
    weights = together * count * population.sampler.weights
    fan_in, rows = network.inputs, network.widths[0] * network.rank
    layers = max(1, (1 << 24) // (fan_in * rows))
    buffer = torch.empty((layers, rows, fan_in), device=device)
    vectors = torch.ones((layers, fan_in, 2), device=device)

    def launch(_: int) -> int:
        device_networks.squared_norms(population.sampler, streams, count, device)
        return weights

    def walk() -> int:
        return sum(pool.map(launch, range(4)))

    def randn() -> int:
        buffer.normal_()
        return buffer.numel()

    def with_product() -> int:
        torch.bmm(buffer.normal_(), vectors)
        return buffer.numel()

    ways: dict[str, Callable[[], int]] = {
        "walk": walk,
        "randn": randn,
        "randn + bmm": with_product,
    }
    # Triton's interpreter takes one thread at a time.
    with ThreadPoolExecutor(2 if device.type == "cuda" else 1) as pool:
        for way in ways.values():  # compiled, and the memory taken
            way()
        turns = [
            {key: _timed(way, device, seconds / 5) for key, way in ways.items()} for _ in range(5)
        ]
    medians = {key: statistics.median(turn[key] for turn in turns) for key in ways}
    return {
        "networks": name,
        "instructions a weight": _instructions(population.sampler, device),
        "weights a second": medians,
        "networks a second": medians["walk"] / population.sampler.weights,
        "walk over randn": statistics.median(turn["walk"] / turn["randn"] for turn in turns),
        "walk over randn + bmm": statistics.median(
            turn["walk"] / turn["randn + bmm"] for turn in turns
        ),
    }


def _instructions(sampler: Sampler, device: torch.device) -> float | None:
    """Of the compiled inner loop; None in the interpreter."""
    rows = torch.zeros((1, 1 + len(sampler.cosines), sampler.network.inputs), device=device)
    place = Stream(0, "instructions", 0).generator(0).place
    deviations = np.ones(len(sampler.shapes) - 1) if sampler.biases == "gaussian" else None
    kernel = device_walk.launch(
        rows, np.array(sampler.shapes), np.array(sampler.scales), None, place, deviations
    )[1]
    return None if kernel is None else instructions(kernel) / 4


def _timed(way: Callable[[], int], device: torch.device, seconds: float) -> float:
    """Weights a second, the device's work included."""
    done, start = 0, perf_counter()
    while True:
        done += way()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        if (spent := perf_counter() - start) >= seconds:
            return done / spent


def issued(row: dict[str, Any], machine: dict[str, str]) -> float:
    """Return which share of the instructions that a GPU can issue a row of ``rate`` did issue."""
    # A multiprocessor issues for four times 32 threads a cycle; its clock is in MHz.
    peak = int(machine["multiprocessors"]) * 128 * float(machine["clock"]) * 1e6
    return float(row["weights a second"]["walk"] * row["instructions a weight"] / peak)


def markdown(record: dict[str, Any]) -> str:
    """Return the record as a page: the machine, what differs, and a table of rates."""
    machine = ", ".join(f"{name} {value}" for name, value in record["machine"].items())
    lines = [machine + ".", ""]
    for dtype in ("float32", "float64"):
        rows = [row for row in record["agreement"] if row["dtype"] == dtype]
        equal = sum(row["equal"] for row in rows)
        worst = min(rows, key=lambda row: float(row["close"]))
        lines.append(
            f"{dtype}: {equal} of {len(rows)} populations are the CPU's bytes; least close is "
            f"{worst['population']}, {100 * worst['close']:.4g} % of its samples within {CLOSE:g}."
        )
    lines += ["", "| networks | a second | weights a second | over randn | over randn + bmm |"]
    lines += ["|---|---|---|---|---|"]
    lines += [
        f"| {row['networks']} | {row['networks a second']:.4g} | "
        f"{row['weights a second']['walk']:.3g} | {row['walk over randn']:.2f} | "
        f"{row['walk over randn + bmm']:.2f} |"
        for row in record["rates"]
    ]
    if "quick suite" in record:
        suite = record["quick suite"]
        lines += ["", f"Quick suite in float32: {suite['status']}, {suite['seconds']:.1f} s."]
    shares = [row["issued"] for row in record["rates"] if "issued" in row]
    if shares:
        said = ", ".join(f"{100 * share:.0f} %" for share in shares)
        lines += ["", f"Instructions issued, of what the GPU can: {said}."]
    return "\n".join(lines) + "\n"
