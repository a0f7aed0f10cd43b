"""Maxima over the rows of one layer, in their writings."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from .zoo_case import CONTIGUOUS, PERMUTED, PLAIN, ROWS, STRIDED, L, Net, add

# One layer of twelve rows and an output: the maximum in its writings.


def triples(y: Tensor) -> Tensor:
    return y.view(-1, 4, 3).amax(-1)


def _filled(y: Tensor) -> Tensor:
    z = torch.full((y.shape[0], 4), -math.inf)
    for k in range(3):
        z[:] = torch.maximum(z, y[:, k::3])
    return z


def _into(y: Tensor) -> Tensor:
    z = torch.empty(y.shape[0], 4)
    torch.amax(y.view(-1, 4, 3), -1, out=z)
    return z


def _gathered(y: Tensor) -> Tensor:
    z = y.view(-1, 4, 3)
    return z.gather(-1, z.argmax(-1, keepdim=True)).squeeze(-1)


def _kept(y: Tensor) -> Tensor:
    y.clamp_(min=-1e6)
    return triples(y)


_ORDER = torch.tensor([7, 2, 11, 0, 5, 9, 1, 4, 10, 3, 6, 8])
OF_THREE: dict[str, tuple[Callable[[Tensor], Tensor], str]] = {
    "view, amax": (triples, CONTIGUOUS),
    "view, max": (lambda y: y.view(-1, 3, 4).max(1)[0], STRIDED),
    "reshape, max values": (lambda y: y.reshape(-1, 4, 3).max(dim=2).values, CONTIGUOUS),
    "unflatten, keepdim": (
        lambda y: y.unflatten(1, (4, 3)).amax(-1, keepdim=True).squeeze(-1), CONTIGUOUS,
    ),
    "batch folded in": (lambda y: y.view(-1, 3).amax(1).view(-1, 4), CONTIGUOUS),
    "permute, max": (lambda y: y.view(-1, 4, 3).permute(2, 0, 1).max(0).values, CONTIGUOUS),
    "stack of slices": (
        lambda y: torch.stack([y[:, k::3] for k in range(3)]).amax(0), CONTIGUOUS,
    ),
    "stack of chunks": (lambda y: torch.stack(y.chunk(3, -1), -1).max(-1)[0], STRIDED),
    "hsplit": (lambda y: torch.stack(torch.hsplit(y, 3)).amax(0), STRIDED),
    "topk": (lambda y: y.view(-1, 4, 3).topk(1, -1)[0].squeeze(-1), CONTIGUOUS),
    "sort": (lambda y: y.view(-1, 4, 3).sort(-1)[0][..., -1], CONTIGUOUS),
    "kthvalue": (lambda y: y.view(-1, 4, 3).kthvalue(3, -1).values, CONTIGUOUS),
    "aminmax": (lambda y: torch.aminmax(y.view(-1, 4, 3), dim=-1).max, CONTIGUOUS),
    "cummax": (lambda y: y.view(-1, 4, 3).cummax(-1)[0][..., -1], CONTIGUOUS),
    "gather of argmax": (_gathered, CONTIGUOUS),
    "unfold": (lambda y: y.unfold(1, 3, 3).amax(-1), CONTIGUOUS),
    "pairs of slices": (
        lambda y: torch.max(torch.max(y[:, 0::3], y[:, 1::3]), y[:, 2::3]), CONTIGUOUS,
    ),
    "max_pool1d": (lambda y: F.max_pool1d(y.unsqueeze(1), 3).squeeze(1), CONTIGUOUS),
    "adaptive_max_pool1d": (
        lambda y: F.adaptive_max_pool1d(y.unsqueeze(1), 4).squeeze(1), CONTIGUOUS,
    ),
    "written into": (_into, CONTIGUOUS),
    "buffer in place": (_filled, CONTIGUOUS),
    "clamped in place": (_kept, CONTIGUOUS),
    "minus min of minus": (lambda y: -((-y).view(-1, 4, 3).amin(-1)), CONTIGUOUS),
    "index": (lambda y: y[:, _ORDER].view(-1, 4, 3).amax(-1), PERMUTED),
    "vmap": (lambda y: torch.vmap(lambda r: r.view(4, 3).amax(-1))(y), CONTIGUOUS),
    "movedim": (lambda y: y.view(-1, 3, 4).movedim(1, -1).amax(-1), STRIDED),
    "flipped": (lambda y: y.flip(-1).view(-1, 4, 3).amax(-1), CONTIGUOUS),
    "doubled": (lambda y: torch.max(y.view(-1, 4, 3), y.view(-1, 4, 3)).amax(-1), CONTIGUOUS),
    "softmax behind": (lambda y: triples(y).softmax(-1), CONTIGUOUS),
    "gelu behind": (lambda y: F.gelu(triples(y)), CONTIGUOUS),
    "relu behind": (lambda y: F.relu(triples(y)), CONTIGUOUS),
}  # fmt: skip
for _name, (_way, _layout) in OF_THREE.items():
    add(
        _name,
        lambda way=_way: Net(lambda s, x: s.c(way(s.a(x))), a=L(6, 12), c=L(4, 2)),
        ROWS,
        {"a": (3, 1, _layout), "c": PLAIN},
    )


def _relu_pair(y: Tensor) -> Tensor:
    a, b = y.chunk(2, -1)
    return F.relu(b - a) + a


def _mean_pair(y: Tensor) -> Tensor:
    a, b = y[:, ::2], y[:, 1::2]
    return (a + b + (a - b).abs()) / 2


def _where(y: Tensor) -> Tensor:
    a, b = y.chunk(2, -1)
    return torch.where(a > b, a, b)


def _masked(y: Tensor) -> Tensor:
    a, b = y.chunk(2, -1)
    first = (a > b).to(y.dtype)
    return first * a + (1 - first) * b


def _clipped(y: Tensor) -> Tensor:
    a, b = y.chunk(2, -1)
    return a + (b - a).clamp(min=0)


OF_TWO: dict[str, tuple[Callable[[Tensor], Tensor], str]] = {
    "maximum of halves": (lambda y: torch.maximum(*y.chunk(2, -1)), STRIDED),
    "fmax": (lambda y: torch.fmax(*y.split(6, -1)), STRIDED),
    "relu(b-a)+a": (_relu_pair, STRIDED),
    "a+clamp(b-a)": (_clipped, STRIDED),
    "(a+b+|a-b|)/2": (_mean_pair, CONTIGUOUS),
    "where": (_where, STRIDED),
    "masks": (_masked, STRIDED),
    "tensor.maximum": (lambda y: y[:, :6].maximum(y[:, 6:]), STRIDED),
    "both ends": (
        lambda y: torch.cat([torch.maximum(*y.chunk(2, -1)), torch.minimum(*y.chunk(2, -1))], -1)[
            :, :6
        ],
        STRIDED,
    ),
}
for _name, (_way, _layout) in OF_TWO.items():
    add(
        _name,
        lambda way=_way: Net(lambda s, x: s.c(way(s.a(x))), a=L(6, 12), c=L(6, 2)),
        ROWS,
        {"a": (2, 1, _layout), "c": PLAIN},
    )
