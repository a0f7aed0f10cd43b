"""Values of what the theory states: closed forms in balls, quadrature, float64.

The public names are loaded on first use, so that ``import maxout.numerics`` costs nothing.
"""

from importlib import import_module
from typing import Any

# name -> module that defines it
_PUBLIC: dict[str, str] = {
    "Enclosure": "maxout.numerics.enclosure",
    "PrecisionError": "maxout.numerics.precision",
    "constant": "maxout.numerics.moments",
    "enclose": "maxout.numerics.balls",
    "moment": "maxout.numerics.moments",
    "table": "maxout.numerics.moments",
}

__all__ = list(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)
