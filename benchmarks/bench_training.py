"""Seeds trained side by side against the same seeds one after the other. One thread.

    python benchmarks/bench_training.py

Prints, for the fully connected network of the training experiments, the ratio of the time that 20
separate networks need for a step of Adam to that of the stack of 20, interleaved in one run.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from machine import machine
from torch import nn

from maxout.lab.training.architectures import build
from maxout.lab.training.schemes import scheme
from maxout.lab.training.stacked import Stack, optimizer_of

SEEDS, BATCH, ROUNDS = 20, 32, 7


def networks(shape: tuple[int, ...], name: str) -> list[nn.Sequential]:
    chosen = scheme(name)
    models = []
    for seed in range(SEEDS):
        model = build("fc", shape, 10, 0 if chosen.is_relu else 5)
        chosen.initialize_(model, torch.Generator().manual_seed(seed))
        models.append(model)
    return models


def steps(shape: tuple[int, ...], name: str) -> tuple[Callable[[], None], Callable[[], None]]:
    inputs, labels = torch.rand(SEEDS, BATCH, *shape), torch.randint(0, 10, (SEEDS, BATCH))
    stack, separate = Stack(networks(shape, name)), networks(shape, name)
    together = optimizer_of("adam", list(stack.parameters.values()), 0.001)
    alone = [optimizer_of("adam", list(model.parameters()), 0.001) for model in separate]

    def side_by_side() -> None:
        together.zero_grad()
        stack.losses(inputs, labels).sum().backward()
        together.step()

    def one_by_one() -> None:
        for seed, (model, optimizer) in enumerate(zip(separate, alone, strict=True)):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(inputs[seed]), labels[seed]).backward()
            optimizer.step()

    return side_by_side, one_by_one


def seconds(run: Callable[[], None]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def main() -> None:
    torch.set_num_threads(1)
    print(machine())
    for shape in ((4,), (1, 8, 8), (1, 28, 28)):
        for name in ("maxout", "relu"):
            fast, slow = steps(shape, name)
            fast(), slow()
            ratios = [seconds(slow) / seconds(fast) for _ in range(ROUNDS)]
            print(
                f"inputs {'x'.join(map(str, shape)):7}  {name:6}  {SEEDS} seeds side by side: "
                f"{statistics.median(ratios):.1f} times faster "
                f"({min(ratios):.1f} to {max(ratios):.1f})"
            )


if __name__ == "__main__":
    main()
