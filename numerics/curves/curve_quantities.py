"""Curves through a network: everything that is computed of them, under one name."""

from maxout.numerics.curves.curve_breakpoints import Breakpoints, expected_breakpoints
from maxout.numerics.curves.curve_length import LengthBounds, length_bounds, mean_square
from maxout.numerics.curves.polyline import Curve, curve_length, polyline, swept_angle

__all__ = [
    "Breakpoints",
    "Curve",
    "LengthBounds",
    "curve_length",
    "expected_breakpoints",
    "length_bounds",
    "mean_square",
    "polyline",
    "swept_angle",
]
