"""Expected regions of layers in the whole space, inside expressions: proved balls."""

from __future__ import annotations

from typing import Any

import sympy as sp
from flint import arb, arb_poly

from maxout.numerics.routes import encloses
from maxout.theory.errors import OutOfReachError
from maxout.theory.regions.layer_counts import (
    AffineLayerRegions,
    Bottleneck,
    LinearLayerRegions,
    face_coefficient,
)

MAX_DIMENSION = 1000
"""Of inputs; powers of polynomials of this degree are multiplied."""
MAX_RANK = 64
"""Orthant probabilities of so many normals and below are enclosed in the coefficients."""


@encloses(Bottleneck)
def bottleneck(evaluator: Any, expr: sp.Expr) -> arb:
    """min(n_0, ..., n_{l-1})."""
    at = evaluator.integer(expr.args[0])
    return arb(min(int(width) for width in evaluator.entries(expr.args[1])[:at]))


@encloses(AffineLayerRegions, LinearLayerRegions)
def layer_regions(evaluator: Any, expr: sp.Expr) -> arb:
    """Sums of coefficients of A_K(y)^n; all are positive, so that none cancels.

    Raises:
      OutOfReachError: for a rank or dimension beyond those of the method.
    """
    rank, units, dimension = (evaluator.integer(argument) for argument in expr.args)
    if rank > MAX_RANK or dimension > MAX_DIMENSION:
        raise OutOfReachError(
            f"regions of the whole space are counted up to rank {MAX_RANK} and "
            f"{MAX_DIMENSION:,} inputs; got {rank:,} and {dimension:,}"
        )
    if units * (rank - 1) < dimension:
        return arb(rank) ** units  # every pattern of winners is seen
    faces = range(min(rank, dimension + 1))
    polynomial = arb_poly([evaluator(face_coefficient(sp.Integer(rank), g)) for g in faces])
    power = _power(polynomial, units, dimension + 1)
    return expr.factor * sum((power[j] for j in expr.degrees(dimension)), arb(0))


def _power(base: arb_poly, exponent: int, terms: int) -> arb_poly:
    """base^exponent up to degree terms - 1, by repeated squaring."""
    result = arb_poly([1])
    while exponent:
        if exponent & 1:
            result = _cut(result * base, terms)
        exponent >>= 1
        if exponent:
            base = _cut(base * base, terms)
    return result


def _cut(polynomial: arb_poly, terms: int) -> arb_poly:
    return arb_poly(polynomial.coeffs()[:terms])
