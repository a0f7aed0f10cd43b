"""Integrals of elementary functions at any precision, by mpmath's quadrature."""

from __future__ import annotations

from typing import Any

import sympy as sp
from mpmath import mp

from maxout.numerics.routes import evaluates
from maxout.theory.order.moment_derivation import DefiniteIntegral
from maxout.theory.precision_lock import workprec


@evaluates(DefiniteIntegral)
def quadrature(expr: sp.Integral, prec: int) -> Any:
    """The integral over one range."""
    ((symbol, low, high),) = expr.limits
    integrand = sp.lambdify(symbol, expr.function, "mpmath")
    with workprec(prec + 20):
        ends = [mp.mpf(sp.N(end, mp.dps + 5)._mpf_) if end else 0 for end in (low, high)]
        return mp.quad(integrand, ends)
