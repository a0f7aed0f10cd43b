"""Inputs, outputs, containers, number formats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .zoo_case import CONTIGUOUS, PLAIN, ROWS, L, Net, add
from .zoo_rows import triples
from .zoo_weights import THREE

# Inputs, outputs, containers, number formats.


@dataclass
class Scores:
    logits: Tensor
    hidden: Tensor | None


def simple(run: Callable[..., Any]) -> Callable[[], nn.Module]:
    return lambda: Net(run, a=L(6, 12), c=L(4, 2))


def head(s: Any, x: Tensor) -> Tensor:
    return s.c(triples(s.a(x)))


add("dataclass output", simple(lambda s, x: Scores(head(s, x), None)), ROWS, THREE)
add("dictionary output", simple(lambda s, x: {"y": head(s, x)}), ROWS, THREE)
add("dictionary input", simple(lambda s, b: head(s, b["x"])), ({"x": ROWS},), THREE)
add("keyword", simple(lambda s, *, x: head(s, x)), (), THREE, x=ROWS)
add("list of inputs", simple(lambda s, xs: head(s, xs[0] + xs[1])), ([ROWS, ROWS],), THREE)
add(
    "checkpoint",
    simple(lambda s, x: s.c(checkpoint(lambda z: triples(s.a(z)), x, use_reentrant=False))),
    ROWS,
    THREE,
)
add(
    "branch on a number",
    simple(lambda s, x: s.c((lambda y: triples(y) if y.mean().item() < 100 else y[:, :4])(s.a(x)))),
    ROWS,
    THREE,
)
add(
    "compiled",
    lambda: torch.compile(simple(head)(), backend="eager"),
    ROWS,
    {f"_orig_mod.{k}": v for k, v in THREE.items()},
)
add(
    "DataParallel",
    lambda: nn.DataParallel(simple(head)()),
    ROWS,
    {f"module.{k}": v for k, v in THREE.items()},
)
add(
    "sequential",
    lambda: nn.Sequential(
        L(6, 12), nn.Unflatten(1, (1, 12)), nn.MaxPool1d(3), nn.Flatten(), L(4, 2)
    ),
    ROWS,
    {"0": (3, 1, CONTIGUOUS), "4": PLAIN},
)
add("half", lambda: simple(head)().half(), ROWS.half(), THREE)
add("bfloat16", lambda: simple(head)().bfloat16(), ROWS.bfloat16(), THREE)
add("double", lambda: simple(head)().double(), ROWS.double(), THREE)


def _autocast(s: Any, x: Tensor) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        return head(s, x)


add("autocast", simple(_autocast), ROWS, THREE)
add(
    "dropout in front",
    lambda: Net(
        lambda s, x: s.c(s.d(triples(s.b(s.d(triples(s.a(x))))))),
        a=L(6, 12),
        b=L(4, 12),
        c=L(4, 2),
        d=nn.Dropout(0.5),
    ),
    ROWS,
    THREE | {"b": (3, 1, CONTIGUOUS)},
)
