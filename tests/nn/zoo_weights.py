"""Separate layers, raw parameters, weights that are computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .zoo_case import CONTIGUOUS, PLAIN, ROWS, SEPARATE, STRIDED, L, Net, add, numbers
from .zoo_rows import triples

# Separate layers, raw parameters, effective weights.

_APART = {"a.0+a.1+a.2": (3, 1, SEPARATE), "c": PLAIN}


def _running(s: Any, x: Tensor) -> Tensor:
    h = s.a[0](x)
    for layer in s.a[1:]:
        h = torch.max(h, layer(x))
    return s.c(h)


def _apart(run: Callable[..., Any]) -> Callable[[], nn.Module]:
    return lambda: Net(run, a=nn.ModuleList(L(6, 4) for _ in range(3)), c=L(4, 2))


add(
    "stack of layers",
    _apart(lambda s, x: s.c(torch.stack([y(x) for y in s.a]).max(0)[0])),
    ROWS,
    _APART,
)
add("running maximum of layers", _apart(_running), ROWS, _APART)
add(
    "layers of two units",
    lambda: Net(
        lambda s, x: s.c(torch.stack([y(x) for y in s.a], -1).amax(-1)),
        a=nn.ModuleList(L(6, 2) for _ in range(5)),
        c=L(2, 2),
    ),
    ROWS,
    {"a.0+...+a.4": (5, 1, SEPARATE), "c": PLAIN},
)
add(
    "einsum",
    lambda: Net(
        lambda s, x: s.c(torch.einsum("bi,iok->bok", x, s.w).amax(-1)),
        w=nn.Parameter(numbers(6, 4, 3)),
        c=L(4, 2),
    ),
    ROWS,
    {"w": (3, 1, CONTIGUOUS), "c": PLAIN},
)
add(
    "matmul of pieces",
    lambda: Net(
        lambda s, x: s.c(torch.matmul(x, s.w).amax(0)), w=nn.Parameter(numbers(3, 6, 4)), c=L(4, 2)
    ),
    ROWS,
    {"w": (3, 1, STRIDED), "c": PLAIN},
)
add(
    "matmul and bias",
    lambda: Net(
        lambda s, x: s.c(triples(x @ s.w + s.b)),
        w=nn.Parameter(numbers(6, 12)),
        b=nn.Parameter(numbers(12)),
        c=L(4, 2),
    ),
    ROWS,
    {"w": (3, 1, CONTIGUOUS), "c": PLAIN},
)
add(
    "borrowed weight",
    lambda: Net(
        lambda s, x: F.linear(triples(F.linear(x, s.a.weight)), s.e.weight[:, :4]),
        a=L(6, 12),
        e=L(6, 2),
    ),
    ROWS,
    {"a": (3, 1, CONTIGUOUS), "e": PLAIN},
)
THREE = {"a": (3, 1, CONTIGUOUS), "c": PLAIN}


def three(first: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    return lambda: Net(lambda s, x: s.c(triples(s.a(x))), a=first(), c=L(4, 2))


NORMALIZED = {
    "weight norm": lambda: nn.utils.parametrizations.weight_norm(L(6, 12)),
    "spectral norm": lambda: nn.utils.parametrizations.spectral_norm(L(6, 12)),
}
for _name, _make in NORMALIZED.items():
    add(_name, three(_make), ROWS, THREE)


def _lazy() -> nn.Module:
    model = three(lambda: nn.LazyLinear(12))()
    model(ROWS)
    return model


add("lazy, run before", _lazy, ROWS, THREE)
