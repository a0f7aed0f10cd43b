"""Maxout layers against a plain layer, a reshape and amax written by hand, in eager mode.

    python benchmarks/bench_nn.py [--seconds 1.0] [--json]

Both sides hold the same weights and are timed in turns, round by round, so that whatever else the
machine does falls on both. Printed is the median over rounds of (layer / by hand), below 1 where
the layer is faster, with the quartiles, and the time of one call of the layer. "forward" runs
without gradients, "training" is forward and backward.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import torch
from machine import machine
from torch import Tensor, nn

from maxout.nn import MaxoutConv2d, MaxoutLinear


class ByHand(nn.Module):
    """What a user writes without this package."""

    def __init__(self, plain: nn.Module, rank: int, dim: int, layout: str) -> None:
        super().__init__()
        self.plain, self.rank, self.dim, self.layout = plain, rank, dim, layout

    def forward(self, x: Tensor) -> Tensor:
        y = self.plain(x)
        before, channels, after = y.shape[: self.dim], y.shape[self.dim], y.shape[self.dim + 1 :]
        if self.layout == "contiguous":
            return y.reshape(*before, channels // self.rank, self.rank, *after).amax(self.dim + 1)
        return y.reshape(*before, self.rank, channels // self.rank, *after).amax(self.dim)


def linear(batch: int, width: int, rank: int, layout: str) -> tuple[nn.Module, nn.Module, Tensor]:
    layer = MaxoutLinear(width, width, rank, layout=layout)
    plain = nn.Linear(width, width * rank)
    plain.load_state_dict(layer.state_dict())
    return layer, ByHand(plain, rank, 1, layout), torch.randn(batch, width)


def conv(batch: int, width: int, rank: int, layout: str) -> tuple[nn.Module, nn.Module, Tensor]:
    layer = MaxoutConv2d(width, width, 3, rank, padding=1, layout=layout)
    plain = nn.Conv2d(width, width * rank, 3, padding=1)
    plain.load_state_dict(layer.state_dict())
    return layer, ByHand(plain, rank, 1, layout), torch.randn(batch, width, 16, 16)


# kind, batch, width, rank
SIZES = [
    (linear, 1, 8, 2),  # nothing but overhead
    (linear, 32, 64, 5),
    (linear, 128, 256, 3),
    (conv, 8, 16, 3),
    (conv, 32, 32, 5),
]


def forward(module: nn.Module, x: Tensor) -> None:
    with torch.no_grad():
        module(x)


def training(module: nn.Module, x: Tensor) -> None:
    module(x).sum().backward()


def seconds(run: Callable[[], None], calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        run()
    return (perf_counter() - start) / calls


def compare(
    work: Callable[[nn.Module, Tensor], None],
    layer: nn.Module,
    by_hand: nn.Module,
    x: Tensor,
    budget: float,
) -> dict[str, float]:
    """Quartiles of layer / by hand over rounds of about 10 ms a side."""
    sides = [lambda: work(layer, x), lambda: work(by_hand, x)]
    calls = max(1, round(0.01 / max(seconds(side, 3) for side in sides)))  # warms up as well
    times: list[tuple[float, float]] = []
    end = perf_counter() + budget
    while perf_counter() < end or len(times) < 20:
        # The first of a round changes, so that being first favours neither.
        first = len(times) % 2
        one = seconds(sides[first], calls)
        other = seconds(sides[1 - first], calls)
        times.append((other, one) if first else (one, other))
    low, middle, high = statistics.quantiles((ours / theirs for ours, theirs in times), n=4)
    microseconds = 1e6 * statistics.median(ours for ours, _ in times)
    return {"ratio": middle, "low": low, "high": high, "microseconds": microseconds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1.0, help="per comparison")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    for build, batch, width, rank in SIZES:
        for layout in ("contiguous", "strided"):
            layer, by_hand, x = build(batch, width, rank, layout)
            assert torch.equal(layer(x), by_hand(x))
            for work in (forward, training):
                row = {
                    "layer": build.__name__, "batch": batch, "width": width, "rank": rank,
                    "layout": layout, "work": work.__name__,
                }  # fmt: skip
                rows.append(row | compare(work, layer, by_hand, x, options.seconds))
                print(f"{len(rows)}/{4 * len(SIZES)}", end="\r", file=sys.stderr)
    if options.json:
        print(json.dumps({"machine": machine(), "rows": rows}, indent=2))
        return
    print(machine())
    print("layer   batch  width  rank  layout      work       ratio  (quartiles)        µs")
    for r in rows:
        print(
            f"{r['layer']:6}  {r['batch']:5}  {r['width']:5}  {r['rank']:4}  {r['layout']:10}  "
            f"{r['work']:8}  {r['ratio']:6.3f}  ({r['low']:.3f}, {r['high']:.3f})  "
            f"{r['microseconds']:9.1f}"
        )


if __name__ == "__main__":
    main()
