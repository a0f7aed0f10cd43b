"""Compile what a GPU would be given, where there is none: Triton's launcher with a stand-in driver.

A script of its own, since the other tests run Triton's interpreter. Prints JSON: of each compiled
kernel its constants, what it occupies, and how many instructions its inner loop takes a normal.
"""

import json
import sys
from itertools import product
from typing import Any

import numpy as np
import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.backends.driver import DriverBase
from triton.runtime.jit import JITFunction

from maxout.verify.experiments import experiments
from maxout.verify.gpu.listing import instructions, usage
from maxout.verify.sampling import device_walk
from maxout.verify.sampling.biases import LAWS, Drawn
from maxout.verify.sampling.network_populations import Along, Networks

INTEGERS = (0, 1, 2, 16, 17)
"""Those that Triton treats apart: 1, multiples of 16, and others."""


class StandIn(DriverBase):
    """A driver of a GPU that is not there: enough of one to choose what to compile."""

    def __init__(self, capability: int) -> None:
        self._capability = capability
        self.get_current_stream = lambda device: 0
        self.get_current_device = lambda: 0

    @classmethod
    def is_active(cls) -> bool:
        return True

    def map_python_to_cpp_type(self, ty: str) -> str:
        return ty

    def get_current_target(self) -> GPUTarget:
        return GPUTarget("cuda", self._capability, 32)

    def get_active_torch_device(self) -> torch.device:
        return torch.device("cpu")

    def get_benchmarker(self) -> Any:
        raise NotImplementedError


def suites() -> set[tuple[int, int, int]]:
    """Vectors, widest layer and law of biases of every population of networks in the suites."""
    found = {(2, 100, 0), (6, 300, 2)}  # wider ones, which a person may ask for
    for suite in ("quick", "standard"):
        for several in experiments(suite).values():
            for population in (p for one in several for p in one.populations):
                networks = population.networks if isinstance(population, Along) else population
                if isinstance(networks, Networks):
                    s = networks.sampler
                    law = LAWS[s.biases]
                    kind = 0 if law is None else 2 if isinstance(law, Drawn) else 1
                    widest = max(units for units, _, _ in s.shapes)
                    found.add((1 + len(s.cosines), widest, kind))
    return found


def launch(vectors: int, widest: int, law: int, count: int, number: int, layers: int = 2) -> None:
    """Walk ``count`` networks at a place of that ``number``."""
    sizes = [(widest, 3, 5)] + [(widest, 3, widest)] * (layers - 2) + [(2, 1, widest)]
    shapes = np.array(sizes)
    biases = torch.zeros((count, 3 * widest * (layers - 1))) if law == 1 else None
    device_walk.walk(
        torch.zeros((count, vectors, 5)),
        shapes,
        np.ones(layers),
        biases,
        np.array([number, number, number, 2**32 - 1 - number], dtype=np.uint32),
        deviations=np.ones(layers - 1) if law == 2 else None,
        per_shard=max(1, number),
        network=number,
    )


def main() -> None:
    compiled: list[tuple[Any, Any]] = []
    original = JITFunction.run

    def run(self: Any, *args: Any, grid: Any, warmup: bool, **options: Any) -> Any:
        kernel = original(self, *args, grid=grid, warmup=True, **options)
        if not any(kernel is one for _, one in compiled):
            compiled.append((options, kernel))
        return kernel

    JITFunction.run = run
    reports = []
    for capability in (80, 90):
        triton.runtime.driver.set_active(StandIn(capability))
        compiled.clear()
        for vectors, widest, law in sorted(suites()):
            for count, number in product((1, 2, 16, 17), INTEGERS):
                launch(vectors, widest, law, count, number)
            for layers in (2, 16, 17):
                launch(vectors, widest, law, 2, 1, layers)
        for options, kernel in compiled:
            reports.append(
                {
                    "capability": capability,
                    **{name: options[name] for name in ("vectors", "law")},
                    **usage(kernel),
                    "fused": kernel.asm["ptx"].count("fma.rn"),
                    "flushed": kernel.asm["ptx"].count(".ftz"),
                    "approximate": kernel.asm["ptx"].count(".approx"),
                    "a normal": instructions(kernel) / 4,
                }
            )
    json.dump(reports, sys.stdout)


if __name__ == "__main__":
    main()
