"""Convolutions and pooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .zoo_case import CONTIGUOUS, IMAGES, PLAIN, STRIDED, L, Net, add, conv, numbers
from .zoo_rows import triples

# Images.


def halves(y: Tensor) -> Tensor:
    return torch.max(*y.split(y.shape[1] // 2, 1))


def _pooled(
    name: str, pool: Callable[[Tensor], Tensor], inputs: int, window: int, images: Tensor = IMAGES,
    first: Callable[[], nn.Module] = lambda: conv(3, 8), layout: str = STRIDED,
) -> None:  # fmt: skip
    add(
        name,
        lambda: Net(lambda s, x: s.c(pool(s.a(x)).flatten(1)), a=first(), c=L(inputs, 2)),
        images,
        {"a": (2, window, layout), "c": PLAIN},
    )


_pooled("halves of channels", halves, 256, 1)
_pooled("halves, pooled", lambda y: F.max_pool2d(halves(y), 2), 64, 4)
_pooled("pooled, halves", lambda y: halves(F.max_pool2d(y, 2)), 64, 4)
_pooled("two pools", lambda y: F.max_pool2d(F.max_pool2d(halves(y), 2), (1, 2)), 32, 8)
_pooled("overlapping pool", lambda y: F.max_pool2d(halves(y), 3, 2, 1), 64, 9)
_pooled("adaptive pool", lambda y: F.adaptive_max_pool2d(halves(y), 4), 64, 4)
_pooled("uneven adaptive pool", lambda y: F.adaptive_max_pool2d(halves(y), 3), 36, 16)
_pooled("pool over all", lambda y: halves(y).amax((2, 3)), 4, 64)
_pooled("pool with indices", lambda y: F.max_pool2d(halves(y), 2, return_indices=True)[0], 64, 4)
_pooled(
    "MaxPool3d over both",
    lambda y: F.max_pool3d(y.unsqueeze(1), 2).squeeze(1),
    64,
    4,
    layout=CONTIGUOUS,
)
_pooled(
    "MaxPool3d over channels",
    lambda y: F.max_pool3d(y.unsqueeze(1), (2, 1, 1)).squeeze(1),
    256,
    1,
    layout=CONTIGUOUS,
)
_pooled(
    "channels last",
    lambda y: F.max_pool2d(halves(y), 2),
    64,
    4,
    IMAGES.to(memory_format=torch.channels_last),
    lambda: conv(3, 8).to(memory_format=torch.channels_last),
)
_pooled(
    "transposed", halves, 256, 1, numbers(2, 3, 4, 4), lambda: nn.ConvTranspose2d(3, 8, 2, stride=2)
)
_pooled(
    "grouped",
    lambda y: y.unflatten(1, (4, 2)).amax(2),
    256,
    1,
    numbers(2, 4, 8, 8),
    lambda: conv(4, 8, groups=4),
    CONTIGUOUS,
)
_pooled("dilated", halves, 64, 1, IMAGES, lambda: nn.Conv2d(3, 8, 3, dilation=2))
_pooled(
    "one dimension",
    lambda y: F.max_pool1d(halves(y), 2),
    16,
    2,
    numbers(3, 2, 8),
    lambda: nn.Conv1d(2, 8, 3, padding=1),
)
_pooled("three dimensions", halves, 32, 1, numbers(1, 2, 4, 4, 4), lambda: nn.Conv3d(2, 8, 3))
_pooled("dropout between", lambda y: F.max_pool2d(F.dropout2d(halves(y), 0.3, False), 2), 64, 4)
_pooled(
    "batch norm before", lambda y: halves(F.batch_norm(y, torch.zeros(8), torch.ones(8))), 256, 1
)
add(
    "points at once",
    lambda: Net(lambda s, x: s.c(s.a(x).amax(1)), a=L(3, 4), c=L(4, 2)),
    numbers(2, 7, 3),
    {"a": (1, 7, ""), "c": PLAIN},
)
add(
    "points",
    lambda: Net(lambda s, x: s.c(triples(s.a(x)).view(2, 7, 4).amax(1)), a=L(3, 12), c=L(4, 2)),
    numbers(2, 7, 3),
    {"a": (3, 7, CONTIGUOUS), "c": PLAIN},
)
add(
    "average pool",
    lambda: Net(
        lambda s, x: s.c(F.avg_pool2d(halves(s.a(x)), 2).flatten(1)), a=conv(3, 8), c=L(64, 2)
    ),
    IMAGES,
    {"a": (2, 1, STRIDED), "c": PLAIN},
)
add(
    "max and average pool",
    lambda: Net(
        lambda s, x: s.c(
            torch.cat([p(halves(s.a(x)), 2) for p in (F.max_pool2d, F.avg_pool2d)], 1).flatten(1)
        ),
        a=conv(3, 8),
        c=L(128, 2),
    ),
    IMAGES,
    {"a": (2, 4, STRIDED), "c": PLAIN},
)


def _light(s: Any, x: Tensor) -> Tensor:
    h = F.max_pool2d(halves(s.a(x)), 2)
    h = h + halves(s.r2(halves(s.r1(h))))
    return s.c(F.max_pool2d(halves(s.b(h)), 2).flatten(1))


add(
    "LightCNN",
    lambda: Net(_light, a=conv(3, 8), r1=conv(4, 8), r2=conv(4, 8), b=conv(4, 12), c=L(24, 2)),
    IMAGES,
    {
        "a": (2, 4, STRIDED),
        "r1": (2, 1, STRIDED),
        "r2": (2, 1, STRIDED),
        "b": (2, 4, STRIDED),
        "c": PLAIN,
    },
)
