"""Loops, several inputs and heads, and what stands beside maxout layers."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .zoo_case import CONTIGUOUS, PLAIN, ROWS, L, Net, add, numbers
from .zoo_rows import triples
from .zoo_weights import THREE


def _loop(s: Any, x: Tensor) -> Tensor:
    h = torch.zeros(x.shape[0], 4)
    for _ in range(6):
        h = triples(s.a(torch.cat([x, h], 1)))
    return s.c(h)


add("loop", lambda: Net(_loop, a=L(10, 12), c=L(4, 2)), ROWS, THREE)
add(
    "siamese",
    lambda: Net(
        lambda s, x, y: s.c(torch.cat([triples(s.a(z)) for z in (x, y)], 1)), a=L(6, 12), c=L(8, 2)
    ),
    (ROWS, numbers(5, 6)),
    THREE,
)
add(
    "two heads",
    lambda: Net(
        lambda s, x: (lambda h: (s.c(h), s.d(h)))(triples(s.a(x))), a=L(6, 12), c=L(4, 2), d=L(4, 3)
    ),
    ROWS,
    THREE | {"d": PLAIN},
)
add(
    "concatenation",
    lambda: Net(
        lambda s, x: s.c(torch.cat([triples(s.a(x)), triples(s.b(x)), x], 1)),
        a=L(6, 12),
        b=L(6, 12),
        c=L(14, 2),
    ),
    ROWS,
    THREE | {"b": (3, 1, CONTIGUOUS)},
)
add(
    "bottleneck",
    lambda: Net(
        lambda s, x: s.c(triples(s.b(s.v(triples(s.a(x)))))),
        a=L(6, 12),
        v=L(4, 3),
        b=L(3, 12),
        c=L(4, 2),
    ),
    ROWS,
    THREE | {"v": PLAIN, "b": (3, 1, CONTIGUOUS)},
)
add(
    "window encoder",
    lambda: Net(
        lambda s, x: s.c(
            x
            + s.n(
                triples(
                    s.a(
                        torch.cat(
                            [F.pad(x, (0, 0, 1, 0))[:, :-1], x, F.pad(x, (0, 0, 0, 1))[:, 1:]], -1
                        )
                    )
                ).view(2, 7, 4)
            )
        ),
        a=L(12, 12),
        n=nn.LayerNorm(4),
        c=L(4, 2),
    ),
    numbers(2, 7, 4),
    THREE,
)
add(
    "embedding in front",
    lambda: Net(
        lambda s, x: s.c(triples(s.a(s.e(x)))), e=nn.Embedding(9, 6), a=L(6, 12), c=L(4, 2)
    ),
    torch.arange(5),
    THREE,
)
add(
    "GRU in front",
    lambda: Net(lambda s, x: s.c(triples(s.a(s.g(x)[0]))), g=nn.GRU(6, 5), a=L(5, 12), c=L(4, 2)),
    numbers(7, 2, 6),
    THREE,
)
add(
    "LSTM in front",
    lambda: Net(lambda s, x: s.c(triples(s.a(s.g(x)[0]))), g=nn.LSTM(6, 5), a=L(5, 12), c=L(4, 2)),
    numbers(7, 2, 6),
    THREE,
)
add(
    "attention beside",
    lambda: Net(
        lambda s, x: s.c(x + s.t(x, x, x)[0] + s.b(triples(s.a(x)).view(2, 7, 4))),
        t=nn.MultiheadAttention(6, 2, batch_first=True),
        a=L(6, 12),
        b=L(4, 6),
        c=L(6, 2),
    ),
    numbers(2, 7, 6),
    THREE | {"b": PLAIN},
)
add(
    "attention by hand",
    lambda: Net(
        lambda s, x: s.c(torch.softmax(s.q(x) @ s.k(x).mT, -1) @ triples(s.a(x)).view(2, 7, 4)),
        q=L(6, 4),
        k=L(6, 4),
        a=L(6, 12),
        c=L(4, 2),
    ),
    numbers(2, 7, 6),
    THREE | {"q": PLAIN, "k": PLAIN},
)
add(
    "Fourier behind",
    lambda: Net(
        lambda s, x: s.c(torch.fft.irfft(torch.fft.rfft(triples(s.a(x))), n=4)),
        a=L(6, 12),
        c=L(4, 2),
    ),
    ROWS,
    THREE,
)
add(
    "read in the middle",
    lambda: Net(
        lambda s, x: (lambda a, b: s.c(F.relu(b - a) + a) + s.d(b - a))(*s.a(x).chunk(2, -1)),
        a=L(6, 12),
        c=L(6, 2),
        d=L(6, 2),
    ),
    ROWS,
    {"c+d": PLAIN},
)
