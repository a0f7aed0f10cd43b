"""What a case of the zoo is, and what the cases are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

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
