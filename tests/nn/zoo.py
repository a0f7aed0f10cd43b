"""Small models with what is true of them: of each layer its rank, window and layout.

Each is what somebody writes: a maximum in any of its forms, pooling, norms, skips, loops, heads,
containers, number formats. ``REFUSED`` are those that nobody can read, with what is said of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

CONTIGUOUS, STRIDED, PERMUTED, SEPARATE = "contiguous", "strided", "permuted", "separate"
Way = tuple[int, int, str]
PLAIN: Way = (1, 1, "")


@dataclass(frozen=True)
class Case:
    """A model, an example, and its layers: name -> (rank, window, layout)."""

    build: Callable[[], nn.Module]
    args: tuple[Any, ...]
    layers: dict[str, Way]
    keywords: dict[str, Any] = field(default_factory=dict)


ZOO: dict[str, Case] = {}


class Net(nn.Module):
    """A forward pass and the modules or parameters that it uses by name."""

    def __init__(self, run: Callable[..., Any], **parts: Any) -> None:
        super().__init__()
        self.run = run
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *args: Any, **keywords: Any) -> Any:
        return self.run(self, *args, **keywords)


def numbers(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(len(shape) + sum(shape)))


def add(name: str, build: Callable[[], nn.Module], args: Any, layers: Any, **keywords: Any) -> None:
    ZOO[name] = Case(build, args if isinstance(args, tuple) else (args,), layers, keywords)


ROWS = numbers(5, 6)
IMAGES = numbers(2, 3, 8, 8)
L = nn.Linear


def conv(inputs: int, outputs: int, **more: Any) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1, **more)


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
_THREE = {"a": (3, 1, CONTIGUOUS), "c": PLAIN}


def _three(first: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    return lambda: Net(lambda s, x: s.c(triples(s.a(x))), a=first(), c=L(4, 2))


NORMALIZED = {
    "weight norm": lambda: nn.utils.parametrizations.weight_norm(L(6, 12)),
    "spectral norm": lambda: nn.utils.parametrizations.spectral_norm(L(6, 12)),
}
for _name, _make in NORMALIZED.items():
    add(_name, _three(_make), ROWS, _THREE)


def _lazy() -> nn.Module:
    model = _three(lambda: nn.LazyLinear(12))()
    model(ROWS)
    return model


add("lazy, run before", _lazy, ROWS, _THREE)

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
    _THREE,
)
add("norm by hand", _three(lambda: L(6, 12)), ROWS, _THREE)
ZOO["norm by hand"] = Case(
    lambda: Net(
        lambda s, x: s.c(
            (lambda h: h * torch.rsqrt(h.square().mean(-1, keepdim=True)))(triples(s.a(x)))
        ),
        a=L(6, 12),
        c=L(4, 2),
    ),
    (ROWS,),
    _THREE,
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


def _loop(s: Any, x: Tensor) -> Tensor:
    h = torch.zeros(x.shape[0], 4)
    for _ in range(6):
        h = triples(s.a(torch.cat([x, h], 1)))
    return s.c(h)


add("loop", lambda: Net(_loop, a=L(10, 12), c=L(4, 2)), ROWS, _THREE)
add(
    "siamese",
    lambda: Net(
        lambda s, x, y: s.c(torch.cat([triples(s.a(z)) for z in (x, y)], 1)), a=L(6, 12), c=L(8, 2)
    ),
    (ROWS, numbers(5, 6)),
    _THREE,
)
add(
    "two heads",
    lambda: Net(
        lambda s, x: (lambda h: (s.c(h), s.d(h)))(triples(s.a(x))), a=L(6, 12), c=L(4, 2), d=L(4, 3)
    ),
    ROWS,
    _THREE | {"d": PLAIN},
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
    _THREE | {"b": (3, 1, CONTIGUOUS)},
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
    _THREE | {"v": PLAIN, "b": (3, 1, CONTIGUOUS)},
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
    _THREE,
)
add(
    "embedding in front",
    lambda: Net(
        lambda s, x: s.c(triples(s.a(s.e(x)))), e=nn.Embedding(9, 6), a=L(6, 12), c=L(4, 2)
    ),
    torch.arange(5),
    _THREE,
)
add(
    "GRU in front",
    lambda: Net(lambda s, x: s.c(triples(s.a(s.g(x)[0]))), g=nn.GRU(6, 5), a=L(5, 12), c=L(4, 2)),
    numbers(7, 2, 6),
    _THREE,
)
add(
    "LSTM in front",
    lambda: Net(lambda s, x: s.c(triples(s.a(s.g(x)[0]))), g=nn.LSTM(6, 5), a=L(5, 12), c=L(4, 2)),
    numbers(7, 2, 6),
    _THREE,
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
    _THREE | {"b": PLAIN},
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
    _THREE | {"q": PLAIN, "k": PLAIN},
)
add(
    "Fourier behind",
    lambda: Net(
        lambda s, x: s.c(torch.fft.irfft(torch.fft.rfft(triples(s.a(x))), n=4)),
        a=L(6, 12),
        c=L(4, 2),
    ),
    ROWS,
    _THREE,
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

# Inputs, outputs, containers, number formats.


@dataclass
class Scores:
    logits: Tensor
    hidden: Tensor | None


def _simple(run: Callable[..., Any]) -> Callable[[], nn.Module]:
    return lambda: Net(run, a=L(6, 12), c=L(4, 2))


def _head(s: Any, x: Tensor) -> Tensor:
    return s.c(triples(s.a(x)))


add("dataclass output", _simple(lambda s, x: Scores(_head(s, x), None)), ROWS, _THREE)
add("dictionary output", _simple(lambda s, x: {"y": _head(s, x)}), ROWS, _THREE)
add("dictionary input", _simple(lambda s, b: _head(s, b["x"])), ({"x": ROWS},), _THREE)
add("keyword", _simple(lambda s, *, x: _head(s, x)), (), _THREE, x=ROWS)
add("list of inputs", _simple(lambda s, xs: _head(s, xs[0] + xs[1])), ([ROWS, ROWS],), _THREE)
add(
    "checkpoint",
    _simple(lambda s, x: s.c(checkpoint(lambda z: triples(s.a(z)), x, use_reentrant=False))),
    ROWS,
    _THREE,
)
add(
    "branch on a number",
    _simple(
        lambda s, x: s.c((lambda y: triples(y) if y.mean().item() < 100 else y[:, :4])(s.a(x)))
    ),
    ROWS,
    _THREE,
)
add(
    "compiled",
    lambda: torch.compile(_simple(_head)(), backend="eager"),
    ROWS,
    {f"_orig_mod.{k}": v for k, v in _THREE.items()},
)
add(
    "DataParallel",
    lambda: nn.DataParallel(_simple(_head)()),
    ROWS,
    {f"module.{k}": v for k, v in _THREE.items()},
)
add(
    "sequential",
    lambda: nn.Sequential(
        L(6, 12), nn.Unflatten(1, (1, 12)), nn.MaxPool1d(3), nn.Flatten(), L(4, 2)
    ),
    ROWS,
    {"0": (3, 1, CONTIGUOUS), "4": PLAIN},
)
add("half", lambda: _simple(_head)().half(), ROWS.half(), _THREE)
add("bfloat16", lambda: _simple(_head)().bfloat16(), ROWS.bfloat16(), _THREE)
add("double", lambda: _simple(_head)().double(), ROWS.double(), _THREE)


def _autocast(s: Any, x: Tensor) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        return _head(s, x)


add("autocast", _simple(_autocast), ROWS, _THREE)
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
    _THREE | {"b": (3, 1, CONTIGUOUS)},
)

REFUSED: dict[str, tuple[Callable[[], nn.Module], tuple[Any, ...], str]] = {
    "lazy": (_three(lambda: nn.LazyLinear(12)), (ROWS,), "parameter a.weight: run the model once"),
    "NumPy inside": (
        _simple(lambda s, x: s.c(torch.from_numpy(triples(s.a(x)).numpy() + 0.0))),
        (ROWS,), "outputs do not depend on the example as far as PyTorch sees",
    ),
    "not a number": (_simple(_head), (ROWS * math.nan,), "NaN or infinite"),
    "sparse": (
        _simple(lambda s, x: s.c(triples(s.a(x)).to_sparse().to_dense())), (ROWS,), "sparse",
    ),
    "wrong shape": (_simple(_head), (numbers(5, 7),), "does not run on the example"),
}  # fmt: skip
