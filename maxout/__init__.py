"""Exact, certified and sampled theory of maxout networks.

The public names are loaded on first use, so that ``import maxout`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from maxout.theory import providers

__version__ = "0.1.0"

if TYPE_CHECKING:  # what the names below stand for, told to a type checker and an editor
    from maxout import lab as lab
    from maxout import nn as nn
    from maxout import numerics as numerics
    from maxout import theory as theory
    from maxout import verify as verify
    from maxout.numerics.balls.enclosure import Enclosure as Enclosure
    from maxout.numerics.order.float_moments import moments as moments
    from maxout.numerics.order.order_moments import constant as constant
    from maxout.numerics.order.order_moments import moment as moment
    from maxout.numerics.predict import Prediction as Prediction
    from maxout.numerics.predict import predict as predict
    from maxout.theory.block import Block as Block
    from maxout.theory.catalogue import CATALOGUE as CATALOGUE
    from maxout.theory.network import Network as Network
    from maxout.theory.statement import Statement as Statement

# name -> module that defines it
_PUBLIC: dict[str, str] = {
    "Block": "maxout.theory.block",
    "CATALOGUE": "maxout.theory.catalogue",
    "ConvNetwork": "maxout.theory.conv_network",
    "Enclosure": "maxout.numerics.balls.enclosure",
    "Network": "maxout.theory.network",
    "Prediction": "maxout.numerics.predict",
    "Statement": "maxout.theory.statement",
    "constant": "maxout.numerics.order.order_moments",
    "moment": "maxout.numerics.order.order_moments",
    "moments": "maxout.numerics.order.float_moments",
    "predict": "maxout.numerics.predict",
}
_PARTS = ("lab", "nn", "numerics", "theory", "verify")

__all__ = ["__version__", *_PUBLIC]


def _evalf_rule(kind: type) -> Any:
    return import_module("maxout.numerics.routes").evalf_of(kind)


providers.provide(_evalf_rule)


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    if name in _PARTS:
        return import_module(f"maxout.{name}")
    raise AttributeError(f"module 'maxout' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted((*__all__, *_PARTS))
