"""Exact, certified and sampled theory of maxout networks.

The public names are loaded on first use, so that ``import maxout`` costs nothing.
"""

from importlib import import_module
from typing import Any

from maxout.theory import providers

__version__ = "0.1.0"

# name -> module that defines it
_PUBLIC: dict[str, str] = {
    "Block": "maxout.theory.block",
    "CATALOGUE": "maxout.theory.catalogue",
    "ConvNetwork": "maxout.theory.conv_network",
    "Enclosure": "maxout.numerics.balls.enclosure",
    "Network": "maxout.theory.network",
    "Statement": "maxout.theory.statement",
    "constant": "maxout.numerics.order.order_moments",
    "moment": "maxout.numerics.order.order_moments",
    "moments": "maxout.numerics.order.float_moments",
    "predict": "maxout.numerics.predict",
}

__all__ = ["__version__", *_PUBLIC]


def _evalf_rule(kind: type) -> Any:
    return import_module("maxout.numerics.routes").evalf_of(kind)


providers.provide(_evalf_rule)


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'maxout' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
