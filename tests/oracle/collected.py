"""All oracles: importing this enters those of every subject."""

from . import (
    activation,
    bounds,
    curves,
    gradients,
    jacobian,
    kernels,
    laws,
    order,
    regions,
    typical,
)
from .registry import ORACLES, At, Oracle, noticed

__all__ = [
    "ORACLES",
    "At",
    "Oracle",
    "activation",
    "bounds",
    "curves",
    "gradients",
    "jacobian",
    "kernels",
    "laws",
    "noticed",
    "order",
    "regions",
    "typical",
]
