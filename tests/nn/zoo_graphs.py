"""Norms, sums, residual streams."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .zoo_case import CONTIGUOUS, PLAIN, ROWS, ZOO, Case, L, Net, add, numbers
from .zoo_rows import triples
from .zoo_weights import THREE, three

# Norms, sums, skips, loops.

for _name, _norm in {
    "layer norm": lambda: nn.LayerNorm(4), "batch norm": lambda: nn.BatchNorm1d(4),
    "RMS norm": lambda: nn.RMSNorm(4), "group norm": lambda: nn.GroupNorm(2, 4),
}.items():  # fmt: skip
    add(
        f"{_name} behind",
        lambda norm=_norm: Net(
            lambda s, x: s.c(triples(s.b(s.n(triples(s.a(x)))))),
            a=L(6, 12),
            b=L(4, 12),
            n=norm(),
            c=L(4, 2),
        ),
        ROWS,
        {"a": (3, 1, CONTIGUOUS), "b": (3, 1, CONTIGUOUS), "c": PLAIN},
    )
add(
    "layer norm before",
    lambda: Net(lambda s, x: s.c(triples(s.n(s.a(x)))), a=L(6, 12), n=nn.LayerNorm(12), c=L(4, 2)),
    ROWS,
    THREE,
)
add("norm by hand", three(lambda: L(6, 12)), ROWS, THREE)
ZOO["norm by hand"] = Case(
    lambda: Net(
        lambda s, x: s.c(
            (lambda h: h * torch.rsqrt(h.square().mean(-1, keepdim=True)))(triples(s.a(x)))
        ),
        a=L(6, 12),
        c=L(4, 2),
    ),
    (ROWS,),
    THREE,
)
add(
    "sum of three maps",
    lambda: Net(
        lambda s, h, y, z: s.o(triples(s.u(h) + s.v(y) + s.w(z))),
        u=L(6, 12),
        v=L(5, 12),
        w=L(3, 12),
        o=L(4, 2),
    ),
    (ROWS, numbers(5, 5), numbers(5, 3)),
    {"u+v+w": (3, 1, CONTIGUOUS), "o": PLAIN},
)
add(
    "readout of two layers",
    lambda: Net(
        lambda s, x: (lambda h: s.c(h) + s.d(triples(s.b(h))))(triples(s.a(x))),
        a=L(6, 12),
        b=L(4, 12),
        c=L(4, 2),
        d=L(4, 2),
    ),
    ROWS,
    {"a": (3, 1, CONTIGUOUS), "b": (3, 1, CONTIGUOUS), "c+d": PLAIN},
)


def deep(blocks: int, width: int = 16) -> nn.Module:
    def run(s: Any, x: Tensor) -> Tensor:
        for layer in s.a:
            x = layer(x).view(-1, width, 2).amax(-1)
        return s.c(x)

    return Net(run, a=nn.ModuleList(L(width, 2 * width) for _ in range(blocks)), c=L(width, 2))


def residual(blocks: int, linear: bool, width: int = 16, scale: float = 1.0) -> nn.Module:
    def run(s: Any, x: Tensor) -> Tensor:
        for k, layer in enumerate(s.a):
            h = layer(x).view(-1, width, 2).amax(-1)
            x = x + (scale * s.b[k](h) if linear else scale * h)
        return s.c(x)

    return Net(
        run, a=nn.ModuleList(L(width, 2 * width) for _ in range(blocks)),
        b=nn.ModuleList(L(width, width) for _ in range(blocks if linear else 0)), c=L(width, 2),
    )  # fmt: skip


_PAIRS = {f"a.{k}": (2, 1, CONTIGUOUS) for k in range(8)} | {"c": PLAIN}
add("eight layers", lambda: deep(8), numbers(8, 16), _PAIRS)
add(
    "residual, linear ends",
    lambda: residual(8, True),
    numbers(8, 16),
    _PAIRS | {f"b.{k}": PLAIN for k in range(8)},
)
add("residual, maximum ends", lambda: residual(8, False), numbers(8, 16), _PAIRS)
