"""The midpoint rule on a finite interval with a proved error.

Let f be analytic on a neighbourhood of [A, B] x [-a, a] and real on the axis, and let the nodes be
A + (j + 1/2) h, j = 0..count-1, with count h = B - A. Then the contour integral of f against
E/(1+E), E = exp(2 pi i (z - A)/h), gives (docs/constants.md, "The strip lemma")

    |h sum f(nodes) - integral of f| <= 2 line/(e^{2 pi a/h} - 1) + 2 edges,

line = integral of |f(x+ia)| over [A, B], edges = integral over 0 < y < a of
(|f(A+iy)| + |f(B+iy)|) e^{-2 pi y/h}.
"""

from __future__ import annotations

from collections.abc import Callable

from flint import arb

from maxout.numerics.balls.precision import working_precision

BOUND_BITS = 64  # error bounds need few correct digits, only to be rounded outwards
_EDGE_CELLS = 12

Majorant = Callable[[arb, arb], arb]
"""(x, y) -> upper bound of |f| on the box x + i y, both balls."""


def rule_error(line: arb, edges: arb, height: arb, step: arb) -> arb:
    """The bound above, from upper bounds of its two integrals."""
    return 2 * line / (2 * arb.pi() * height / step).expm1() + 2 * edges


def line_integral(majorant: Majorant, left: arb, right: arb, height: arb, cells: int) -> arb:
    """Upper bound of the integral of |f(x + i height)| over [left, right], cell by cell."""
    with working_precision(BOUND_BITS):
        width = (right - left) / cells
        ends = [left + i * width for i in range(cells + 1)]
        bounds = (majorant(a.union(b), height) for a, b in zip(ends, ends[1:], strict=False))
        return width * sum(bounds, arb(0))


def edge_integral(majorant: Majorant, at: arb, height: arb, step: arb) -> arb:
    """Upper bound of the integral of |f(at + iy)| e^{-2 pi y/step} over 0 < y < height."""
    with working_precision(BOUND_BITS):
        rate = 2 * arb.pi() / step
        ends = [height * i / _EDGE_CELLS for i in range(_EDGE_CELLS + 1)]
        total = arb(0)
        for low, high in zip(ends, ends[1:], strict=False):
            decay = ((-rate * low).exp() - (-rate * high).exp()) / rate
            total += majorant(at, low.union(high)) * decay
        return total
