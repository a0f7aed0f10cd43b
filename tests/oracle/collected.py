"""All oracles: importing this enters those of every subject."""

from . import activation, curves, gradients, jacobian, kernels, order, regions, typical
from .registry import ORACLES, At, Oracle, noticed

__all__ = [
    "ORACLES",
    "At",
    "Oracle",
    "activation",
    "curves",
    "gradients",
    "jacobian",
    "kernels",
    "noticed",
    "order",
    "regions",
    "typical",
]
