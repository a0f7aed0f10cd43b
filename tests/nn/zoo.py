"""Small models with what is true of them: of each layer its rank, window and layout.

Each is what somebody writes: a maximum in any of its forms, pooling, norms, skips, loops, heads,
containers, number formats. ``REFUSED`` are those that nobody can read, with what is said of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from . import zoo_graphs, zoo_images, zoo_loops
from .zoo_case import ROWS, ZOO, numbers
from .zoo_forms import head, simple
from .zoo_rows import triples
from .zoo_weights import three

# Each of these adds its cases to ZOO.
__all__ = ["REFUSED", "ZOO", "zoo_graphs", "zoo_images", "zoo_loops"]

REFUSED: dict[str, tuple[Callable[[], nn.Module], tuple[Any, ...], str]] = {
    "lazy": (three(lambda: nn.LazyLinear(12)), (ROWS,), "parameter a.weight: run the model once"),
    "NumPy inside": (
        simple(lambda s, x: s.c(torch.from_numpy(triples(s.a(x)).numpy() + 0.0))),
        (ROWS,), "outputs do not depend on the example as far as PyTorch sees",
    ),
    "not a number": (simple(head), (ROWS * math.nan,), "NaN or infinite"),
    "sparse": (
        simple(lambda s, x: s.c(triples(s.a(x)).to_sparse().to_dense())), (ROWS,), "sparse",
    ),
    "wrong shape": (simple(head), (numbers(5, 7),), "does not run on the example"),
}  # fmt: skip
