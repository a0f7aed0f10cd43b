"""Values of what the theory states: closed forms in balls, quadrature, float64.

The public names are loaded on first use, so that ``import maxout.numerics`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what the names below stand for, told to a type checker and an editor
    from maxout.numerics.balls.enclosure import Enclosure as Enclosure
    from maxout.numerics.balls.evaluator import enclose as enclose
    from maxout.numerics.balls.precision import PrecisionError as PrecisionError
    from maxout.numerics.order.order_moments import constant as constant
    from maxout.numerics.order.order_moments import moment as moment
    from maxout.numerics.order.order_moments import table as table

# name -> module that defines it
_PUBLIC: dict[str, str] = {
    "Enclosure": "maxout.numerics.balls.enclosure",
    "PrecisionError": "maxout.numerics.balls.precision",
    "constant": "maxout.numerics.order.order_moments",
    "enclose": "maxout.numerics.balls.evaluator",
    "moment": "maxout.numerics.order.order_moments",
    "table": "maxout.numerics.order.order_moments",
}

__all__ = list(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)
